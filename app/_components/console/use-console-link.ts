"use client";

import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { useTRPCClient } from "@/app/_trpc/client";
import { problemOf } from "@/app/_trpc/problem";
import { nextStep, pauseMs } from "./endings";

export type LinkState =
  | { readonly kind: "connecting"; readonly attempt: number }
  | { readonly kind: "connected" }
  /** Lost; tries again by itself at `retryAt` (milliseconds since 1970). */
  | { readonly kind: "waiting"; readonly retryAt: number; readonly reason: string }
  /** A person decides: idle too long, or closed here. */
  | { readonly kind: "closed"; readonly reason: string }
  /** Not for this person, or not any more. */
  | { readonly kind: "refused"; readonly error: unknown };

interface Options {
  readonly organization: string;
  readonly instanceId: string;
  readonly kind: "vnc" | "serial";
  readonly viewOnly: boolean;
  /** False while the machine is off: nothing is tried. */
  readonly enabled: boolean;
  /** Loads what `attach` needs before there is a socket: the far side speaks first, and what nobody hears is lost. */
  readonly prepare: () => Promise<unknown>;
  /** Takes the open socket into use; returns how to let go of it. Calls `ready` when the far side speaks. */
  readonly attach: (socket: WebSocket, ready: () => void) => Promise<() => void>;
}

/**
 * Keeps one console open: ticket, socket, and again after a migration, a failover or a restart of the gateway, each
 * time with a new ticket. The pause grows from attempt to attempt and is visible; nothing is tried while the machine is off.
 */
export function useConsoleLink(options: Options): { readonly state: LinkState; readonly reconnect: () => void; readonly close: () => void } {
  const client = useTRPCClient();
  const [state, setState] = useState<LinkState>({ kind: "connecting", attempt: 0 });
  const [round, setRound] = useState(0);
  const closing = useRef<(() => void) | null>(null);
  const { organization, instanceId, kind, viewOnly, enabled } = options;
  const prepare = useEffectEvent(options.prepare);
  const attach = useEffectEvent(options.attach);
  const fetchTicket = useEffectEvent(() => client.console.ticket.mutate({ organization, instanceId, kind, viewOnly }));

  useEffect(() => {
    if (!enabled) return undefined;
    let over = false;
    let failures = 0;
    let timer: ReturnType<typeof setTimeout> | null = null;
    let socket: WebSocket | null = null;
    let detach: (() => void) | null = null;

    const later = (delayMs: number, reason: string): void => {
      if (over) return;
      setState({ kind: "waiting", retryAt: Date.now() + delayMs, reason });
      timer = setTimeout(() => void open(), delayMs);
    };
    const letGo = (): void => {
      detach?.();
      detach = null;
    };
    const open = async (): Promise<void> => {
      if (over) return;
      setState({ kind: "connecting", attempt: failures });
      try {
        await prepare();
        if (over) return;
        const ticket = await fetchTicket();
        if (over) return;
        const current = new WebSocket(ticket.url);
        current.binaryType = "arraybuffer";
        socket = current;
        current.addEventListener("close", (event) => {
          if (over || socket !== current) return;
          letGo();
          failures += 1;
          const step = nextStep(event.code);
          if (step === "stop") setState({ kind: "refused", error: null });
          else if (step === "ask") setState({ kind: "closed", reason: event.reason });
          else later(step === "again-soon" && failures < 3 ? 250 : pauseMs(failures), event.reason);
        });
        const release = await attach(current, () => {
          failures = 0;
          if (!over) setState({ kind: "connected" });
        });
        if (over || current.readyState > WebSocket.OPEN) release();
        else detach = release;
      } catch (error) {
        if (over) return;
        failures += 1;
        const code = problemOf(error)?.code;
        if (code === "forbidden" || code === "not-found" || code === "unauthenticated" || code === "standing") setState({ kind: "refused", error });
        else later(pauseMs(failures), problemOf(error)?.message ?? "");
      }
    };
    const stop = (): void => {
      over = true;
      if (timer) clearTimeout(timer);
      letGo();
      socket?.close(1000);
    };
    closing.current = () => {
      stop();
      setState({ kind: "closed", reason: "" });
    };
    void open();
    return stop;
  }, [enabled, organization, instanceId, kind, viewOnly, round]);

  return {
    state,
    reconnect: useCallback(() => setRound((value) => value + 1), []),
    close: useCallback(() => closing.current?.(), []),
  };
}
