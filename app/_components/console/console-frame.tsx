"use client";

import { Maximize, PlugZap } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { cn } from "@/app/_components/ui/cn";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import type { LinkState } from "./use-console-link";

interface FrameProps {
  readonly state: LinkState;
  /** False: the machine is off and `offText` says what to do. */
  readonly enabled: boolean;
  readonly offText: ReactNode;
  readonly onReconnect: () => void;
  readonly tools: ReactNode;
  readonly children: ReactNode;
}

/** The dark box around a screen or terminal: its state in words, its tools, and what to do when it is not there. */
export function ConsoleFrame({ state, enabled, offText, onReconnect, tools, children }: FrameProps) {
  const t = useTranslations("console");
  const frame = useRef<HTMLDivElement>(null);
  return (
    <div ref={frame} className="flex flex-col overflow-hidden rounded-lg border bg-surface">
      <div className="flex flex-wrap items-center justify-between gap-2 border-b px-3 py-2">
        <LinkBadge state={state} enabled={enabled} />
        <div className="flex flex-wrap items-center gap-1">
          {tools}
          <Button variant="ghost" size="sm" onClick={() => void frame.current?.requestFullscreen().catch(() => undefined)}>
            <Maximize aria-hidden />
            {t("fullscreen")}
          </Button>
        </div>
      </div>
      <div className="relative min-h-80 flex-1 bg-[#0b0d0e]">
        <div className={cn("h-[min(62vh,40rem)] [:fullscreen_&]:h-[calc(100dvh-3rem)]", state.kind !== "connected" && "opacity-35")}>{children}</div>
        {enabled && state.kind === "connected" ? null : (
          <div className="absolute inset-0 grid place-items-center p-6 text-center text-zinc-200" role="status">
            {enabled ? <Overlay state={state} onReconnect={onReconnect} /> : <p className="max-w-sm">{offText}</p>}
          </div>
        )}
      </div>
    </div>
  );
}

function LinkBadge({ state, enabled }: { readonly state: LinkState; readonly enabled: boolean }) {
  const t = useTranslations("console");
  if (!enabled) return <Badge dot>{t("off")}</Badge>;
  switch (state.kind) {
    case "connected":
      return <Badge tone="good" dot>{t("connected")}</Badge>;
    case "connecting":
      return <Badge tone="accent" dot="moving">{t("connecting")}</Badge>;
    case "waiting":
      return <Badge tone="warn" dot="moving">{t("reconnecting")}</Badge>;
    case "closed":
      return <Badge dot>{t("closed")}</Badge>;
    case "refused":
      return <Badge tone="bad" dot>{t("refused")}</Badge>;
  }
}

function Overlay({ state, onReconnect }: { readonly state: LinkState; readonly onReconnect: () => void }) {
  const t = useTranslations("console");
  const problem = useProblemText();
  if (state.kind === "connecting") {
    return (
      <div className="grid max-w-md justify-items-center gap-2">
        {state.why ? <p>{t(`endings.${state.why}`)}</p> : null}
        <p className={state.why ? "text-zinc-400" : undefined}>{state.attempt === 0 ? t("connectingText") : t("reconnectingText")}</p>
      </div>
    );
  }
  if (state.kind === "connected") return null;
  return (
    <div className="grid max-w-md justify-items-center gap-3">
      <p>{state.kind === "refused" && state.error ? problem(state.error) : state.why ? t(`endings.${state.why}`) : state.kind === "refused" ? t("refusedText") : t("closedText")}</p>
      {state.kind === "waiting" ? <p className="text-zinc-400"><Countdown to={state.retryAt} /></p> : null}
      <Button variant="primary" onClick={onReconnect}>
        <PlugZap aria-hidden />
        {t("connectNow")}
      </Button>
    </div>
  );
}

function Countdown({ to }: { readonly to: number }) {
  const t = useTranslations("console");
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return t("retryIn", { seconds: Math.max(0, Math.ceil((to - now) / 1000)) });
}
