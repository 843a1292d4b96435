import type { Clock } from "@/server/platform/clock";
import type { HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
import type { PowerDevice, PowerDriver } from "@/server/drivers/power/types";
import { sleepBy, type Scheduler } from "./scheduler";

export type ProcessState = "running" | "frozen" | "dead";

/**
 * One process of the control plane, as the simulation sees it: everything that it waits for (time, the database, a host)
 * comes back through `deliver`. A dead process never hears anything again, so it does nothing more; a frozen one hears
 * everything at once when it wakes, whatever the clock says by then.
 */
export class SimProcess {
  private current: ProcessState = "running";
  private held: (() => void)[] = [];
  /** Answers that it has heard so far: the boundaries at which it can be killed. */
  boundaries = 0;
  /** Called before each delivery with its number; may kill or freeze the process. */
  onBoundary: ((boundary: number) => void) | null = null;
  private readonly atDeath: (() => void)[] = [];
  /** Its own clock is so much ahead of the truth, milliseconds. */
  clockOffsetMs = 0;

  constructor(
    readonly name: string,
    readonly scheduler: Scheduler,
  ) {}

  get state(): ProcessState {
    return this.current;
  }

  readonly clock: Clock = {
    nowMs: () => Math.floor(this.scheduler.exactMs() + this.clockOffsetMs),
    now: () => new Date(this.scheduler.exactMs() + this.clockOffsetMs),
    sleep: (ms, signal) => sleepBy((afterMs, fn) => this.scheduler.schedule(afterMs, () => this.deliver(fn)), ms, signal),
  };

  deliver(fn: () => void): void {
    if (this.current === "dead") return;
    if (this.current === "frozen") {
      this.held.push(fn);
      return;
    }
    this.boundaries += 1;
    this.onBoundary?.(this.boundaries);
    // The boundary itself may have been its last.
    if (this.state === "dead") return;
    if (this.state === "frozen") {
      this.held.push(fn);
      return;
    }
    fn();
  }

  /** Gives the answer of something outside back to the process, as one delivery. */
  receive<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      promise.then(
        (value) => void this.scheduler.schedule(0, () => this.deliver(() => resolve(value))),
        (error: unknown) => void this.scheduler.schedule(0, () => this.deliver(() => reject(error as Error))),
      );
    });
  }

  freeze(): void {
    if (this.current === "running") this.current = "frozen";
  }

  thaw(): void {
    if (this.current !== "frozen") return;
    this.current = "running";
    const held = this.held;
    this.held = [];
    for (const fn of held) this.deliver(fn);
  }

  kill(): void {
    if (this.current === "dead") return;
    this.current = "dead";
    this.held = [];
    for (const fn of this.atDeath) fn();
  }

  /** Runs when the process dies: what the outside notices of it (connections that close). */
  onDeath(fn: () => void): void {
    this.atDeath.push(fn);
  }

  hypervisor(driver: HypervisorDriver): HypervisorDriver {
    return { kind: driver.kind, connect: (endpoint) => this.host(driver.connect(endpoint)) };
  }

  power(driver: PowerDriver): PowerDriver {
    return { kind: driver.kind, connect: (config) => this.through<PowerDevice>(driver.connect(config)) };
  }

  private host(host: HypervisorHost): HypervisorHost {
    return this.through(host, {
      watch: (onEvent, onReconnect) =>
        host.watch(
          (event) => void this.scheduler.schedule(0, () => this.deliver(() => onEvent(event))),
          () => void this.scheduler.schedule(0, () => this.deliver(onReconnect)),
        ),
    });
  }

  /** The same object, whose asynchronous methods answer through `receive`. */
  private through<T extends object>(target: T, instead: Partial<T> = {}): T {
    return new Proxy(target, {
      get: (object, property, receiver) => {
        if (Object.hasOwn(instead, property)) return Reflect.get(instead, property) as unknown;
        const value: unknown = Reflect.get(object, property, receiver);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, object, args);
          return result instanceof Promise ? this.receive(result) : result;
        };
      },
    });
  }
}
