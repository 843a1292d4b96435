import { systemClock, type Clock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { acquireLease, LeaseLost, releaseLease, type Lease } from "@/server/platform/lease";
import { recordPass } from "@/server/fleet";
import { Background } from "./background";
import { leasedDatabase } from "@/server/platform/leased-database";
import type { Machines } from "./machines";
import type { LoopDefinition, Pass } from "./types";

/**
 * How long a dead worker keeps others from its loops. Long enough that a stalled event loop or a slow commit does not
 * lose it, short enough that a failover under way is taken up in time.
 */
export const LEASE_TTL_MS = 5_000;
/** Passes without news are counted and written so often: most of what an idle worker wrote was that nothing happened. */
const RECORD_EVERY_MS = 5_000;
const MIN_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 15_000;
/** A wake during a back-off is a reason to try earlier, not at once: whoever wakes may be the one who fails. */
const WOKEN_BACKOFF_MS = 1_000;

export interface LoopOptions {
  readonly context: Context;
  readonly machines: Machines;
  readonly seedImage: Pass["seedImage"];
  /** Distinguishes this run of this worker from every other. */
  readonly holder: string;
  /** Default `LEASE_TTL_MS`. */
  readonly leaseTtlMs?: number;
  /** The clock that leases are renewed by; their times are the database's own, so it is the real one unless the database's is not. */
  readonly leaseClock?: Clock;
  readonly wakeLoop: (name: string) => void;
  readonly onPass?: (figures: { readonly loop: string; readonly ok: boolean; readonly durationMs: number; readonly backlog: number; readonly busy: number }) => void;
}

/** Runs one definition: on wakes and by period, one pass at a time, only while its lease is held. */
export class Loop {
  private readonly stopping = new AbortController();
  private readonly background: Background;
  private lease: Lease | null = null;
  private leaseLost: AbortController | null = null;
  private woken = true;
  private ring: (() => void) | null = null;
  private failures = 0;
  private running: Promise<void> | null = null;
  private unrecorded = 0;
  private recordedMs = Number.NEGATIVE_INFINITY;
  private recordedBacklog = -1;
  private renewedMs = Number.NEGATIVE_INFINITY;
  private readonly ttlMs: number;
  private readonly leaseClock: Clock;

  constructor(
    readonly definition: LoopDefinition,
    private readonly options: LoopOptions,
  ) {
    this.ttlMs = options.leaseTtlMs ?? LEASE_TTL_MS;
    this.leaseClock = options.leaseClock ?? systemClock;
    this.background = new Background(options.context.logger, () => this.wake());
  }

  /** Asks for a pass soon. Wakes that come while one runs lead to one more, not to many. */
  wake(): void {
    this.woken = true;
    this.ring?.();
  }

  start(): void {
    this.running ??= this.live();
  }

  /** Begins nothing new, lets what is under way end, and gives the lease back. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error("the worker stops"));
    this.ring?.();
    await this.running;
    await this.background.settle();
    if (this.lease) await releaseLease(this.options.context.db, this.lease);
    this.lease = null;
  }

  /** Ends without waiting and without giving the lease back, as a killed process does. */
  abandon(): void {
    this.stopping.abort(new Error("the worker is gone"));
    this.ring?.();
  }

  private async live(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.woken = false;
      const delayMs = await this.attempt();
      if (this.stopping.signal.aborted) break;
      await this.rest(delayMs);
    }
  }

  /** One pass if the lease can be had; answers when to come again, milliseconds. */
  private async attempt(): Promise<number> {
    try {
      if (!(await this.hold())) return this.ttlMs / 2;
    } catch (error) {
      this.failures += 1;
      this.options.context.logger.warn({ loop: this.definition.name, err: error }, "the lease could not be asked for");
      return this.backoffMs();
    }
    return this.runPass();
  }

  private async hold(): Promise<boolean> {
    const askedMs = this.leaseClock.nowMs();
    // Renewed a moment ago: every write proves the lease anyway.
    if (this.lease && askedMs - this.renewedMs < this.ttlMs / 2) return true;
    const lease = await acquireLease(this.options.context.db, this.definition.name, this.options.holder, this.ttlMs);
    if (!lease) {
      this.lose();
      return false;
    }
    if (this.lease?.epoch !== lease.epoch) {
      this.lose();
      this.leaseLost = new AbortController();
    }
    this.lease = lease;
    this.renewedMs = askedMs;
    return true;
  }

  /** The name of the lease that it holds now; null while it holds none. */
  get held(): Lease | null {
    return this.lease;
  }

  /** What became of its lease when the leases of the whole worker were renewed, as asked for at `askedMs`. */
  renewed(epoch: number | null, askedMs: number): void {
    if (!this.lease) return;
    if (epoch === this.lease.epoch) this.renewedMs = askedMs;
    else this.lose();
  }

  private lose(): void {
    if (this.lease) this.leaseLost?.abort(new LeaseLost(this.lease));
    this.lease = null;
  }

  private async runPass(): Promise<number> {
    const { context, machines, wakeLoop, holder } = this.options;
    const name = this.definition.name;
    const startedMs = context.clock.nowMs();
    this.background.beginPass();
    try {
      const outcome = await this.definition.pass(this.passFor(context, machines, wakeLoop));
      const durationMs = context.clock.nowMs() - startedMs;
      this.unrecorded += 1;
      const news = this.failures > 0 || outcome.backlog !== this.recordedBacklog;
      if (news || startedMs - this.recordedMs >= RECORD_EVERY_MS) {
        await recordPass(context, { name, worker: holder, startedAt: new Date(startedMs), durationMs, backlog: outcome.backlog, error: null, passes: this.unrecorded });
        this.unrecorded = 0;
        this.recordedMs = startedMs;
        this.recordedBacklog = outcome.backlog;
      }
      this.failures = 0;
      this.options.onPass?.({ loop: name, ok: true, durationMs, backlog: outcome.backlog, busy: this.background.size });
      return Math.min(this.definition.periodMs, outcome.againInMs ?? this.definition.periodMs);
    } catch (error) {
      this.failures += 1;
      const durationMs = context.clock.nowMs() - startedMs;
      context.logger.error({ loop: name, err: error, failures: this.failures }, "a pass failed");
      this.options.onPass?.({ loop: name, ok: false, durationMs, backlog: 0, busy: this.background.size });
      this.recordedBacklog = -1;
      const passes = this.unrecorded + 1;
      this.unrecorded = 0;
      await recordPass(context, { name, worker: holder, startedAt: new Date(startedMs), durationMs, backlog: 0, error: error instanceof Error ? error.message : String(error), passes }).catch((failure: unknown) =>
        context.logger.warn({ loop: name, err: failure }, "the failed pass could not be noted"),
      );
      return this.backoffMs();
    }
  }

  private passFor(context: Context, machines: Machines, wakeLoop: (name: string) => void): Pass {
    const lease = this.lease;
    if (!lease) throw new Error(`The loop ${this.definition.name} has no lease; nothing was begun.`);
    const signal = this.leaseLost ? AbortSignal.any([this.stopping.signal, this.leaseLost.signal]) : this.stopping.signal;
    return {
      context: { ...context, db: leasedDatabase(context.db, () => lease), actor: { kind: "system", id: this.definition.name } },
      machines,
      seedImage: this.options.seedImage,
      signal,
      background: (key, work) => !signal.aborted && this.background.start(key, work),
      busy: (key) => this.background.has(key),
      wake: wakeLoop,
    };
  }

  private backoffMs(): number {
    return Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** Math.min(this.failures, 8));
  }

  /** Waits until the time has come or somebody wakes. While it fails, a wake is a reason to try earlier, not at once. */
  private async rest(delayMs: number): Promise<void> {
    let leftMs = delayMs;
    if (this.failures > 0) {
      const quietMs = Math.min(leftMs, WOKEN_BACKOFF_MS);
      await this.sleep(quietMs, false);
      leftMs -= quietMs;
    }
    if (leftMs > 0 && !this.woken) await this.sleep(leftMs, true);
  }

  private async sleep(ms: number, wakeable: boolean): Promise<void> {
    const rung = new AbortController();
    const stop = (): void => rung.abort(new Error("woken"));
    this.ring = wakeable ? stop : null;
    if (this.stopping.signal.aborted) return;
    this.stopping.signal.addEventListener("abort", stop, { once: true });
    try {
      await this.options.context.clock.sleep(ms, rung.signal);
    } catch (error) {
      // Being woken is how this sleep usually ends.
      if (!rung.signal.aborted) throw error;
    } finally {
      this.ring = null;
      this.stopping.signal.removeEventListener("abort", stop);
    }
  }
}
