"use client";

import { Eye, Keyboard, Scaling } from "lucide-react";
import { useTranslations } from "next-intl";
import type RFB from "@novnc/novnc";
import { useCallback, useEffect, useRef, useState } from "react";
import { Button } from "@/app/_components/ui/button";
import { ConsoleFrame } from "./console-frame";
import { useConsoleLink } from "./use-console-link";
import { useMachineTicket } from "./use-machine-ticket";

interface ConsoleProps {
  readonly organization: string;
  readonly instanceId: string;
  readonly running: boolean;
  /** The reader may look and not type: there is nothing to switch. */
  readonly lookOnly: boolean;
}

export function VncConsole({ organization, instanceId, running, lookOnly }: ConsoleProps) {
  const t = useTranslations("console");
  const target = useRef<HTMLDivElement>(null);
  const rfb = useRef<RFB | null>(null);
  const [viewOnly, setViewOnly] = useState(lookOnly);
  const [fit, setFit] = useState(true);

  const attach = useCallback(
    async (socket: WebSocket, ready: () => void): Promise<() => void> => {
      const { default: Client } = await import("@novnc/novnc");
      const element = target.current;
      if (!element || socket.readyState > WebSocket.OPEN) return () => undefined;
      element.replaceChildren();
      const client = new Client(element, socket, { shared: true });
      client.viewOnly = viewOnly;
      client.background = "transparent";
      client.addEventListener("connect", () => {
        ready();
        if (!viewOnly) client.focus({ preventScroll: true });
      });
      rfb.current = client;
      return () => {
        rfb.current = null;
        client.disconnect();
      };
    },
    // How it fits is set below, at every change of it and of the link, without a new connection.
    [viewOnly],
  );
  const prepare = useCallback(() => import("@novnc/novnc"), []);
  const ticket = useMachineTicket({ organization, instanceId, kind: "vnc", viewOnly });
  const link = useConsoleLink({ ...ticket, enabled: running, prepare, attach });

  useEffect(() => {
    if (!rfb.current) return;
    rfb.current.scaleViewport = fit;
    rfb.current.clipViewport = !fit;
    rfb.current.dragViewport = !fit;
  }, [fit, link.state.kind]);

  return (
    <ConsoleFrame
      state={link.state}
      enabled={running}
      offText={t("offText")}
      onReconnect={link.reconnect}
      tools={
        <>
          <Button variant="ghost" size="sm" disabled={link.state.kind !== "connected" || viewOnly} onClick={() => rfb.current?.sendCtrlAltDel()}>
            <Keyboard aria-hidden />
            {t("ctrlAltDel")}
          </Button>
          <Button variant="ghost" size="sm" aria-pressed={fit} className={fit ? "bg-raised" : undefined} onClick={() => setFit(!fit)}>
            <Scaling aria-hidden />
            {t("fit")}
          </Button>
          <Button variant="ghost" size="sm" aria-pressed={viewOnly} disabled={lookOnly} className={viewOnly ? "bg-raised" : undefined} onClick={() => setViewOnly(!viewOnly)}>
            <Eye aria-hidden />
            {t("viewOnly")}
          </Button>
        </>
      }
    >
      <div ref={target} aria-label={t("screen")} role="application" className="size-full overflow-hidden" />
    </ConsoleFrame>
  );
}
