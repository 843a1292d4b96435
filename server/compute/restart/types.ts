import type { RESTART_PRIORITIES } from "./schema";

export type RestartPriority = (typeof RESTART_PRIORITIES)[number];

/** One instance by what a person calls it. */
export interface NamedInstance {
  readonly id: string;
  readonly name: string;
}

/** What an owner has said about the restart of a machine after the loss of its host. */
export interface RestartOrder {
  readonly instanceId: string;
  readonly priority: RestartPriority;
  /** Those that run first, by name. */
  readonly startAfter: readonly NamedInstance[];
  /** Those that wait for this one, by name. */
  readonly startBefore: readonly NamedInstance[];
  /** What may be chosen as well: in the same cluster, not waiting for this one by any way; by name, `CANDIDATES` at most. */
  readonly candidates: readonly NamedInstance[];
}

/** A machine that another one is to start after, as far as compute knows it. */
export interface Predecessor extends NamedInstance {
  /** Its owner wants it to run now. */
  readonly wanted: boolean;
  /** Where it was seen running; null when it was not. */
  readonly runningAt: { readonly hostId: string; readonly epoch: number } | null;
}
