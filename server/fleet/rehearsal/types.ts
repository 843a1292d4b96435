import type { rehearsal } from "@/db/schema/automation";
import type { Words } from "@/server/platform/sentences";
import type { RehearsalQuestion } from "./schema";

export type RehearsalRow = typeof rehearsal.$inferSelect;

/** A fleet in figures, over the stretch that was rehearsed. */
export interface FleetFigures {
  readonly hostsAwake: number;
  readonly hostsAsleep: number;
  readonly instances: number;
  readonly vcpusSold: number;
  readonly vcpusSellable: number;
  readonly memorySoldMiB: number;
  readonly memorySellableMiB: number;
  /** Machines of the usual size that would still find a place with the reserve kept; counted up to `HEADROOM_COUNTED`. */
  readonly headroomMachines: number;
  /** What the fullest host is wanted for at its peak, as a part of its cores. */
  readonly hottestFraction: number;
  readonly hottestHostName: string | null;
  /** Minutes in which a host is wanted beyond its cores, summed over the hosts. */
  readonly contentionMinutes: number;
  readonly kwh: number;
  readonly moneyMicros: number;
  readonly carbonGrams: number;
  /** True when the loss of any one awake host is survived, with any one sleeper not waking. */
  readonly lossSurvived: boolean;
  /** The host whose loss would not be. */
  readonly uncoveredHostName: string | null;
}

export interface RehearsedMove {
  /** From the beginning of the stretch. */
  readonly atSeconds: number;
  readonly instanceId: string;
  readonly instanceName: string;
  readonly fromHostName: string | null;
  readonly toHostName: string;
  readonly how: "live" | "restart" | "place";
  readonly why: "balance" | "sleep" | "retire" | "loss" | "order";
  readonly seconds: number;
  readonly downtimeMs: number;
}

export interface RehearsedEvent {
  readonly atSeconds: number;
  readonly kind: "sleep" | "wake" | "awake" | "detected" | "fenced" | "back" | "empty" | "storm" | "full";
  readonly hostName: string | null;
  /** Machines, or the part of the cores that is wanted, by the kind of event. */
  readonly amount: number | null;
}

/** What cannot be done, with the planner's own reason. */
export interface RehearsedRefusal {
  readonly name: string;
  readonly text: string;
  readonly words: readonly Words[];
}

/** One moment of the stretch, for a chart. */
export interface RehearsedMoment {
  readonly atSeconds: number;
  readonly hostsAwake: number;
  readonly watts: number;
  /** The same moment with nothing done. */
  readonly wattsOtherwise: number;
  readonly hottestFraction: number;
}

/** A figure that can be compared with what really happens. */
export interface Foretold {
  readonly figure: string;
  readonly unit: "count" | "ms" | "kwh" | "fraction" | "vcpus" | "seconds";
  readonly value: number;
  /** It agrees with what is measured when the two differ by no more than this. */
  readonly bound: number;
}

export interface RehearsalResult {
  readonly from: string;
  readonly seconds: number;
  readonly before: FleetFigures;
  readonly after: FleetFigures;
  readonly currency: string;
  readonly moves: readonly RehearsedMove[];
  readonly events: readonly RehearsedEvent[];
  readonly refusals: readonly RehearsedRefusal[];
  readonly series: readonly RehearsedMoment[];
  readonly foretold: readonly Foretold[];
  /** What was assumed because it was not known, by name. */
  readonly assumed: readonly ("no-history" | "curves" | "fence-time" | "restart-time" | "wake-time" | "consolidation-on")[];
  /** Days of measured demand that the stretch was made from. */
  readonly historyDays: number;
  /** What Apply would do; null where there is nothing to do, or nobody would want to. */
  readonly apply: "automatic" | "settings" | "ratio" | "drain" | "wake" | null;
  /** Hosts that Apply wakes or drains. */
  readonly applyHostIds: readonly string[];
  /** How long playing it took. */
  readonly playedMs: number;
}

export interface Compared extends Foretold {
  readonly measured: number | null;
  readonly agrees: boolean | null;
}

export interface Receipt {
  readonly figures: readonly Compared[];
  readonly from: string;
  readonly to: string;
  /** Why it could not be compared, or only in part. */
  readonly note: "not-applied" | "settings-changed" | "nothing-happened" | null;
}

/** A rehearsal as screens read it. */
export interface RehearsalView {
  readonly id: string;
  readonly clusterId: string;
  readonly question: RehearsalQuestion;
  /** Names of the hosts and the flavor that the question is about. */
  readonly about: readonly string[];
  readonly state: RehearsalRow["state"];
  readonly askedAt: Date;
  readonly askedBy: string;
  readonly playedAt: Date | null;
  readonly error: string | null;
  readonly result: RehearsalResult | null;
  readonly appliedAt: Date | null;
  readonly compareAt: Date | null;
  readonly receipt: Receipt | null;
  readonly measuredAt: Date | null;
  /** True while the cluster is still as it was when this was played. */
  readonly current: boolean;
}
