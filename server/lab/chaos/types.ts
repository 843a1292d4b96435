/** What is done to a host, or to the control plane, while orders and moves go on. */
export const FAULT_KINDS = ["power-loss", "partition", "libvirtd-hang", "controller-off", "worker-kill", "dead-with-controller", "silent-and-frozen"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Name of the host; null where it is a worker that is struck. */
  readonly host: string | null;
  readonly atMs: number;
  /** At the latest then it is mended; a lost host comes back earlier when everything of it runs elsewhere. */
  readonly forMs: number;
  /** A lost host comes back at `forMs` although its machines may not yet run elsewhere. */
  readonly hasty: boolean;
}

export const DEED_KINDS = ["order", "remove", "drain", "stop-and-start"] as const;
export type DeedKind = (typeof DEED_KINDS)[number];

/** Something that a tenant or an operator does meanwhile. */
export interface Deed {
  readonly kind: DeedKind;
  readonly atMs: number;
  /** In [0, 1): which instance or host it falls on, of those that there are then. */
  readonly pick: number;
}

export interface RoundPlan {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly deeds: readonly Deed[];
}

export interface Happened {
  /** Since the round began. */
  readonly atMs: number;
  readonly text: string;
}

/** One machine whose host was lost: from the loss until its QEMU ran on another host. */
export interface FailoverTime {
  readonly instance: string;
  readonly from: string;
  readonly to: string;
  readonly cause: FaultKind;
  readonly ms: number;
}

export interface RoundResult {
  readonly seed: number;
  readonly plan: RoundPlan;
  readonly history: readonly Happened[];
  readonly failovers: readonly FailoverTime[];
  /** From the moment at which everything was mended until everything wanted ran; null when it did not in time. */
  readonly settledMs: number | null;
  /** What was broken; empty when the round held. */
  readonly broken: readonly string[];
}

export interface ChaosReport {
  readonly rounds: readonly RoundResult[];
  readonly looks: number;
  readonly longestGapMs: number;
  readonly mostLocked: number;
  /** Times for which nothing can be said. */
  readonly unproved: readonly string[];
  readonly broken: readonly string[];
}
