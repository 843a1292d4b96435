import type { Context } from "@/server/platform/context";
import { listen, WAKE_CHANNEL } from "@/server/platform/wake";
import { Loop, type LoopOptions } from "./loop";
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

/** All loops of one worker, woken by name. */
export class Crew {
  private readonly loops = new Map<string, Loop>();
  private stopListening: (() => Promise<void>) | null = null;

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
  }

  /** Stops as a killed process would: nothing is awaited, no lease is given back. For tests of what follows a death. */
  async abandon(): Promise<void> {
    await this.stopListening?.();
    this.stopListening = null;
    for (const loop of this.loops.values()) loop.abandon();
    this.loops.clear();
  }

  /** Begins nothing new, lets what is under way end, gives every lease back. */
  async stop(): Promise<void> {
    await this.stopListening?.();
    this.stopListening = null;
    await Promise.all([...this.loops.values()].map((loop) => loop.stop()));
    for (const definition of this.options.loops) definition.close?.();
  }
}
