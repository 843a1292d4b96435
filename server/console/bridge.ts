import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { GatewayLimits } from "./limits";

export interface BridgeCounters {
  bytesToClient: number;
  bytesFromClient: number;
  /** Largest amount that ever waited for a client, bytes. */
  peakBufferedBytes: number;
  /** When the client last took or sent something, on a monotonic clock, milliseconds. */
  lastProgressAt: number;
}

/**
 * Carries bytes both ways with back-pressure both ways: a client that does not read pauses the machine's side, and a
 * machine that does not read pauses the client. `translate` sees every client message; what it returns goes on.
 */
export class Bridge {
  readonly counters: BridgeCounters = { bytesToClient: 0, bytesFromClient: 0, peakBufferedBytes: 0, lastProgressAt: performance.now() };
  private stopped = false;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly upstream: Duplex,
    private readonly limits: Pick<GatewayLimits, "highWaterBytes" | "lowWaterBytes">,
    private readonly translate: (data: Buffer) => Buffer,
    private readonly onUpstreamEnd: () => void,
  ) {}

  start(head: Buffer): void {
    if (head.length > 0) this.toClient(head);
    this.upstream.on("data", (chunk: Buffer) => this.toClient(chunk));
    this.upstream.on("drain", () => {
      if (!this.stopped) this.webSocket.resume();
    });
    const ended = (): void => {
      if (!this.stopped) this.onUpstreamEnd();
    };
    this.upstream.on("end", ended).on("close", ended).on("error", ended);
    this.upstream.resume();
  }

  /** One message from the client. */
  fromClient(data: Buffer): void {
    if (this.stopped) return;
    this.counters.bytesFromClient += data.length;
    this.counters.lastProgressAt = performance.now();
    const forward = this.translate(data);
    if (forward.length > 0 && !this.upstream.write(forward)) this.webSocket.pause();
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.upstream.destroy();
    // A paused WebSocket would never see the client's answer to our close.
    this.webSocket.resume();
  }

  private toClient(chunk: Buffer): void {
    if (this.stopped) return;
    this.counters.bytesToClient += chunk.length;
    this.webSocket.send(chunk, { binary: true }, (error) => {
      if (error || this.stopped) return;
      this.counters.lastProgressAt = performance.now();
      if (this.upstream.isPaused() && this.webSocket.bufferedAmount < this.limits.lowWaterBytes) this.upstream.resume();
    });
    const buffered = this.webSocket.bufferedAmount;
    this.counters.peakBufferedBytes = Math.max(this.counters.peakBufferedBytes, buffered);
    if (buffered > this.limits.highWaterBytes) this.upstream.pause();
  }
}
