import type { DomainReason, DomainSpec, DomainState } from "../types";
import type { SimulatedClock } from "./clock";

/** How long things take, milliseconds. Zero means at once, with no timer at all. */
export interface Timings {
  /** One call on a healthy network, there and back. */
  readonly callMs: number;
  /** Define and start of a domain until QEMU runs. */
  readonly startMs: number;
  readonly destroyMs: number;
  /** QEMU start until the guest agent answers. */
  readonly guestBootMs: number;
  /** Guest shutdown from the request until QEMU ends, for a guest that obeys. */
  readonly guestShutdownMs: number;
  /** Power-on until the host answers. */
  readonly hostBootMs: number;
  /** Wake from sleep until the host answers. */
  readonly hostWakeMs: number;
  /** The management controller's own work for on and off. */
  readonly powerOnMs: number;
  readonly powerOffMs: number;
  /** A call to a silent address gives up after this (connect time-out, or keepalive on an open connection). */
  readonly unreachableMs: number;
  /** Nobody waits longer for an answer that was lost, however long the work may take: keepalive notices (4 s with the real driver). */
  readonly lostMs: number;
  /** The fixed part of a migration's pause: device state, switch of the network. */
  readonly migrationSwitchMs: number;
  /** Fixed cost before the first page is sent. */
  readonly migrationSetupMs: number;
  /** A lock of a host that cannot reach the storage is broken by the storage after this (an NFS lease). */
  readonly storageLeaseMs: number;
  /** A host that nobody has got through to for so long cuts its own power (a watchdog); 0 never does. */
  readonly selfFenceMs: number;
  /** Length of the run-lease that every host keeps on the shared storage; 0: hosts keep none. */
  readonly leaseTtlMs: number;
}

export interface PoolOptions {
  readonly name: string;
  /** As the hosts see it. */
  readonly path: string;
  readonly capacityGiB: number;
  /** One truth for all hosts; otherwise every host has its own pool of that name. */
  readonly shared: boolean;
}

export interface HostOptions {
  readonly name: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly cpuModel: string;
  readonly usableCpuModels: readonly string[];
  /** Link for memory copies, MiB/s. */
  readonly migrationMiBs: number;
  readonly idleWatts: number;
  readonly fullWatts: number;
  /** The host's own clock minus the world's, milliseconds. */
  readonly clockSkewMs: number;
  readonly state: "up" | "off";
  /** The switched outlets that feed its supplies; none is mains that nobody can switch. It is without power when all of them are off. */
  readonly outlets: readonly string[];
}

/** One switched outlet, as it really is. `refuses`: answers questions and takes no orders. */
export interface OutletRecord {
  on: boolean;
  reachable: boolean;
  refuses: boolean;
}

/** Chances per call, 0..1. All are drawn from the world's seed. */
export interface FaultChances {
  /** The request never arrives: no effect, the caller's time runs out. */
  readonly lostRequest: number;
  /** The effect happens, the reply is lost: the caller's time runs out. */
  readonly lostReply: number;
  /** The caller's time runs out first, and the effect happens afterwards. */
  readonly lateEffect: number;
  /** The call is slow by up to `slowMs`. */
  readonly slow: number;
  readonly slowMs: number;
  /** A migration aborts half-way for no reason of ours. */
  readonly migrationAbort: number;
  /** A guest ignores the request to shut down. Drawn per instance. */
  readonly ignoresShutdown: number;
}

export interface WorldOptions {
  readonly seed?: number;
  readonly clock?: SimulatedClock;
  /** A count gives h1, h2, ... of the default size. */
  readonly hosts?: number | readonly (Partial<HostOptions> & { readonly name: string })[];
  /** Defaults of every host. */
  readonly hostDefaults?: Partial<Omit<HostOptions, "name">>;
  readonly pools?: readonly PoolOptions[];
  /** Bootable volumes that stand in the shared pools from the start. */
  readonly images?: readonly { readonly pool: string; readonly name: string; readonly format: "qcow2" | "raw"; readonly capacityMiB: number }[];
  readonly timings?: Partial<Timings>;
  readonly faults?: Partial<FaultChances>;
  /** A migration that does not converge: forced over by a long pause, or given up at its time-out. */
  readonly nonConverging?: "force" | "timeout";
  /** Behaviour of a guest where it should differ from the seeded one. */
  readonly profile?: (instanceId: string) => Partial<GuestProfile>;
}

/** How one guest behaves: demand for CPU over time, memory writes, obedience. */
export interface GuestProfile {
  /** Always there, fraction of all vCPUs. */
  readonly baseFraction: number;
  /** Peak of the daily sine on top, fraction of all vCPUs. */
  readonly dailyFraction: number;
  /** Position in the day, 0..1. */
  readonly dailyPhase: number;
  /** Height, period and duty of a square wave on top. */
  readonly burstFraction: number;
  readonly burstPeriodMs: number;
  readonly burstDuty: number;
  readonly burstPhase: number;
  /** Memory written per second when all vCPUs are busy, MiB/s. */
  readonly dirtyMiBs: number;
  /** The part of memory that is written again and again. */
  readonly workingSetFraction: number;
  /** The part of memory that was ever touched (what a migration must copy). */
  readonly touchedFraction: number;
  readonly ignoresShutdown: boolean;
  /** Disk and network bytes per second of CPU. */
  readonly diskWriteBytesPerCpuSecond: number;
  readonly netBytesPerCpuSecond: number;
}

export type LieKind = "empty" | "frozen" | "all-running";

/** Ground truth of one host. */
export interface HostRecord {
  readonly options: HostOptions;
  readonly uuid: string;
  readonly name: string;
  /** `panicked`: powered, but dead: nothing runs and nothing answers. */
  phase: "up" | "booting" | "off" | "panicked";
  /** When the present boot ends; meaningful while booting. */
  bootEndsMs: number;
  /** It was on when its mains went. */
  startsWithMains: boolean;
  /** Number of power losses; whatever was under way before the present one is gone. */
  powerCycles: number;
  asleep: boolean;
  partitioned: boolean;
  /** Null while the storage is reachable. */
  storageLostSinceMs: number | null;
  /** When its power or its kernel ended the renewals; null while it renews. */
  leaseStoppedMs: number | null;
  yieldedTo: number;
  /** When somebody last got through to it; a host that fences itself counts from here. */
  contactMs: number;
  hung: boolean;
  slowMs: number;
  lie: { readonly kind: LieKind; readonly frozen: readonly string[] } | null;
  /** `answersEarly`: takes a command at once and carries it out afterwards, as many controllers do. `ignoresOff`: takes the order and stays on. */
  readonly bmc: { reachable: boolean; slowMs: number; liesOff: boolean; answersEarly: boolean; ignoresOff: boolean };
  readonly domains: Map<string, DomainRecord>;
  /** CPU accounting of all domains is exact up to here. */
  accountedMs: number;
  cpuUsedNs: number;
}

export type ProcessRole = "none" | "executing" | "incoming" | "paused";

/** Ground truth of one domain on one host. */
export interface DomainRecord {
  spec: DomainSpec;
  state: DomainState;
  reason: DomainReason;
  epoch: number;
  /** Whether a QEMU process is there, and what it does. */
  process: ProcessRole;
  /** Sizes that the running QEMU has now. */
  vcpus: number;
  memoryMiB: number;
  startedMs: number;
  /** Null where the guest cannot boot (nothing bootable on the disk). */
  bootedAtMs: number | null;
  profile: GuestProfile;
  cpuNs: number;
  delayNs: number;
  diskReadBytes: number;
  diskWrittenBytes: number;
  netBytes: number;
  /** Grows with each start, so that a timer of a former life does nothing. */
  life: number;
  shutdownAsked: boolean;
  migration: MigrationRecord | null;
  guest: GuestMemory;
}

/** What the guest's own kernel holds in memory. */
export interface GuestMemory {
  clockOffsetMs: number;
  /** Written by the guest, not yet on the disk. */
  readonly cache: Map<string, { content: string; sinceMs: number }>;
  /** Who reads the serial port now. */
  readonly serial: Set<(chunk: string) => void>;
  /** Called when the QEMU process goes away: screens and serial ports close. */
  readonly ends: Set<() => void>;
  readonly jobs: Map<number, { readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;
  nextPid: number;
  screenLines: string[];
}

export interface MigrationRecord {
  readonly toHost: string;
  readonly startedMs: number;
  aborted: boolean;
  phase: "precopy" | "switching" | "postcopy";
  abort: (why: string, code: "failed" | "timeout" | "unreachable") => void;
}

export interface VolumeRecord {
  readonly pool: string;
  readonly name: string;
  readonly format: "qcow2" | "raw";
  capacityMiB: number;
  backing: { readonly volume: string; readonly format: "qcow2" | "raw" } | null;
  allocatedBytes: number;
  /** Holds an operating system itself (an imported image), apart from what its backing holds. */
  bootable: boolean;
  contentSha256: string | null;
  /** Files of the guest that are really on this disk. */
  readonly files: Map<string, string>;
  /** How often a machine has begun to write to it. */
  openings?: number;
  /** Set where the volume is no disk but the saved memory of a machine. */
  readonly memory?: SavedMemory;
}

/** What a guest's memory held when it was saved. */
export interface SavedMemory {
  readonly instanceId: string;
  readonly uuid: string;
  readonly cpuModel: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly savedAtMs: number;
  readonly bootedAtMs: number | null;
  readonly clockOffsetMs: number;
  readonly cache: ReadonlyMap<string, { readonly content: string; readonly sinceMs: number }>;
  readonly nextPid: number;
  readonly screenLines: readonly string[];
  /** The `openings` of each writable disk then. */
  readonly writtenBy: Readonly<Record<string, number>>;
}

/** A guest that went on over a disk that had moved on without it: its file system is lost. */
export interface TornGuest {
  readonly instanceId: string;
  readonly host: string;
  readonly disk: string;
  readonly atMs: number;
}

export interface PoolRecord {
  readonly options: PoolOptions;
  readonly volumes: Map<string, VolumeRecord>;
  /** Sum over the volumes, kept as they come and go. */
  allocatedBytes: number;
  /** Bytes that somebody else wrote there. */
  foreignBytes: number;
}

export interface LockHolder {
  readonly host: string;
  readonly instanceId: string;
  readonly life: number;
}

/** One stretch of a guest's vCPUs executing on one host; `endMs` is null while it goes on. */
export interface RunRecord {
  readonly instanceId: string;
  readonly host: string;
  readonly startMs: number;
  /** `migration`: a guest that executed elsewhere goes on here. */
  readonly via: "start" | "migration";
  endMs: number | null;
}

/** One change of a host's power, whoever made it. */
export interface PowerRecord {
  readonly host: string;
  readonly atMs: number;
  readonly to: "on" | "off";
  /** `lost`: everything on it ended at once; `self`: the host did that to itself, because nobody had spoken to it for too long. */
  readonly how: "switched" | "lost" | "self" | "slept" | "rebooted";
}

export interface DoubleRun {
  readonly instanceId: string;
  readonly hosts: readonly [string, string];
  readonly fromMs: number;
  /** Null while it goes on. */
  readonly toMs: number | null;
}

