import type { Clock } from "@/server/platform/clock";
import { isTurnAwaited } from "@/server/platform/combine";
import { DueQueue } from "@/server/drivers/hypervisor/simulated/due-queue";

interface Entry {
  dueMs: number;
  readonly order: number;
  readonly fn: () => void | Promise<void>;
  cancelled: boolean;
}

/** A pass of every loop over a small fleet takes some hundred. */
const MOST_STEPS_AT_ONCE = 20_000;

/**
 * The one source of time and order of a simulation. Nothing happens by itself: a step takes the earliest entry, moves
 * the clock to it, runs it, and waits until every promise that it settled has run. Entries of the same moment run in
 * the order of asking. Real input and output (the database) happens only inside a step, which waits for it, so that the
 * order of everything is a function of the seed.
 */
export class Scheduler implements Clock {
  private readonly queue = new DueQueue<Entry>();
  private order = 0;
  private currentMs: number;
  /** Steps taken so far. */
  steps = 0;
  private stepsNow = 0;

  constructor(startMs: number) {
    this.currentMs = startMs;
  }

  /** Whole milliseconds, as every clock of the project tells them; moments of the scheduler lie in between. */
  nowMs(): number {
    return Math.floor(this.currentMs);
  }

  now(): Date {
    return new Date(this.nowMs());
  }

  /** The moment itself, for traces. */
  exactMs(): number {
    return this.currentMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepBy((afterMs, fn) => this.schedule(afterMs, fn), ms, signal);
  }

  /** Runs `fn` once, `afterMs` from now; the returned function cancels it. */
  schedule(afterMs: number, fn: () => void | Promise<void>): () => void {
    const entry: Entry = { dueMs: this.currentMs + Math.max(0, afterMs), order: this.order++, fn, cancelled: false };
    this.queue.push(entry);
    return () => {
      entry.cancelled = true;
    };
  }

  /** Runs `fn` before everything else that is due now: nothing comes between its asking and it. */
  first(fn: () => void | Promise<void>): void {
    this.queue.push({ dueMs: this.currentMs, order: -1, fn, cancelled: false });
  }

  /** When the next entry is due; null when nothing waits. */
  nextDueMs(): number | null {
    return this.queue.peek()?.dueMs ?? null;
  }

  /** One step, if something is due until `limitMs`; false when nothing is. */
  async step(limitMs: number): Promise<boolean> {
    const entry = this.queue.peek();
    if (!entry || entry.dueMs > limitMs) return false;
    this.queue.pop();
    if (entry.dueMs > this.currentMs) {
      this.currentMs = entry.dueMs;
      this.stepsNow = 0;
    }
    this.steps += 1;
    this.stepsNow += 1;
    if (this.stepsNow > MOST_STEPS_AT_ONCE) throw new Error(`At ${new Date(this.currentMs).toISOString()} more than ${MOST_STEPS_AT_ONCE} things happened without time passing: something comes again at once, for ever.`);
    const work = entry.fn();
    if (work) await work;
    await settled();
    return true;
  }

  /** Steps until nothing is due before `atMs`, and leaves the clock there. */
  async runUntil(atMs: number, afterStep?: () => void | Promise<void>): Promise<void> {
    await settled();
    while (await this.step(atMs)) {
      const looked = afterStep?.();
      if (looked) await looked;
    }
    this.currentMs = Math.max(this.currentMs, atMs);
  }

  /** Steps as far as `work` needs. */
  async drive<T>(work: Promise<T>, limitMs = Number.POSITIVE_INFINITY): Promise<T> {
    let done = false;
    const end = (): void => {
      done = true;
    };
    work.then(end, end);
    await settled();
    while (!done) {
      if (!(await this.step(limitMs))) throw new Error(`The simulation stands still at ${new Date(this.currentMs).toISOString()}: what is waited for can never happen.`);
    }
    return work;
  }

  /** The clock jumps, and everything that waits waits as much longer: a stretch passes in which nothing happens. */
  skip(ms: number): void {
    this.currentMs += ms;
    for (const entry of this.queue.entries) entry.dueMs += ms;
  }
}

/**
 * Every promise and every tick that could run has run when an immediate does. A second turn of the event loop is waited for
 * only where somebody has put work off to it (orders that are written together).
 */
export async function settled(): Promise<void> {
  do await new Promise<void>((resolve) => setImmediate(resolve));
  while (isTurnAwaited());
}

/** A sleep by any way of scheduling, with the clock's contract about signals. */
export function sleepBy(schedule: (afterMs: number, fn: () => void) => () => void, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const aborted = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = schedule(ms, () => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    });
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
