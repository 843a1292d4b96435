"use client";

import type RFB from "@novnc/novnc";
import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useCallback, useEffect, useRef, useState } from "react";
import { useConsoleLink } from "@/app/_components/console/use-console-link";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useTRPCClient } from "@/app/_trpc/client";
import { LogOffConfirm } from "../log-off-confirm";
import { ClipboardDialog } from "./clipboard-dialog";
import { FilesDialog } from "./files-dialog";
import type { RemoteKey } from "./keys";
import { LEVELS } from "./link-meter";
import { ScreenOverlay } from "./screen-overlay";
import { saveScreenshot } from "./screenshot";
import { Toolbar } from "./toolbar";
import { TouchKeyboard } from "./touch-keyboard";
import type { Opening, Quality, Size } from "./types";
import { useFeelReport } from "./use-feel-report";
import { useGuestClipboard } from "./use-guest-clipboard";
import { useTellEvent } from "./use-tell-event";
import { useLinkMeter } from "./use-link-meter";

/** The desktop itself, over the whole window, with its tools above it. */
export function DesktopScreen({ opening }: { readonly opening: Opening }) {
  const t = useTranslations("desktops.session");
  const { slug: organization } = useOrganization();
  const client = useTRPCClient();
  const router = useRouter();
  const { sessionId, allows } = opening;
  const target = useRef<HTMLDivElement>(null);
  const rfb = useRef<RFB | null>(null);
  const [size, setSize] = useState<Size>(allows.remoteResize ? "remote" : "fit");
  const [quality, setQuality] = useState<Quality>("auto");
  const [leaving, setLeaving] = useState(false);
  const [typing, setTyping] = useState(false);
  const [pasting, setPasting] = useState(false);
  const [exchanging, setExchanging] = useState(false);
  const tell = useTellEvent(opening);
  const clipboard = useGuestClipboard(allows, tell);
  const { received } = clipboard;
  const [connected, setConnected] = useState(false);
  const { measured, watch } = useLinkMeter(connected);
  const { asked, seen } = useFeelReport(sessionId, connected, measured.roundTripMs);

  const attach = useCallback(
    async (socket: WebSocket, ready: () => void): Promise<() => void> => {
      const { default: Client } = await import("@novnc/novnc");
      const element = target.current;
      if (!element || socket.readyState > WebSocket.OPEN) return () => undefined;
      element.replaceChildren();
      const stopWatching = watch(socket);
      const screen = new Client(element, socket, { shared: true });
      screen.background = "transparent";
      screen.addEventListener("connect", () => {
        ready();
        seen();
        setConnected(true);
        screen.focus({ preventScroll: true });
      });
      screen.addEventListener("clipboard", (event) => received(event.detail.text));
      rfb.current = screen;
      return () => {
        stopWatching();
        setConnected(false);
        rfb.current = null;
        screen.disconnect();
      };
    },
    [watch, received, seen],
  );
  const link = useConsoleLink({
    ticketKey: sessionId,
    fetchTicket: () => {
      asked();
      return client.desktops.ticket.mutate({ organization, sessionId });
    },
    enabled: opening.state === "ready",
    prepare: useCallback(() => import("@novnc/novnc"), []),
    attach,
  });

  const remote = size === "remote" && allows.remoteResize;
  const level = quality === "auto" ? measured.level : quality;
  useEffect(() => {
    const screen = rfb.current;
    if (!screen || !connected) return;
    // A guest that cannot change its size is scaled, so that all of it is seen.
    screen.scaleViewport = size !== "original";
    screen.resizeSession = remote;
    screen.clipViewport = size === "original";
    screen.dragViewport = false;
  }, [size, remote, connected]);
  useEffect(() => {
    const screen = rfb.current;
    if (!screen || !connected) return;
    screen.qualityLevel = LEVELS[level].quality;
    screen.compressionLevel = LEVELS[level].compression;
  }, [level, connected]);

  const press = (keys: readonly RemoteKey[]): void => {
    const screen = rfb.current;
    if (!screen) return;
    for (const key of keys) screen.sendKey(key.symbol, key.code, true);
    for (const key of keys.toReversed()) screen.sendKey(key.symbol, key.code, false);
    if (!typing) screen.focus({ preventScroll: true });
  };
  // Whoever closes a dialog goes on in the desktop.
  const toScreen = (): void => rfb.current?.focus({ preventScroll: true });
  const toList = (): void => router.push(`/o/${organization}/desktops`);
  const name = opening.desktopName ?? opening.poolName;
  return (
    <>
      <Toolbar
        name={name}
        state={link.state}
        connected={connected}
        allows={allows}
        isRecorded={opening.isRecorded}
        size={size}
        onSize={setSize}
        quality={quality}
        onQuality={setQuality}
        level={level}
        measured={measured}
        onKeys={press}
        typing={typing}
        onTyping={setTyping}
        onClipboard={() => setPasting(true)}
        onFiles={() => setExchanging(true)}
        onScreenshot={() => {
          if (!rfb.current) return;
          saveScreenshot(rfb.current, name);
          tell({ kind: "screenshot" });
        }}
        onDisconnect={() => {
          link.close();
          toList();
        }}
        onLogOff={() => setLeaving(true)}
      />
      <div className="relative min-h-0 flex-1">
        <div ref={target} role="application" aria-label={t("screen")} className="absolute inset-0 overflow-hidden" />
        <ScreenOverlay opening={opening} state={link.state} onReconnect={link.reconnect} onLeave={toList} />
        {typing ? <TouchKeyboard onKeys={press} layout={opening.keyboard} onClose={() => setTyping(false)} /> : null}
      </div>
      <ClipboardDialog open={pasting} onOpenChange={setPasting} allows={allows} guest={clipboard.guest} onSend={(text) => rfb.current?.clipboardPasteFrom(text)} connected={connected} onClosed={toScreen} />
      <FilesDialog open={exchanging} onOpenChange={setExchanging} opening={opening} onClosed={toScreen} />
      <LogOffConfirm open={leaving} onOpenChange={setLeaving} sessionId={sessionId} name={name} kind={opening.kind} queued={false} onDone={toList} />
    </>
  );
}
