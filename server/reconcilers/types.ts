import type { Context } from "@/server/platform/context";
import type { SeedFiles } from "@/server/compute";
import type { Machines } from "./machines";

/** What one pass says of itself. */
export interface PassOutcome {
  /** Things seen to do and not done yet. */
  readonly backlog: number;
  /** Come again sooner than the period, milliseconds; for times known in advance (a grace, a back-off). */
  readonly againInMs?: number;
}

/** What a pass is given. It takes no other input: what to do is read from the database and from the hosts. */
export interface Pass {
  /** Worker scope; every writing transaction of it is refused once the lease has passed on. */
  readonly context: Context;
  readonly machines: Machines;
  /** Packs first-boot files into the image that a guest finds as a disk. */
  readonly seedImage: (files: SeedFiles) => Uint8Array;
  /** Aborted when the worker stops or the lease is lost: begin nothing new. */
  readonly signal: AbortSignal;
  /**
   * Runs work beyond the pass, once for each key: a second call with a key that is under way, or that ended since this
   * pass began and so may know more than it, is dropped and answers false. The loop comes again when it ends. The lease
   * is held as long as such work goes on.
   */
  readonly background: (key: string, work: () => Promise<void>) => boolean;
  /** Keys of the work under way. */
  readonly busy: (key: string) => boolean;
  /** Wakes another loop of this worker at once; a notification would take the way through the database. */
  readonly wake: (loop: string) => void;
}

/** One thing that runs by itself. Named verb-plural-noun. */
export interface LoopDefinition {
  readonly name: string;
  /** The longest time between two passes, milliseconds; wakes come before. */
  readonly periodMs: number;
  pass(pass: Pass): Promise<PassOutcome>;
  /** Gives back what it holds between passes; called once, when the worker stops. */
  close?(): void;
}
