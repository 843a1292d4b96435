"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { LinkMeter } from "./link-meter";
import type { Level } from "./types";

const ASK_EVERY_MS = 4_000;
/** One point of the screen, whole: the smallest question that has to be answered (FramebufferUpdateRequest, RFC 6143 7.5.3). */
const ONE_POINT = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 1, 0, 1);

export interface Measured {
  readonly roundTripMs: number | null;
  readonly bitsPerSecond: number | null;
  readonly level: Level;
}

const NOTHING: Measured = { roundTripMs: null, bitsPerSecond: null, level: "sharp" };

/** Measures a screen's line while it is open. `watch` takes the socket and returns the way to stop. */
export function useLinkMeter(connected: boolean): { readonly measured: Measured; readonly watch: (socket: WebSocket) => () => void } {
  const [measured, setMeasured] = useState(NOTHING);
  const held = useRef<{ readonly socket: WebSocket; readonly meter: LinkMeter } | null>(null);
  const watch = useCallback((socket: WebSocket): (() => void) => {
    const meter = new LinkMeter();
    const onMessage = (event: MessageEvent): void => {
      if (event.data instanceof ArrayBuffer) meter.received(event.data.byteLength, performance.now());
    };
    socket.addEventListener("message", onMessage);
    held.current = { socket, meter };
    return () => {
      socket.removeEventListener("message", onMessage);
      held.current = null;
    };
  }, []);
  useEffect(() => {
    if (!connected) return undefined;
    const ask = (): void => {
      const now = held.current;
      if (!now || document.hidden || now.socket.readyState !== WebSocket.OPEN) return;
      const { roundTripMs, bitsPerSecond, level } = now.meter;
      setMeasured({ roundTripMs, bitsPerSecond, level });
      now.meter.asked(performance.now());
      now.socket.send(ONE_POINT);
    };
    const first = setTimeout(ask, 500);
    const second = setTimeout(ask, 1_000);
    const timer = setInterval(ask, ASK_EVERY_MS);
    return () => {
      clearTimeout(first);
      clearTimeout(second);
      clearInterval(timer);
    };
  }, [connected]);
  return { measured, watch };
}
