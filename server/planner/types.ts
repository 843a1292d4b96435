import type { PlannerWords } from "./words";

/**
 * What goes into the planner and what comes out. Everything here is plain JSON: snapshots are read from files and
 * plans are stored as decisions. Times are seconds since the epoch, given by the caller: the planner has no clock.
 */

/** `down` is a host known or believed dead; `asleep` was put to sleep on purpose and can be woken. */
export type HostState = "up" | "waking" | "asleep" | "down";

/** Watts at 0 %, 10 %, ... 100 % of the cores busy (11 numbers, linear between them). */
export interface PowerCurve {
  watts: number[];
  asleepWatts: number;
}

export interface Host {
  id: string;
  name: string;
  /** Changes whenever something that matters to a plan changed; applying a plan re-checks it. */
  generation: number;
  state: HostState;
  /** Cordoned: what runs stays, nothing new arrives. */
  cordoned: boolean;
  /** In maintenance: nothing may run here. */
  maintenance: boolean;
  cpuCores: number;
  memoryMiB: number;
  /** Memory of the host itself, never given to instances. */
  systemMemoryMiB: number;
  /** Guest CPU models that the host can offer. */
  cpuModels: string[];
  /** Ids of the storage pools and networks that the host reaches. */
  storagePools: string[];
  networks: string[];
  /** Failure domains by kind, for example `{ zone: "a", rack: "r7" }`. */
  failureDomains?: Record<string, string>;
  power?: PowerCurve;
  /** Seconds from "switch on" to "takes instances". Default 120. */
  wakeSeconds?: number;
  /** When the host last went to sleep or woke, for minimum awake and asleep times. */
  stateSinceSeconds?: number;
  /** Bandwidth for migrations. Default: the policy's. */
  linkMbps?: number;
  /** CPU use measured on the host, in thousandths of a core. NaN or negative marks bad metrics: the host is left out. */
  measuredCpuMillicores?: number;
}

/** What a class of flavors promises. Dedicated: reservation = limit = 1000; burstable: a low reservation. */
export interface InstanceClass {
  name: string;
  /** Guaranteed floor and cap of CPU, in thousandths of a core for each vCPU. */
  cpuReservationMillicoresPerVcpu: number;
  cpuLimitMillicoresPerVcpu: number;
  /** Weight in contention, for each vCPU. */
  cpuSharesPerVcpu: number;
  /** Guaranteed part of the memory, 0..1. */
  memoryReservationRatio: number;
  /** Weight in contention, for each MiB. */
  memorySharesPerMiB: number;
}

export interface Demand {
  cpuMillicores: number;
  /** One standard deviation of the forecast. */
  cpuSpreadMillicores: number;
  memoryMiB: number;
}

export interface TimeWindow {
  fromSeconds: number;
  toSeconds: number;
}

export interface InstanceDisk {
  storagePoolId: string;
  sizeMiB: number;
  /** Physically written so far; thin disks start near 0. */
  usedMiB?: number;
}

export interface Instance {
  id: string;
  name: string;
  generation: number;
  vcpus: number;
  memoryMiB: number;
  instanceClass: InstanceClass;
  /** Desired power. An `off` instance keeps its place, but failover does not start it. */
  wanted: "on" | "off";
  /** Where it is allocated now; null waits for a place. */
  hostId: string | null;
  /** The guest CPU model that it was created with; null takes any. */
  cpuModel: string | null;
  disks: InstanceDisk[];
  networks: string[];
  /** False: it can only move by stop and start (a passed-through device, for example). */
  canMigrate: boolean;
  /** Restart order after a host loss: higher first. Default 0. */
  priority?: number;
  /** Ids of instances that must be started before this one. */
  startAfter?: string[];
  demand?: Demand;
  /** How fast the guest writes its memory, for the migration estimate. Default 16. */
  dirtyMiBPerSecond?: number;
  lastMovedSeconds?: number;
  /** When its owner agrees to be moved by rebalance or consolidate. Absent: always. */
  consentWindows?: TimeWindow[];
}

export type GroupKind = "apart" | "together";

/** Instances that must (hard) or should (soft) stay apart, or together, on the level of a host or failure domain. */
export interface Group {
  id: string;
  kind: GroupKind;
  hard: boolean;
  /** `host`, or a key of `failureDomains`. */
  scope: string;
  instanceIds: string[];
}

/** Instances that may run `only` on some hosts, or `never` on them; a soft rule is a preference. */
export interface HostRule {
  id: string;
  kind: "only" | "never";
  hard: boolean;
  instanceIds: string[];
  hostIds: string[];
}

export interface StoragePool {
  id: string;
  capacityMiB: number;
  /** Physically used now, by everything. */
  usedMiB: number;
  /** Sum of the sizes sold, thin or thick. */
  allocatedMiB: number;
}

/** How much may be sold of a cluster. Ratios are sold / physical; reservations never exceed the physical host. */
export interface ClusterPolicy {
  cpuRatio: number;
  memoryRatio: number;
  storageRatio: number;
  /** A pool with less physical space than this takes no new disk, whatever the ratio says. */
  storageFloorMiB: number;
  /** Any so many hosts may fail at once and everything that is on still finds a place. */
  failoverReserveHosts: number;
  /** An instance moved less than this ago is not moved again by rebalance or consolidate. */
  cooldownSeconds: number;
  /** Migrations at once on one host, in and out counted together. */
  migrationsPerHost: number;
  /** Migrations at once in the whole cluster. */
  migrationsAtOnce: number;
  linkMbps: number;
  minAwakeSeconds?: number;
  minAsleepSeconds?: number;
}

export interface ClusterSnapshot {
  clusterId: string;
  generation: number;
  takenAtSeconds: number;
  hosts: Host[];
  instances: Instance[];
  groups: Group[];
  hostRules: HostRule[];
  storagePools: StoragePool[];
  policy: ClusterPolicy;
}

/** An instance that wants a place. Orders with the same `batch` are placed all or not at all. */
export interface PlacementOrder {
  instance: Instance;
  batch?: string | null;
}

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
  | "not-migratable";

export type ChangeKind =
  | "wake-host"
  | "return-host"
  | "uncordon-host"
  | "free-resource"
  | "raise-ratio"
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
  rule: RuleName | "lower-score";
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
}

/** Why each sleeping host may sleep: where everything goes after any single loss. Checked by `checkPlan`. */
export interface SleepCertificate {
  asleepHostIds: string[];
  /** For each awake host the restart place of each of its instances; holds whichever one sleeper fails to wake. */
  restarts: { lostHostId: string; failedSleeperId: string | null; placements: { instanceId: string; hostId: string }[] }[];
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
  predicted: Prediction;
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
