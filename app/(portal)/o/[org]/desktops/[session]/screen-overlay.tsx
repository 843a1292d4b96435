"use client";

import { Loader, PlugZap, Truck } from "lucide-react";
import { useTranslations } from "next-intl";
import type { LinkState } from "@/app/_components/console/use-console-link";
import { Button } from "@/app/_components/ui/button";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import type { Opening } from "./types";

interface OverlayProps {
  readonly opening: Opening;
  readonly state: LinkState;
  readonly onReconnect: () => void;
  readonly onLeave: () => void;
}

/** What stands over the screen while it is not live, with the reason in plain words. A move in which the picture goes on is said in a corner. */
export function ScreenOverlay({ opening, state, onReconnect, onLeave }: OverlayProps) {
  const t = useTranslations("desktops.session");
  const endings = useTranslations("console.endings");
  const common = useTranslations("console");
  const problem = useProblemText();
  const { moving } = opening;
  if (state.kind === "connected" && opening.state === "ready") {
    return moving ? (
      <p role="status" className="absolute top-3 left-1/2 flex -translate-x-1/2 items-center gap-2 rounded-full border bg-surface px-3 py-1.5 text-xs shadow-lg">
        <Truck aria-hidden className="size-4 text-accent" />
        {t("moving.title")}
      </p>
    ) : null;
  }
  const why = state.kind === "connected" ? null : state.why;
  const waits = state.kind === "connecting" || state.kind === "waiting" || opening.state !== "ready";
  const title = moving || (why === "moved" && waits) ? t("moving.title") : waits ? (why === null && opening.state === "ready" ? t("connecting") : opening.state === "ready" ? t("reconnecting") : t(`coming.${opening.given}`)) : common(state.kind === "refused" ? "refused" : "closed");
  const text = moving ? t(`moving.${moving}`) : state.kind === "refused" && state.error ? problem(state.error) : why !== null ? endings(why) : waits ? null : t("disconnectHint");
  return (
    <div role="status" className="absolute inset-0 grid place-items-center bg-[#0b0d0e]/80 p-6 text-center backdrop-blur-[2px]">
      <div className="grid max-w-md justify-items-center gap-3">
        <span className="mb-1 grid size-14 place-items-center rounded-full bg-white/10 [&_svg]:size-6">
          {waits ? moving || why === "moved" ? <Truck aria-hidden className="animate-pulse-soft" /> : <Loader aria-hidden className="animate-spin" /> : <PlugZap aria-hidden />}
        </span>
        <p className="text-lg font-semibold tracking-tight">{title}</p>
        {text ? <p className="text-muted">{text}</p> : null}
        {state.kind === "waiting" || !waits ? (
          <div className="mt-2 flex flex-wrap justify-center gap-2">
            <Button size="lg" onClick={onLeave}>{t("toList")}</Button>
            {state.kind === "refused" ? null : <Button variant="primary" size="lg" onClick={onReconnect}>{common("connectNow")}</Button>}
          </div>
        ) : null}
      </div>
    </div>
  );
}
