import { connect } from "node:net";
import WebSocket from "ws";

export interface ScreenEnd {
  /** Of the WebSocket; 1000 where there is none. */
  readonly code: number;
  readonly reason: string;
}

export interface ScreenListener {
  readonly data: (bytes: Buffer) => void;
  readonly failed: (error: Error) => void;
  readonly ended: (end: ScreenEnd) => void;
}

/** What carries a screen's bytes; what is sent before it is open waits. */
export interface ScreenLine {
  listen(listener: ScreenListener): void;
  send(bytes: Buffer): void;
  close(): void;
}

export function gatewayLine(url: string, origin: string): ScreenLine {
  const socket = new WebSocket(url, ["binary"], { origin });
  return {
    listen: ({ data, failed, ended }) => {
      socket.on("message", (bytes: Buffer) => data(bytes));
      socket.on("error", failed);
      socket.on("close", (code, reason) => ended({ code, reason: reason.toString() }));
    },
    send: (bytes) => socket.send(bytes),
    close: () => socket.close(),
  };
}

const PLAIN_END = 1000;

export function directLine(host: string, port: number): ScreenLine {
  const socket = connect({ host, port, noDelay: true });
  return {
    listen: ({ data, failed, ended }) => {
      socket.on("data", data);
      socket.on("error", failed);
      socket.on("close", () => ended({ code: PLAIN_END, reason: "the machine closed its side" }));
    },
    send: (bytes) => void socket.write(bytes),
    close: () => socket.destroy(),
  };
}
