import type { Duplex, Readable } from "node:stream";
import type {
  DomainEvent,
  DomainReason,
  DomainSpec,
  GuestFile,
  GuestFilePart,
  GuestPersonality,
  PersonalityReport,
  GuestFileWrite,
  HostFacts,
  HostObservation,
  MemoryImage,
  MigrationProgress,
  MigrationResult,
  PoolObservation,
  ResizeRequest,
  ResizeResult,
  ResumeRequest,
  RunLease,
  SaveRequest,
  SaveResult,
  ScreenEndpoint,
  Screenshot,
  VolumeObservation,
  VolumeSpec,
} from "../types";
import type { Migration } from "./migration";
import type { DoubleRun, GuestProfile, LieKind, PowerRecord, RunRecord, TornGuest } from "./types";

interface Call<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

type OnInstance = { readonly instanceId: string };
type OnVolume = { readonly pool: string; readonly name: string };

/** What can be asked of a host over its (simulated) network; subject to reachability, delay and faults. */
export interface HostCalls {
  readonly ping: Call<Record<string, never>, null>;
  readonly facts: Call<Record<string, never>, HostFacts>;
  readonly observe: Call<Record<string, never>, HostObservation>;
  readonly listPools: Call<Record<string, never>, readonly PoolObservation[]>;
  readonly listVolumes: Call<{ readonly pool: string }, readonly VolumeObservation[]>;
  readonly ensureVolume: Call<VolumeSpec, VolumeObservation>;
  readonly growVolume: Call<OnVolume & { readonly capacityMiB: number }, null>;
  readonly deleteVolume: Call<OnVolume, boolean>;
  readonly startDomain: Call<DomainSpec, null>;
  readonly stopDomain: Call<OnInstance & { readonly mode: "shutdown" | "destroy" }, null>;
  readonly rebootDomain: Call<OnInstance & { readonly mode: "guest" | "reset" }, null>;
  readonly resumeDomain: Call<ResumeRequest, null>;
  readonly removeDomain: Call<OnInstance, boolean>;
  readonly resizeDomain: Call<ResizeRequest, ResizeResult>;
  readonly saveDomain: Call<SaveRequest, SaveResult>;
  readonly restoreDomain: Call<{ readonly spec: DomainSpec; readonly from: MemoryImage }, null>;
  readonly growDisk: Call<OnInstance & { readonly target: string; readonly capacityMiB: number }, null>;
  readonly migrate: Call<Migration, MigrationResult>;
  readonly abortMigration: Call<OnInstance, null>;
  readonly readLease: Call<{ readonly pool: string; readonly hostUuid: string }, RunLease | null>;
  readonly askToYield: Call<{ readonly pool: string; readonly hostUuid: string; readonly request: number | null }, null>;
  readonly dirtyRate: Call<OnInstance & { readonly seconds: number }, number | null>;
  readonly agentCommand: Call<OnInstance & { readonly command: string; readonly args: Readonly<Record<string, unknown>> }, unknown>;
  readonly screenEndpoint: Call<OnInstance, ScreenEndpoint>;
  readonly screenshot: Call<OnInstance, Screenshot>;
  readonly personaliseGuest: Call<OnInstance & { readonly personality: GuestPersonality }, PersonalityReport>;
  readonly listGuestFiles: Call<OnInstance, readonly GuestFile[]>;
  /** Bytes cross as base64: a simulated world may be another process. */
  readonly readGuestFile: Call<OnInstance & GuestFilePart, string>;
  readonly writeGuestFile: Call<OnInstance & Omit<GuestFileWrite, "data"> & { readonly base64: string }, null>;
}

/** What the management controller of a host can be asked: another network, another box. */
export interface PowerCalls {
  readonly powerStatus: Call<{ readonly outlet?: string }, "on" | "off">;
  readonly powerOn: Call<{ readonly outlet?: string }, null>;
  readonly powerOff: Call<{ readonly outlet?: string }, null>;
  readonly powerReading: Call<{ readonly outlet?: string }, number>;
}

/** The hand of fate: what no caller of a real host could do. Never delayed, never refused for silence. */
export interface LabCalls {
  readonly crash: Call<Record<string, never>, null>;
  readonly panic: Call<Record<string, never>, null>;
  readonly partition: Call<{ readonly storage: boolean }, null>;
  /** The link to one other host alone. */
  readonly link: Call<{ readonly other: string; readonly cut: boolean }, null>;
  readonly hang: Call<Record<string, never>, null>;
  readonly slow: Call<{ readonly slowMs: number }, null>;
  readonly lie: Call<{ readonly kind: LieKind | null }, null>;
  readonly heal: Call<Record<string, never>, null>;
  readonly sleep: Call<Record<string, never>, null>;
  readonly wake: Call<Record<string, never>, null>;
  readonly reboot: Call<Record<string, never>, null>;
  readonly bmc: Call<{ readonly reachable?: boolean; readonly slowMs?: number; readonly liesOff?: boolean; readonly answersEarly?: boolean; readonly ignoresOff?: boolean }, null>;
  /** Of a switched outlet; the host's name is not looked at. */
  readonly outlet: Call<{ readonly name: string; readonly reachable?: boolean; readonly refuses?: boolean }, null>;
  readonly crashGuest: Call<OnInstance, null>;
  /** The host pauses a guest: "watchdog" is a watchdog device that was not fed, "unknown" somebody's hand. */
  readonly pauseGuest: Call<OnInstance & { readonly reason: DomainReason }, null>;
  readonly setProfile: Call<OnInstance & { readonly profile: Partial<GuestProfile> }, null>;
  readonly fillPool: Call<{ readonly pool: string; readonly freeBytes: number | null }, null>;
  readonly status: Call<Record<string, never>, WorldStatus>;
  readonly runs: Call<Record<string, never>, readonly RunRecord[]>;
  readonly power: Call<Record<string, never>, readonly PowerRecord[]>;
  readonly doubleRuns: Call<Record<string, never>, readonly DoubleRun[]>;
  readonly tornGuests: Call<Record<string, never>, readonly TornGuest[]>;
}

/** Ground truth in short, for the lab's `status` and for the evidence of a test. */
export interface WorldStatus {
  readonly nowMs: number;
  readonly hosts: readonly {
    readonly name: string;
    readonly phase: "up" | "booting" | "off" | "panicked";
    readonly asleep: boolean;
    readonly partitioned: boolean;
    readonly hung: boolean;
    readonly domains: readonly { readonly instanceId: string; readonly process: string; readonly epoch: number }[];
  }[];
  readonly volumes: readonly { readonly pool: string; readonly name: string }[];
  readonly locks: number;
}

export type WorldCalls = HostCalls & PowerCalls & LabCalls;
export type CallName = keyof WorldCalls;

export interface PortOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: MigrationProgress) => void;
}

/**
 * The one way into a world, whether it lives in this process or in another. `hostName` is empty for calls that
 * concern the whole world.
 */
export interface WorldPort {
  call<K extends CallName>(name: K, hostName: string, input: WorldCalls[K]["input"], options?: PortOptions): Promise<WorldCalls[K]["output"]>;
  uploadVolume(hostName: string, pool: string, name: string, content: Readable, sizeBytes: number, options?: PortOptions): Promise<VolumeObservation>;
  openSerial(hostName: string, instanceId: string, options?: PortOptions): Promise<Duplex>;
  watch(hostName: string, onEvent: (event: DomainEvent) => void, onReconnect: () => void): () => void;
  close(): Promise<void>;
}
