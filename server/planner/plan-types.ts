import type { PlannerWords } from "./words";

/** What comes out of the planner: actions with reasons, refusals with figures, proofs. Plain JSON. */

export type PolicyName = "place" | "rebalance" | "consolidate" | "evacuate" | "failover";
export type ActionOp = "place" | "migrate" | "stop" | "start" | "power-on" | "power-off";

export interface Prediction {
  seconds: number;
  downtimeMs: number;
  gbMoved: number;
}

/** One step. Steps of a wave may run at once; a wave begins when the one before has ended. */
export interface Action {
  op: ActionOp;
  instanceId: string | null;
  /** Null for `place`, `start` and the power steps, except a start that follows a stop or a loss. */
  fromHostId: string | null;
  /** The host that the step is about; for `stop` the host where the instance stops. */
  toHostId: string;
  wave: number;
  reason: string;
  /** The reason as data, sentence by sentence. */
  words: readonly PlannerWords[];
  /** The figures behind the reason, by name with their unit. */
  numbers: Record<string, number>;
  predicted: Prediction;
  basedOn: { instance: number | null; host: number };
}

export type RuleName =
  | "host-state"
  | "maintenance"
  | "cordoned"
  | "capacity"
  | "reservation"
  | "overcommit"
  | "cpu-model"
  | "reachability"
  | "storage"
  | "anti-affinity"
  | "affinity"
  | "host-rule"
  | "cooldown"
  | "consent"
  | "failover-reserve"
  | "not-migratable"
  | "bandwidth"
  | "contention"
  | "power-cycle"
  | "forecast";

export type ChangeKind =
  | "wake-host"
  | "return-host"
  | "uncordon-host"
  | "free-resource"
  | "raise-ratio"
  | "raise-risk"
  | "connect-host"
  | "move-peer"
  | "relax-rule"
  | "free-storage"
  | "lower-reserve"
  | "wait"
  | "add-host"
  | "combined";

/** A change that an operator can make, in words and as data. */
export interface Change {
  kind: ChangeKind;
  hostId: string | null;
  text: string;
  /** The same as data, one for each thing to do. */
  words: readonly PlannerWords[];
  /** The figure in the text, with its unit in `unit`. */
  amount: number | null;
  unit: string | null;
  /** How much is asked for, to compare changes: 1 is about "one click", more is worse. */
  cost: number;
}

/** Why one host was not chosen: the first rule that failed and what is missing. */
export interface Rejection {
  hostId: string;
  rule: RuleName | "lower-score" | "cost";
  text: string;
  words: readonly PlannerWords[];
  needed: number | null;
  available: number | null;
  missing: number | null;
  unit: string | null;
  change: Change | null;
}

/** An instance for which no host was found. */
export interface Refusal {
  instanceId: string;
  text: string;
  /** Without the advice, which is `smallestChange`. */
  words: readonly PlannerWords[];
  rejections: Rejection[];
  /** The smallest change that would make it fit; it was tried on a copy before being offered. Null: none was found. */
  smallestChange: Change | null;
  otherChanges: Change[];
}

/** A host or instance that the plan leaves alone because its data make no sense. */
export interface LeftOut {
  kind: "host" | "instance";
  id: string;
  text: string;
  /** The same as data. Absent where the data themselves make no sense: that is said to whoever wrote them. */
  words?: readonly PlannerWords[];
}

/** Where an instance restarts: on the first of `hostIds` that is neither lost nor failed to wake. */
export interface RankedBackup {
  instanceId: string;
  hostIds: string[];
}

/** One loss spelled out, where ranked backups do not reach: everything of the lost hosts, and where it restarts. */
export interface RestartCase {
  lostHostIds: string[];
  /** The case holds when this sleeper does not wake; null: while none of the sleepers that it leans on fails. */
  failedSleeperId: string | null;
  placements: { instanceId: string; hostId: string }[];
}

/**
 * Proof that any `losses` awake hosts may be lost at once while any one sleeping host fails to wake. A loss is covered by cases, or else by
 * the ranked backups of everything on its hosts: on every host the largest `losses` loads that may arrive fit into its room.
 */
export interface ReserveProof {
  losses: number;
  asleepHostIds: string[];
  backups: RankedBackup[];
  cases: RestartCase[];
}

/** Why each sleeping host may sleep. Checked by `checkPlan`, kept true by `SleepGuard`. */
export type SleepCertificate = ReserveProof;

/** Time and cost of one wave; `endSeconds` counts from the start of the plan. */
export interface WaveForecast {
  wave: number;
  seconds: number;
  endSeconds: number;
  gbMoved: number;
}

/** Hosts that are emptied together, updated, and back in service before the next stage begins. */
export interface Stage {
  hostIds: string[];
  firstWave: number;
  lastWave: number;
  /** From the start of the plan to the moment when its hosts are empty, and when they are back. */
  emptySeconds: number;
  endSeconds: number;
}

export interface Plan {
  policy: PolicyName;
  clusterId: string;
  seed: number;
  /** Generations of what the plan was made from. */
  basedOn: { cluster: number; hosts: Record<string, number>; instances: Record<string, number> };
  actions: Action[];
  waves: number;
  /** For each instance acted on, the hosts that were considered and not taken. */
  rejected: { instanceId: string; rejections: Rejection[] }[];
  refusals: Refusal[];
  leftOut: LeftOut[];
  /** Lower is better; which score it is depends on the policy and is said in `summary`. */
  scoreBefore: number;
  scoreAfter: number;
  hostsFreed: string[];
  /** failover: the hosts that the plan believes dead; empty for every other plan. */
  lostHostIds: string[];
  predicted: Prediction;
  /** The same, wave by wave. */
  schedule: WaveForecast[];
  /** Stages of a rolling update; empty for every other plan. */
  stages: Stage[];
  /** Score after each action, for policies with a balance score: a reader may stop where the curve gets flat. */
  scoreCurve: number[];
  certificate: SleepCertificate | null;
  summary: string[];
  /** What the summary says of the plan as a whole, as data; empty where nobody shows it. */
  summaryWords: readonly PlannerWords[];
}

/** Something wrong with a plan, found without knowing how it was made. */
export interface Finding {
  rule: RuleName | "stale" | "unknown" | "order" | "concurrency" | "certificate";
  actionIndex: number | null;
  text: string;
}

export interface CheckResult {
  ok: boolean;
  findings: Finding[];
}
