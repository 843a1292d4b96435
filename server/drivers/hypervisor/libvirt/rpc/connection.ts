import type { Socket } from "node:net";
import { DriverError } from "../../../errors";
import type { HostEndpoint } from "../../types";
import { LibvirtError } from "../errors";
import { encodeFrame, type Frame, FrameSplitter, MESSAGE_STATUS, MESSAGE_TYPE, PROGRAM } from "./frame";
import { DEFAULT_KEEPALIVE, Keepalive, type KeepaliveOptions } from "./keepalive";
import { type Procedure, procedures } from "./procedures";
import { remoteError } from "./structures";
import { openTransport, parseTarget } from "./transport";
import { decode, encode } from "./xdr";

const PROTOCOL_VERSION = 1;
const FEATURE_KEEPALIVE = 10;
const AUTH_NONE = 0;

export interface ConnectionOptions {
  /** Bound of opening: socket, TLS, authentication, open; milliseconds. */
  readonly openTimeoutMs: number;
  readonly keepalive: KeepaliveOptions | null;
}
export const DEFAULT_CONNECTION: ConnectionOptions = { openTimeoutMs: 5000, keepalive: DEFAULT_KEEPALIVE };

export interface RpcCallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Receives what belongs to one stream call after its first reply. */
export interface StreamSink {
  packet(frame: Frame): void;
  lost(error: DriverError): void;
}

interface Pending {
  readonly procedure: number;
  settle(frame: Frame): void;
  fail(error: DriverError): void;
}

export type EventListener = (messageNumber: number, body: Buffer) => void;

/** One open connection to one libvirtd. It is used until it is lost and never opened again; its owner makes a new one. */
export class RpcConnection {
  private serial = 0;
  private readonly pending = new Map<number, Pending>();
  private readonly streams = new Map<number, StreamSink>();
  private readonly splitter = new FrameSplitter();
  private keepalive: Keepalive | null = null;
  private endedBy: DriverError | null = null;
  private readonly endListeners: ((error: DriverError) => void)[] = [];
  private closingWhenIdle = false;
  /** Set once by the owner, before events are registered. */
  onEvent: EventListener = () => undefined;

  private constructor(
    readonly endpoint: HostEndpoint,
    private readonly socket: Socket,
  ) {
    socket.on("data", (chunk: Buffer) => this.receive(chunk));
    socket.on("error", (error) => this.end(this.lost(error.message, error)));
    socket.on("close", () => this.end(this.lost("the host closed it")));
    socket.resume();
  }

  /** Connects, authenticates (libvirt's "none": TLS or the network has said who we are) and opens the hypervisor. */
  static async open(endpoint: HostEndpoint, options: ConnectionOptions = DEFAULT_CONNECTION): Promise<RpcConnection> {
    const target = parseTarget(endpoint.uri);
    const startedAt = performance.now();
    const connection = new RpcConnection(endpoint, await openTransport(endpoint, target, options.openTimeoutMs));
    try {
      const bound = (): RpcCallOptions => ({ timeoutMs: Math.max(1, options.openTimeoutMs - (performance.now() - startedAt)) });
      const { types } = await connection.call(procedures.authList, undefined, bound());
      if (types.length > 0 && !types.includes(AUTH_NONE)) {
        throw new DriverError("refused", `${endpoint.uri} wants a kind of sign-in that Berth does not use (${types.join(", ")}); set auth_tls = "none" (certificates) in its libvirtd.conf`, { types });
      }
      if (options.keepalive !== null) {
        const { supported } = await connection.call(procedures.connectSupportsFeature, { feature: FEATURE_KEEPALIVE }, bound());
        if (supported) connection.startKeepalive(options.keepalive);
      }
      await connection.call(procedures.connectOpen, { name: target.connectName, flags: 0 }, bound());
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  private startKeepalive(options: KeepaliveOptions): void {
    this.keepalive = new Keepalive(options, (frame) => this.write(frame), (silentMs) => {
      this.end(new DriverError("unreachable", `${this.endpoint.uri} has not answered for ${silentMs} ms; the connection is given up`, { uri: this.endpoint.uri, silentMs }));
    });
  }

  get isOpen(): boolean {
    return this.endedBy === null;
  }

  /** Told once, with the reason; at once when the connection is gone already. */
  onEnd(listener: (error: DriverError) => void): void {
    if (this.endedBy !== null) listener(this.endedBy);
    else this.endListeners.push(listener);
  }

  /**
   * One call. The protocol cannot take a call back: after a time-out or an abort the host may still do it, so
   * both reject with `timeout` (outcome unknown), and a late reply is dropped.
   */
  call<Args, Reply>(procedure: Procedure<Args, Reply>, args: Args, options: RpcCallOptions): Promise<Reply> {
    return this.send(procedure, args, options).reply;
  }

  /** A call whose reply is followed by stream packets of the same serial. */
  async openStream<Args>(procedure: Procedure<Args, void>, args: Args, options: RpcCallOptions, sink: StreamSink): Promise<number> {
    const { serial, reply } = this.send(procedure, args, options);
    // Registered before the reply: the first packets may arrive in the same chunk.
    this.streams.set(serial, sink);
    try {
      await reply;
      return serial;
    } catch (error) {
      this.streams.delete(serial);
      throw error;
    }
  }

  private send<Args, Reply>(procedure: Procedure<Args, Reply>, args: Args, options: RpcCallOptions): { serial: number; reply: Promise<Reply> } {
    this.serial += 1;
    const serial = this.serial;
    const what = `${procedure.name} on ${this.endpoint.uri}`;
    const reply = new Promise<Reply>((resolve, reject) => {
      if (this.endedBy !== null) return reject(this.endedBy);
      if (options.signal?.aborted === true) return reject(new DriverError("timeout", `${what} was given up before it was sent`, { aborted: true }));
      const forget = (): void => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", onAbort);
        this.pending.delete(serial);
        if (this.closingWhenIdle && this.pending.size === 0) this.close();
      };
      const giveUp = (message: string, detail: Record<string, unknown>): void => {
        forget();
        reject(new DriverError("timeout", message, { procedure: procedure.name, ...detail }));
      };
      const onAbort = (): void => giveUp(`${what} was given up by its caller; the host may still do it`, { aborted: true });
      const timer = setTimeout(() => giveUp(`${what} was not answered within ${Math.round(options.timeoutMs)} ms`, { timeoutMs: options.timeoutMs }), options.timeoutMs);
      options.signal?.addEventListener("abort", onAbort, { once: true });
      this.pending.set(serial, {
        procedure: procedure.number,
        settle: (frame) => {
          forget();
          try {
            if (frame.header.status === MESSAGE_STATUS.error) reject(new LibvirtError(procedure.name, this.endpoint.uri, decode(remoteError, frame.body)));
            else resolve(decode(procedure.reply, frame.body));
          } catch (cause) {
            reject(new DriverError("failed", `the answer to ${what} could not be read: ${String(cause)}`, { procedure: procedure.name }, { cause }));
          }
        },
        fail: (error) => {
          forget();
          reject(error);
        },
      });
      try {
        this.write(encodeFrame(
          { program: procedure.program, version: PROTOCOL_VERSION, procedure: procedure.number, type: MESSAGE_TYPE.call, serial, status: MESSAGE_STATUS.ok },
          encode(procedure.args, args),
        ));
      } catch (cause) {
        forget();
        reject(new DriverError("invalid", `${what} could not be written: ${String(cause)}`, { procedure: procedure.name }, { cause }));
      }
    });
    return { serial, reply };
  }

  /** False when the socket's buffer is full: wait for `drained`. */
  sendStream(procedure: Procedure<never, void>, serial: number, status: number, data: Uint8Array): boolean {
    return this.write(encodeFrame(
      { program: procedure.program, version: PROTOCOL_VERSION, procedure: procedure.number, type: MESSAGE_TYPE.stream, serial, status },
      data,
    ));
  }

  drained(listener: () => void): void {
    this.socket.once("drain", listener);
  }

  /** Stops reading: the host then stops sending. For streams that have a connection of their own. */
  pauseReading(): void {
    if (this.keepalive !== null) this.keepalive.deaf = true;
    this.socket.pause();
  }

  resumeReading(): void {
    if (this.keepalive !== null) this.keepalive.deaf = false;
    this.socket.resume();
  }

  forgetStream(serial: number): void {
    this.streams.delete(serial);
  }

  private write(bytes: Buffer): boolean {
    return this.endedBy === null && this.socket.write(bytes);
  }

  private receive(chunk: Buffer): void {
    this.keepalive?.heard();
    try {
      for (const frame of this.splitter.push(chunk)) this.dispatch(frame);
    } catch (cause) {
      this.end(new DriverError("unreachable", `the connection to ${this.endpoint.uri} was given up: ${String(cause)}`, { uri: this.endpoint.uri }, { cause }));
    }
  }

  private dispatch(frame: Frame): void {
    const { program, type, serial, procedure } = frame.header;
    if (program === PROGRAM.keepalive) return this.keepalive?.receive(frame.header);
    if (type === MESSAGE_TYPE.reply) return this.pending.get(serial)?.settle(frame);
    if (type === MESSAGE_TYPE.stream || type === MESSAGE_TYPE.streamHole) return this.streams.get(serial)?.packet(frame);
    if (type === MESSAGE_TYPE.event && program === PROGRAM.remote) this.onEvent(procedure, frame.body);
  }

  private lost(why: string, cause?: Error): DriverError {
    return new DriverError("unreachable", `the connection to ${this.endpoint.uri} was lost: ${why}`, { uri: this.endpoint.uri }, cause === undefined ? undefined : { cause });
  }

  private end(error: DriverError): void {
    if (this.endedBy !== null) return;
    this.endedBy = error;
    this.keepalive?.stop();
    this.socket.destroy();
    for (const pending of this.pending.values()) pending.fail(error);
    const streams = Array.from(this.streams.values());
    this.streams.clear();
    for (const stream of streams) stream.lost(error);
    for (const listener of this.endListeners.splice(0)) listener(error);
  }

  /** For a connection that nobody may use for new calls: those in flight are waited for. */
  closeWhenIdle(): void {
    this.closingWhenIdle = true;
    if (this.pending.size === 0) this.close();
  }

  /**
   * Hangs up; everything in flight is rejected. No goodbye is sent: libvirtd 9.0 frees a client twice when its
   * CONNECT_CLOSE and the end of a console stream meet (seen as "corrupted double-linked list" after some hundred
   * rounds), while a client that just goes away is safe (thousands of rounds under the same load).
   */
  close(): void {
    if (this.endedBy !== null) return;
    this.end(new DriverError("unreachable", `the connection to ${this.endpoint.uri} was closed by us`, { uri: this.endpoint.uri, closed: true }));
  }
}
