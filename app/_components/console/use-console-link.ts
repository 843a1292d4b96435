"use client";

import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { problemOf } from "@/app/_trpc/problem";
import { endingOf, nextStep, pauseMs, type EndingName } from "./endings";

export type LinkState =
  | { readonly kind: "connecting"; readonly attempt: number; readonly why: EndingName | null }
  | { readonly kind: "connected" }
  /** Lost; tries again by itself at `retryAt` (milliseconds since 1970). */
  | { readonly kind: "waiting"; readonly retryAt: number; readonly why: EndingName | null }
  /** A person decides: idle too long, or closed here. */
  | { readonly kind: "closed"; readonly why: EndingName | null }
  /** Not for this person, or not any more. */
  | { readonly kind: "refused"; readonly error: unknown; readonly why: EndingName | null };

interface Options {
  /** What is opened and how, as one text: another one lets go of the socket and opens anew. */
  readonly ticketKey: string;
  /** Asks for the right to open it once. */
  readonly fetchTicket: () => Promise<{ readonly url: string }>;
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
  const [state, setState] = useState<LinkState>({ kind: "connecting", attempt: 0, why: null });
  const [round, setRound] = useState(0);
  const closing = useRef<(() => void) | null>(null);
  const { ticketKey, enabled } = options;
  const prepare = useEffectEvent(options.prepare);
  const attach = useEffectEvent(options.attach);
  const fetchTicket = useEffectEvent(options.fetchTicket);

  useEffect(() => {
    if (!enabled) return undefined;
    let over = false;
    let failures = 0;
    /** What broke the connection last; said until it stands again. */
    let why: EndingName | null = null;
    let timer: ReturnType<typeof setTimeout> | null = null;
    let socket: WebSocket | null = null;
    let detach: (() => void) | null = null;

    const later = (delayMs: number): void => {
      if (over) return;
      setState({ kind: "waiting", retryAt: Date.now() + delayMs, why });
      timer = setTimeout(() => void open(), delayMs);
    };
    const letGo = (): void => {
      detach?.();
      detach = null;
    };
    const open = async (): Promise<void> => {
      if (over) return;
      setState({ kind: "connecting", attempt: failures, why });
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
          // A machine that moved is often out of reach for a moment; that it moved is what a person wants to know.
          if (why !== "moved" || event.code !== 1006) why = endingOf(event.code, event.reason);
          if (step === "stop") setState({ kind: "refused", error: null, why });
          else if (step === "ask") setState({ kind: "closed", why });
          else later(step === "again-soon" && failures < 3 ? 250 : pauseMs(failures));
        });
        const release = await attach(current, () => {
          failures = 0;
          why = null;
          if (!over) setState({ kind: "connected" });
        });
        if (over || current.readyState > WebSocket.OPEN) release();
        else detach = release;
      } catch (error) {
        if (over) return;
        failures += 1;
        const code = problemOf(error)?.code;
        if (code === "forbidden" || code === "not-found" || code === "unauthenticated" || code === "standing") setState({ kind: "refused", error, why: null });
        else {
          why ??= "lost";
          later(pauseMs(failures));
        }
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
      setState({ kind: "closed", why: null });
    };
    void open();
    return stop;
  }, [enabled, ticketKey, round]);

  return {
    state,
    reconnect: useCallback(() => setRound((value) => value + 1), []),
    close: useCallback(() => closing.current?.(), []),
  };
}
