import type { RawData, WebSocket } from "ws";
import { Bridge } from "./bridge";
import { ByteReader } from "./byte-reader";
import type { ClientEvent } from "./client-events";
import type { Ending } from "./close-codes";
import { ClipboardHold } from "./clipboard-hold";
import { CLOSE } from "./close-codes";
import type { GatewayLimits } from "./limits";
import { signInClient } from "./rfb-handshake";
import { RfbClientFilter, RfbProtocolError, type ClientRules } from "./rfb-filter";
import type { Upstream } from "./upstream";

const MAX_CLIENT_HANDSHAKE_BYTES = 4096;

export interface SessionOptions {
  readonly id: string;
  readonly kind: "vnc" | "serial";
  readonly rules: ClientRules;
  readonly limits: GatewayLimits;
  /** What keeps the machine's clipboard from being asked. */
  readonly onClipboardFailed?: (error: unknown) => void;
  readonly onEnd: (ending: Ending, counters: { readonly bytesToClient: number; readonly bytesFromClient: number }) => void;
}

/** One open console: a client, a machine, and the clocks that end it. */
export class ConsoleSession {
  readonly id: string;
  private bridge: Bridge | null = null;
  private hold: ClipboardHold | null = null;
  private readonly clientReader = new ByteReader(MAX_CLIENT_HANDSHAKE_BYTES);
  private readonly timers: NodeJS.Timeout[] = [];
  private lastActedAt = performance.now();
  private beatAt = performance.now();
  private ended = false;
  private onEvent: ((event: ClientEvent) => void) | null = null;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly options: SessionOptions,
  ) {
    this.id = options.id;
    webSocket.on("message", (data) => this.receive(data));
    webSocket.on("pong", () => {
      this.beatAt = performance.now();
    });
    webSocket.on("close", (code: number) => this.end({ code: CLOSE.clientLeft, reason: `the client left (${code})` }));
    webSocket.on("error", () => this.end({ code: CLOSE.protocol, reason: "The client broke the protocol." }));
  }

  get kind(): SessionOptions["kind"] {
    return this.options.kind;
  }

  get peakBufferedBytes(): number {
    return this.bridge?.counters.peakBufferedBytes ?? 0;
  }

  /** Tells what its person does that is worth a record; set before `run`. */
  recordTo(onEvent: (event: ClientEvent) => void): void {
    this.onEvent = onEvent;
  }

  /** Its person waits for something that is not there yet: nobody is idle meanwhile. */
  waits(): void {
    this.lastActedAt = performance.now();
  }

  /** Joins client and machine; resolves when bytes can flow. */
  async run(upstream: Upstream): Promise<void> {
    if (this.ended) {
      upstream.stream.destroy();
      return;
    }
    const filter = this.options.kind === "vnc" ? await this.greetRfb(upstream) : null;
    if (this.ended) return;
    this.bridge = new Bridge(
      this.webSocket,
      upstream.stream,
      this.options.limits,
      (data) => this.translate(filter, data),
      () => this.end({ code: CLOSE.upstreamClosed, reason: "The machine closed its side: it moved, restarted or stopped." }),
    );
    const { clipboardState } = upstream;
    if (clipboardState) {
      this.hold = new ClipboardHold({
        look: clipboardState,
        repeat: (message) => upstream.stream.write(message),
        failed: (error) => this.options.onClipboardFailed?.(error),
      });
    }
    this.watchClocks();
    this.bridge.start(upstream.head);
    const early = this.clientReader.rest();
    if (early.length > 0) this.forward(early);
  }

  /** Plays the RFB server up to ClientInit, and asks the machine for a shared screen whatever the client wanted. */
  private async greetRfb(upstream: Upstream): Promise<RfbClientFilter> {
    const late = setTimeout(() => this.clientReader.fail(new Error("the client did not finish the handshake in time")), this.options.limits.upstreamMs);
    let machineLeft = false;
    const lost = (): void => {
      machineLeft = true;
      this.clientReader.fail(new Error("the machine closed its side"));
    };
    upstream.stream.once("close", lost).on("error", lost);
    try {
      await signInClient(this.clientReader, (data) => this.webSocket.send(data));
      await this.clientReader.read(1);
      upstream.stream.write(Buffer.from([1]));
    } catch (error) {
      upstream.stream.destroy();
      const code = error instanceof RfbProtocolError ? CLOSE.protocol : machineLeft ? CLOSE.upstreamClosed : CLOSE.upstreamUnavailable;
      this.end({ code, reason: `The console could not be opened: ${error instanceof Error ? error.message : "handshake failed"}.` });
    } finally {
      clearTimeout(late);
      upstream.stream.off("close", lost);
    }
    return new RfbClientFilter(this.options.rules, this.options.limits.maxMessageBytes, this.onEvent);
  }

  private receive(data: RawData): void {
    if (this.ended) return;
    const bytes = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
    if (this.bridge) this.forward(bytes);
    else this.clientReader.push(bytes);
  }

  private forward(bytes: Buffer): void {
    try {
      this.bridge?.fromClient(bytes);
    } catch (error) {
      if (!(error instanceof RfbProtocolError)) throw error;
      this.end({ code: CLOSE.protocol, reason: `The client broke the protocol: ${error.message}.` });
    }
  }

  private translate(filter: RfbClientFilter | null, data: Buffer): Buffer {
    if (!filter) {
      this.lastActedAt = performance.now();
      return this.options.rules.viewOnly ? Buffer.alloc(0) : data;
    }
    const { forward, acted, announced } = filter.push(data);
    if (announced) this.hold?.said(announced);
    if (acted) this.lastActedAt = performance.now();
    return forward;
  }

  private watchClocks(): void {
    const { limits } = this.options;
    this.timers.push(setTimeout(() => this.end({ code: CLOSE.tooLong, reason: "The longest allowed console session is over." }), limits.sessionMs));
    this.timers.push(setInterval(() => this.beat(), limits.heartbeatMs));
    // Who may only look does nothing that could be seen; the absolute limit holds for them.
    if (!this.options.rules.viewOnly) {
      this.timers.push(
        setInterval(() => {
          if (performance.now() - this.lastActedAt >= limits.idleMs) this.end({ code: CLOSE.idle, reason: "Nobody typed for a long time." });
        }, Math.max(50, Math.min(10_000, limits.idleMs / 4))),
      );
    }
  }

  /** A client that neither answers nor takes what was sent for two beats is gone. A slow one that still takes is not. */
  private beat(): void {
    if (this.webSocket.isPaused) {
      // We do not read the client now, so its answers cannot reach us.
      this.beatAt = performance.now();
      return;
    }
    const aliveAt = Math.max(this.beatAt, this.bridge?.counters.lastProgressAt ?? 0);
    if (performance.now() - aliveAt > 2 * this.options.limits.heartbeatMs) {
      this.end({ code: CLOSE.clientLeft, reason: "the client does not answer" });
      this.webSocket.terminate();
      return;
    }
    this.webSocket.ping();
  }

  end(ending: Ending): void {
    if (this.ended) return;
    this.ended = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.clientReader.fail(new Error("the console was closed"));
    this.hold?.stop();
    this.bridge?.stop();
    if (this.webSocket.readyState === this.webSocket.OPEN) this.webSocket.close(ending.code, shortened(ending.reason));
    this.options.onEnd(ending, {
      bytesToClient: this.bridge?.counters.bytesToClient ?? 0,
      bytesFromClient: this.bridge?.counters.bytesFromClient ?? 0,
    });
  }
}

/** A close frame carries at most 123 bytes of reason. */
export function shortened(reason: string): string {
  if (Buffer.byteLength(reason) <= 123) return reason;
  return new TextDecoder().decode(Buffer.from(reason).subarray(0, 120)).replace(/\uFFFD+$/, "");
}
