export type {
  Action,
  ActionOp,
  Change,
  ChangeKind,
  CheckResult,
  Finding,
  LeftOut,
  Plan,
  PolicyName,
  Prediction,
  RankedBackup,
  Refusal,
  Rejection,
  ReserveProof,
  RestartCase,
  RuleName,
  SleepCertificate,
  Stage,
  WaveForecast,
} from "./plan-types";

/**
 * What goes into the planner (what comes out: plan-types.ts). Everything is plain JSON: snapshots are read from files and
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
  /** When it was last put to sleep, for "at most one cycle in so many seconds". Absent: never. */
  lastSleptSeconds?: number;
  /** Name of the link (the uplink of a rack, for example) that its migrations share on the way to hosts of other links. */
  link?: string;
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

/** What was measured, evenly spaced, oldest first. The last sample ends at `endSeconds`. */
export interface DemandHistory {
  stepSeconds: number;
  endSeconds: number;
  cpuMillicores: number[];
}

/** The same for a whole cluster: beside what was wanted, what was booked for instances. */
export interface ClusterHistory extends DemandHistory {
  memoryMiB?: number[];
  vcpus?: number[];
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
  /** Measured demand of the last days or weeks, for a forecast by hour of day and week. */
  history?: DemandHistory;
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
  /** A host is put to sleep at most once in so many seconds. Default 28,800 (8 h): start-ups wear hardware out. */
  powerCycleSeconds?: number;
  /** Migrations at once over one named link (`Host.link`). Absent: any number. */
  migrationsPerLink?: number;
  /** Instances that start at once on one host; booting together they all boot slowly. Absent: any number. */
  startsPerHost?: number;
  /** Guests that dirty memory faster than the link copies may be moved post-copy. Default false: they are left where they are. */
  postCopy?: boolean;
  /** Overcommit by risk, beside the ratio: at most this part of minutes (0..1) may a host be wanted beyond its cores. Absent: no such rule. */
  maxContentionPart?: number;
  /** Mean correlation of the demands of two instances, 0..1 (`estimateCorrelation` reads it from histories). Default 0.1. */
  demandCorrelation?: number;
  /** Rebalance only above this score, and only after it was above for so long. Default 0 and 0: at once. */
  imbalanceThreshold?: number;
  imbalanceHoldSeconds?: number;
  /** How long the effect of an optional move is counted against its cost. Default 3,600. */
  horizonSeconds?: number;
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
  /** What the whole cluster wanted in the last days or weeks; absent: the sum of its instances' histories. */
  history?: ClusterHistory;
  /** Since when the balance score has been above the threshold without a break; null or absent: it is not, or nobody knows. */
  imbalancedSinceSeconds?: number | null;
}

/** An instance that wants a place. Orders with the same `batch` are placed all or not at all. */
export interface PlacementOrder {
  instance: Instance;
  batch?: string | null;
}

