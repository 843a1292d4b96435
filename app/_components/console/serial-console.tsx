"use client";

import { useTranslations } from "next-intl";
import "@xterm/xterm/css/xterm.css";
import type { Terminal } from "@xterm/xterm";
import { useCallback, useEffect, useRef } from "react";
import { ConsoleFrame } from "./console-frame";
import { useConsoleLink } from "./use-console-link";
import { useMachineTicket } from "./use-machine-ticket";

const SCROLLBACK_LINES = 5_000;

interface ConsoleProps {
  readonly organization: string;
  readonly instanceId: string;
  readonly running: boolean;
  /** The reader may look and not type. */
  readonly lookOnly: boolean;
}

/** The terminal outlives connections: what was read before a move stays above what comes after it. */
export function SerialConsole({ organization, instanceId, running, lookOnly }: ConsoleProps) {
  const t = useTranslations("console");
  const target = useRef<HTMLDivElement>(null);
  const terminal = useRef<Promise<Terminal> | null>(null);

  const openTerminal = useCallback(async (element: HTMLDivElement): Promise<Terminal> => {
    const [{ Terminal: Xterm }, { FitAddon }] = await Promise.all([import("@xterm/xterm"), import("@xterm/addon-fit")]);
    const made = new Xterm({
      fontFamily: getComputedStyle(element).fontFamily,
      fontSize: 13,
      scrollback: SCROLLBACK_LINES,
      cursorBlink: true,
      theme: { background: "#0b0d0e", foreground: "#e4e7e9" },
      screenReaderMode: true,
    });
    const fit = new FitAddon();
    made.loadAddon(fit);
    made.open(element);
    const observer = new ResizeObserver(() => fit.fit());
    observer.observe(element);
    made.loadAddon({ activate: () => undefined, dispose: () => observer.disconnect() });
    return made;
  }, []);

  useEffect(
    () => () => {
      const made = terminal.current;
      terminal.current = null;
      void made?.then((open) => open.dispose());
    },
    [],
  );

  const attach = useCallback(
    async (socket: WebSocket, ready: () => void): Promise<() => void> => {
      const element = target.current;
      if (!element) return () => undefined;
      terminal.current ??= openTerminal(element);
      const screen = await terminal.current;
      const encoder = new TextEncoder();
      const onMessage = (event: MessageEvent): void => {
        if (event.data instanceof ArrayBuffer) screen.write(new Uint8Array(event.data));
        else if (typeof event.data === "string") screen.write(event.data);
      };
      socket.addEventListener("message", onMessage);
      if (socket.readyState === WebSocket.OPEN) ready();
      else socket.addEventListener("open", ready);
      const typing = screen.onData((text) => socket.readyState === WebSocket.OPEN && socket.send(encoder.encode(text)));
      return () => {
        socket.removeEventListener("message", onMessage);
        socket.removeEventListener("open", ready);
        typing.dispose();
      };
    },
    [openTerminal],
  );
  const prepare = useCallback(async (): Promise<void> => {
    if (target.current) await (terminal.current ??= openTerminal(target.current));
  }, [openTerminal]);
  const ticket = useMachineTicket({ organization, instanceId, kind: "serial", viewOnly: lookOnly });
  const link = useConsoleLink({ ...ticket, enabled: running, prepare, attach });

  return (
    <ConsoleFrame state={link.state} enabled={running} offText={t("offText")} onReconnect={link.reconnect} tools={lookOnly ? <span className="px-2 text-xs text-muted">{t("viewOnly")}</span> : null}>
      <div ref={target} aria-label={t("terminal")} className="size-full p-2 font-mono" />
    </ConsoleFrame>
  );
}
