import { systemClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { renewLeases } from "@/server/platform/lease";
import { listen, WAKE_CHANNEL } from "@/server/platform/wake";
import { LEASE_TTL_MS, Loop, type LoopOptions } from "./loop";
import type { Machines } from "./machines";
import type { LoopDefinition, Pass } from "./types";

export interface CrewOptions {
  /** Worker scope. */
  readonly context: Context;
  readonly machines: Machines;
  readonly loops: readonly LoopDefinition[];
  readonly seedImage: Pass["seedImage"];
  /** Distinguishes this run of this worker from every other. */
  readonly holder: string;
  /** Where to listen for wakes; null leaves the loops to their periods. */
  readonly databaseUrl: string | null;
  readonly onPass?: LoopOptions["onPass"];
  readonly leaseTtlMs?: number;
  readonly leaseClock?: LoopOptions["leaseClock"];
}

/** Renewed so many times within their life, so that one lost renewal loses nothing. */
const RENEWALS = 4;

/** All loops of one worker, woken by name. */
export class Crew {
  private readonly loops = new Map<string, Loop>();
  private stopListening: (() => Promise<void>) | null = null;
  private readonly gone = new AbortController();

  constructor(private readonly options: CrewOptions) {
    const { context, machines, seedImage, holder, onPass, leaseTtlMs, leaseClock } = options;
    for (const definition of options.loops) {
      const loop = new Loop(definition, { context, machines, seedImage, holder, wakeLoop: (name) => this.wake(name), ...(onPass ? { onPass } : {}), ...(leaseTtlMs === undefined ? {} : { leaseTtlMs }), ...(leaseClock ? { leaseClock } : {}) });
      this.loops.set(definition.name, loop);
    }
  }

  wake(name: string): void {
    this.loops.get(name)?.wake();
  }

  async start(): Promise<void> {
    const { databaseUrl, context } = this.options;
    if (databaseUrl) {
      this.stopListening = await listen({
        url: databaseUrl,
        channel: WAKE_CHANNEL,
        onPayload: (name) => this.wake(name),
        // Wakes may have been lost meanwhile: everybody looks.
        onReconnect: () => {
          for (const loop of this.loops.values()) loop.wake();
        },
        logger: context.logger,
      });
    }
    for (const loop of this.loops.values()) loop.start();
    void this.keepLeases();
  }

  /** One statement renews the leases of all loops: most of the time it is the only thing that an idle worker writes. */
  private async keepLeases(): Promise<void> {
    const { context, holder } = this.options;
    const clock = this.options.leaseClock ?? systemClock;
    const ttlMs = this.options.leaseTtlMs ?? LEASE_TTL_MS;
    while (!this.gone.signal.aborted) {
      try {
        await clock.sleep(ttlMs / RENEWALS, this.gone.signal);
        const held = [...this.loops.values()].filter((loop) => loop.held);
        const askedMs = clock.nowMs();
        const epochs = await renewLeases(context.db, held.flatMap((loop) => loop.held ?? []), holder, ttlMs);
        for (const loop of held) loop.renewed(epochs.get(loop.definition.name) ?? null, askedMs);
      } catch (error) {
        // The worker ends, or the database is away: nothing is written without a lease, and the next round or pass finds out.
        if (!this.gone.signal.aborted) context.logger.warn({ err: error }, "the leases could not be renewed");
      }
    }
  }

  /** Stops as a killed process would: nothing is awaited, no lease is given back. For tests of what follows a death. */
  async abandon(): Promise<void> {
    await this.stopListening?.();
    this.stopListening = null;
    this.gone.abort(new Error("the worker is gone"));
    for (const loop of this.loops.values()) loop.abandon();
    this.loops.clear();
  }

  /** Begins nothing new, lets what is under way end, gives every lease back. */
  async stop(): Promise<void> {
    await this.stopListening?.();
    this.stopListening = null;
    // Leases are kept until the last piece of work has ended.
    await Promise.all([...this.loops.values()].map((loop) => loop.stop()));
    this.gone.abort(new Error("the worker stops"));
    for (const definition of this.options.loops) definition.close?.();
  }
}
