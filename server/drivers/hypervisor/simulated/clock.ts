import type { Clock } from "@/server/platform/clock";
import { systemClock } from "@/server/platform/clock";
import { DueQueue } from "./due-queue";

/** Time as the simulated world sees it. Injected, so that a test can run an hour in a moment. */
export interface SimulatedClock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Runs `fn` once, `afterMs` from now; the returned function cancels it. */
  schedule(afterMs: number, fn: () => void): () => void;
}

/** Real time. */
export function wallClock(): SimulatedClock {
  return {
    nowMs: () => systemClock.nowMs(),
    schedule(afterMs, fn) {
      const timer = setTimeout(fn, Math.max(0, afterMs));
      return () => clearTimeout(timer);
    },
  };
}

/** The project's own clock as the world's, so that loops and world run under one virtual time. */
export function simulatedClock(clock: Clock): SimulatedClock {
  return {
    nowMs: () => clock.nowMs(),
    schedule(afterMs, fn) {
      const cancelled = new AbortController();
      clock.sleep(Math.max(0, afterMs), cancelled.signal).then(fn, (reason: unknown) => {
        if (!cancelled.signal.aborted) throw reason;
      });
      return () => cancelled.abort();
    },
  };
}

/** The world's time as the project's clock, for code that waits by it. */
export function clockOf(source: SimulatedClock): Clock {
  return {
    nowMs: () => source.nowMs(),
    now: () => new Date(source.nowMs()),
    sleep: (ms, signal) => sleepOn(source, ms, signal),
  };
}

function sleepOn(source: SimulatedClock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const aborted = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = source.schedule(ms, () => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    });
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly fn: () => void;
  cancelled: boolean;
}

/**
 * A clock that stands still until it is told to move; timers fire in due order, ties in order of asking. It serves as
 * the project's clock too, and can drive a piece of work exactly as far as it needs.
 */
export class VirtualClock implements SimulatedClock, Clock {
  private readonly queue = new DueQueue<Entry>();
  private order = 0;

  constructor(private currentMs: number = Date.UTC(2026, 0, 1)) {}

  nowMs(): number {
    return this.currentMs;
  }

  now(): Date {
    return new Date(this.currentMs);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  schedule(afterMs: number, fn: () => void): () => void {
    const entry: Entry = { dueMs: this.currentMs + Math.max(0, afterMs), order: this.order++, fn, cancelled: false };
    this.queue.push(entry);
    return () => {
      entry.cancelled = true;
    };
  }

  /** Timers that wait; a world at rest has none. */
  get waiting(): number {
    return this.queue.entries.filter((entry) => !entry.cancelled).length;
  }

  /** Moves `ms` forward. Promises that a timer settles run before the next timer fires. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.currentMs + ms;
    await settle();
    for (let next = this.queue.peek(); next && next.dueMs <= targetMs; next = this.queue.peek()) {
      this.fire();
      await settle();
    }
    this.currentMs = Math.max(this.currentMs, targetMs);
    await settle();
  }

  /**
   * Moves as far as `work` needs. `patienceMs` of real time is left between jumps, so that real input and output
   * inside `work` (a database, say) can finish before simulated time passes over it.
   */
  async drive<T>(work: Promise<T>, patienceMs = 0): Promise<T> {
    let settled = false;
    const done = work.then(
      () => undefined,
      () => undefined,
    );
    const watched = done.then(() => {
      settled = true;
    });
    while (!settled) {
      await settle();
      if (patienceMs > 0) await Promise.race([watched, new Promise((resolve) => setTimeout(resolve, patienceMs))]);
      if (settled) break;
      if (this.queue.peek()) this.fire();
      else await Promise.race([watched, new Promise((resolve) => setTimeout(resolve, 1))]);
    }
    return work;
  }

  private fire(): void {
    const entry = this.queue.pop();
    if (!entry) return;
    this.currentMs = Math.max(this.currentMs, entry.dueMs);
    entry.fn();
  }
}

/** Lets every promise that can settle without time passing settle. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
