"use client";

import { Camera, ChevronDown, ChevronUp, ClipboardList, Command, FolderSync, Keyboard, LogOut, Maximize, Minimize, Scaling, Settings2, Unplug, VolumeX } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState, useSyncExternalStore, type ReactNode } from "react";
import type { LinkState } from "@/app/_components/console/use-console-link";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { cn } from "@/app/_components/ui/cn";
import { Menu, MenuContent, MenuItem, MenuLabel, MenuSeparator, MenuTrigger } from "@/app/_components/ui/menu";
import { useFormats } from "@/app/_i18n/use-formats";
import { COMBINATIONS, JAPANESE, NAMED, type RemoteKey } from "./keys";
import { QUALITIES, SIZES, type Level, type Opening, type Quality, type Size } from "./types";
import type { Measured } from "./use-link-meter";

interface ToolbarProps {
  readonly name: string;
  readonly state: LinkState;
  readonly connected: boolean;
  readonly allows: Opening["allows"];
  readonly isRecorded: boolean;
  readonly size: Size;
  readonly onSize: (size: Size) => void;
  readonly quality: Quality;
  readonly onQuality: (quality: Quality) => void;
  readonly level: Level;
  readonly measured: Measured;
  readonly onKeys: (keys: readonly RemoteKey[]) => void;
  readonly typing: boolean;
  readonly onTyping: (typing: boolean) => void;
  readonly onClipboard: () => void;
  readonly onFiles: () => void;
  readonly onScreenshot: () => void;
  readonly onDisconnect: () => void;
  readonly onLogOff: () => void;
}

const subscribe = (listener: () => void): (() => void) => {
  document.addEventListener("fullscreenchange", listener);
  return () => document.removeEventListener("fullscreenchange", listener);
};
const isFull = (): boolean => document.fullscreenElement !== null;

/** Everything that can be done to a desktop from outside of it, on one line that can be folded away. */
export function Toolbar(props: ToolbarProps) {
  const t = useTranslations("desktops.session");
  const desktops = useTranslations("desktops");
  const [hidden, setHidden] = useState(false);
  const full = useSyncExternalStore(subscribe, isFull, () => false);
  if (hidden) {
    return (
      <Button variant="secondary" size="iconSm" aria-label={t("showBar")} className="absolute top-0 left-1/2 z-10 h-5 w-12 -translate-x-1/2 rounded-t-none opacity-70" onClick={() => setHidden(false)}>
        <ChevronDown aria-hidden />
      </Button>
    );
  }
  const { connected } = props;
  // The whole document, because menus and dialogs stand beside the screen and not in it.
  const toggleFull = (): void => void (full ? document.exitFullscreen() : document.documentElement.requestFullscreen()).catch(() => undefined);
  return (
    <div role="toolbar" aria-label={t("tools")} className="flex shrink-0 items-center gap-1 overflow-x-auto border-b bg-surface px-2 py-1">
      <span className="truncate px-1 font-medium">{props.name}</span>
      <Line {...props} />
      <span className="flex-1" />
      <SizeMenu {...props} />
      <PictureMenu {...props} />
      <KeysMenu {...props} />
      <Tool label={t("keyboard")} pressed={props.typing} disabled={!connected} onClick={() => props.onTyping(!props.typing)}><Keyboard aria-hidden /></Tool>
      <Tool label={t("clipboard")} disabled={!connected} onClick={props.onClipboard}><ClipboardList aria-hidden /></Tool>
      {props.allows.filesIn || props.allows.filesOut ? <Tool label={t("files")} disabled={!connected} onClick={props.onFiles}><FolderSync aria-hidden /></Tool> : null}
      <Tool label={t("screenshot")} disabled={!connected} onClick={props.onScreenshot}><Camera aria-hidden /></Tool>
      <Tool label={t(full ? "leaveFullscreen" : "fullscreen")} onClick={toggleFull}>{full ? <Minimize aria-hidden /> : <Maximize aria-hidden />}</Tool>
      <span aria-hidden className="mx-1 h-5 w-px shrink-0 bg-line" />
      <Button variant="ghost" size="sm" title={t("disconnectHint")} onClick={props.onDisconnect}>
        <Unplug aria-hidden />
        <span className="max-sm:sr-only">{t("disconnect")}</span>
      </Button>
      <Button variant="ghost" size="sm" onClick={props.onLogOff}>
        <LogOut aria-hidden />
        <span className="max-sm:sr-only">{desktops("logOff")}</span>
      </Button>
      <Tool label={t("hideBar")} onClick={() => setHidden(true)}><ChevronUp aria-hidden /></Tool>
    </div>
  );
}

interface ToolProps {
  readonly label: string;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

function Tool({ label, pressed, disabled, onClick, children }: ToolProps) {
  return (
    <Button variant="ghost" size="iconSm" aria-label={label} title={label} aria-pressed={pressed} disabled={disabled} className={cn(pressed && "bg-raised")} onClick={onClick}>
      {children}
    </Button>
  );
}

/** How the line is: connected or not, and how far away the screen is. */
function Line({ state, measured, isRecorded }: ToolbarProps) {
  const t = useTranslations("desktops.session");
  const common = useTranslations("console");
  const tone = state.kind === "connected" ? "good" : state.kind === "refused" ? "bad" : state.kind === "closed" ? "neutral" : "warn";
  const word = common(state.kind === "waiting" ? "reconnecting" : state.kind);
  return (
    <>
      {isRecorded ? <span title={t("recordedHint")} className="shrink-0"><Badge tone="warn" dot>{t("recorded")}</Badge><span className="sr-only">{t("recordedHint")}</span></span> : null}
      <Badge tone={tone} dot={state.kind === "connecting" || state.kind === "waiting" ? "moving" : true}>{word}</Badge>
      <span className="numeric px-1 text-xs whitespace-nowrap text-muted" title={t("latencyHint")}>
        {state.kind === "connected" && measured.roundTripMs !== null ? t("latency", { ms: Math.max(1, Math.round(measured.roundTripMs)) }) : t("latencyUnknown")}
      </span>
      <span title={t("noSound")} className="grid size-7 shrink-0 place-items-center text-muted">
        <VolumeX aria-hidden className="size-4" />
        <span className="sr-only">{t("noSound")}</span>
      </span>
    </>
  );
}

function SizeMenu({ size, onSize, allows }: ToolbarProps) {
  const t = useTranslations("desktops.session");
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="sm">
          <Scaling aria-hidden />
          <span className="max-md:sr-only">{t("size")}</span>
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        {SIZES.map((name) => (
          <MenuItem key={name} disabled={name === "remote" && !allows.remoteResize} aria-current={name === size} className={cn(name === size && "font-medium text-accent")} onSelect={() => onSize(name)}>
            {t(`sizes.${name}`)}
          </MenuItem>
        ))}
        {allows.remoteResize ? null : <MenuLabel className="max-w-56">{t("sizeForbidden")}</MenuLabel>}
      </MenuContent>
    </Menu>
  );
}

function PictureMenu({ quality, onQuality, level, measured }: ToolbarProps) {
  const t = useTranslations("desktops.session");
  const { bytesPerSecond } = useFormats();
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="sm">
          <Settings2 aria-hidden />
          <span className="max-md:sr-only">{t("quality")}</span>
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        {QUALITIES.map((name) => (
          <MenuItem key={name} aria-current={name === quality} className={cn(name === quality && "font-medium text-accent")} onSelect={() => onQuality(name)}>
            {t(`qualities.${name}`)}
          </MenuItem>
        ))}
        <MenuSeparator />
        <MenuLabel>
          {t("qualityNow", { quality: t(`qualities.${level}`) })}
          <br />
          {measured.bitsPerSecond === null ? t("bandwidthUnknown") : t("bandwidth", { rate: bytesPerSecond(measured.bitsPerSecond / 8) })}
        </MenuLabel>
        <MenuLabel className="max-w-56">{t("noSound")}</MenuLabel>
      </MenuContent>
    </Menu>
  );
}

function KeysMenu({ onKeys, connected }: ToolbarProps) {
  const t = useTranslations("desktops.session");
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="sm" disabled={!connected}>
          <Command aria-hidden />
          <span className="max-md:sr-only">{t("keys")}</span>
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        <MenuLabel className="max-w-56">{t("keysHint")}</MenuLabel>
        {Object.entries(COMBINATIONS).map(([name, keys]) => <MenuItem key={name} onSelect={() => onKeys(keys)}>{name}</MenuItem>)}
        {(["windows", "printScreen"] as const).map((name) => <MenuItem key={name} onSelect={() => onKeys(NAMED[name])}>{t(name)}</MenuItem>)}
        <MenuSeparator />
        <MenuLabel>{t("jis")}</MenuLabel>
        {(["hankaku", "henkan", "muhenkan", "kana"] as const).map((name) => <MenuItem key={name} onSelect={() => onKeys(JAPANESE[name])}>{t(name)}</MenuItem>)}
      </MenuContent>
    </Menu>
  );
}
