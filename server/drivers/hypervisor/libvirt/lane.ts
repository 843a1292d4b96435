import { DriverError } from "../../errors";
import type { CallOptions, HostEndpoint } from "../types";
import type { LibvirtDriverOptions } from "./options";
import { RpcConnection } from "./rpc/connection";
import type { Procedure } from "./rpc/procedures";

/** libvirtd works on five requests of one client at a time by default; the sixth would hold up everything behind it. */
const MAX_IN_FLIGHT = 4;

/**
 * One connection that is made when it is needed and made again after it was lost. A host has several lanes, so that
 * slow work (starting QEMU, cloning a disk) never stands in front of a heartbeat.
 */
export class Lane {
  private current: RpcConnection | null = null;
  private opening: Promise<RpcConnection> | null = null;
  private inFlight = 0;
  private readonly queue: (() => void)[] = [];
  private closed = false;

  constructor(
    private readonly endpoint: HostEndpoint,
    private readonly options: LibvirtDriverOptions,
    /** Prepares a fresh connection (event registration) before anybody uses it. */
    private readonly prepare: (connection: RpcConnection) => Promise<void> = async () => undefined,
  ) {}

  async connection(): Promise<RpcConnection> {
    if (this.closed) throw new DriverError("unreachable", `the driver of ${this.endpoint.uri} was closed`, { closed: true });
    if (this.current?.isOpen === true) return this.current;
    this.opening ??= this.open().finally(() => {
      this.opening = null;
    });
    return this.opening;
  }

  private async open(): Promise<RpcConnection> {
    const connection = await RpcConnection.open(this.endpoint, { openTimeoutMs: this.options.openTimeoutMs, keepalive: this.options.keepalive });
    try {
      await this.prepare(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
    if (this.closed) connection.close();
    this.current = connection;
    return connection;
  }

  /** Waits for a turn, then calls. The time-out covers the waiting, the connecting and the call. */
  async call<Args, Reply>(procedure: Procedure<Args, Reply>, args: Args, defaultTimeoutMs: number, options: CallOptions = {}): Promise<Reply> {
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const deadline = performance.now() + timeoutMs;
    const connection = await bounded(this.connection(), timeoutMs, options.signal, `connecting to ${this.endpoint.uri} for ${procedure.name}`);
    await this.turn();
    try {
      return await connection.call(procedure, args, { timeoutMs: Math.max(1, deadline - performance.now()), signal: options.signal });
    } catch (error) {
      // The host may work on an abandoned request for ever and it keeps its slot: leave that connection behind.
      if (error instanceof DriverError && error.code === "timeout" && error.detail["procedure"] !== undefined) this.leave(connection);
      throw error;
    } finally {
      this.inFlight -= 1;
      this.queue.shift()?.();
    }
  }

  private async turn(): Promise<void> {
    if (this.inFlight >= MAX_IN_FLIGHT) await new Promise<void>((resolve) => this.queue.push(resolve));
    this.inFlight += 1;
  }

  private leave(connection: RpcConnection): void {
    if (this.current === connection) this.current = null;
    connection.closeWhenIdle();
  }

  close(): void {
    this.closed = true;
    this.current?.close();
    this.current = null;
  }
}

/** Rejects with `timeout` when `work` takes longer than `timeoutMs` or the signal fires; `work` itself goes on. */
export function bounded<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal | undefined, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      act();
    };
    const onAbort = (): void => finish(() => reject(new DriverError("timeout", `${what} was given up by its caller`, { aborted: true })));
    const timer = setTimeout(() => finish(() => reject(new DriverError("timeout", `${what} took longer than ${timeoutMs} ms`, { timeoutMs }))), timeoutMs);
    work.then((value) => finish(() => resolve(value)), (error: unknown) => finish(() => reject(error)));
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
