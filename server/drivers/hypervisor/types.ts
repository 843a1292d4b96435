import type { Words } from "@/server/platform/sentences";
import type { Duplex, Readable } from "node:stream";
import type { GuestFile, GuestFilePart, GuestFileWrite, GuestPersonality, PersonalityReport } from "./guest/types";

export { GUEST_FILE_PART_BYTES, PERSONAL_OUTCOMES } from "./guest/types";
export type { GuestFile, GuestFilePart, GuestFileWrite, GuestKeyboard, GuestLocale, GuestPersonality, PersonalityReport, PersonalOutcome } from "./guest/types";

/**
 * The hypervisor door. A driver makes no choices: it is told what a domain must be and on which host, and it
 * says what is. All methods are safe to repeat; all reject with `DriverError` (see ../errors.ts).
 */
export interface HypervisorDriver {
  readonly kind: "libvirt" | "simulated";
  /** Opens nothing yet: the connection is made at the first call, and made again after it was lost. */
  connect(host: HostEndpoint): HypervisorHost;
}

export interface HostEndpoint {
  readonly hostId: string;
  /** `tcp://10.0.0.1:16509`, `tls://host.example:16514`, `unix:///run/libvirt/libvirt-sock`, `simulated://h1`. */
  readonly uri: string;
  /** Where other hosts and the console gateway reach this host; migration uses it. */
  readonly managementAddress: string;
  /** PEM texts for tls:// endpoints. */
  readonly tls?: { readonly ca: string; readonly certificate: string; readonly key: string };
}

export interface CallOptions {
  /** Wall-clock bound of this call in milliseconds; a driver has a sensible default per call. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What a domain must be. Names and sizes are decided; nothing is left to the driver's taste. */
export interface DomainSpec {
  /** Also the domain's name on the host. */
  readonly instanceId: string;
  /** RFC 4122 text, stable over the instance's life (it derives from the instance id). */
  readonly uuid: string;
  /** Tenant-visible name; host name of the guest. */
  readonly title: string;
  /** Fencing epoch of the allocation. Written into the domain; a driver refuses to act for an older one. */
  readonly epoch: number;
  readonly vcpus: number;
  /** Hot-plug ceiling; at least `vcpus`. */
  readonly maxVcpus: number;
  readonly memoryMiB: number;
  /** Hot-plug ceiling; at least `memoryMiB`. */
  readonly maxMemoryMiB: number;
  readonly cpu: CpuSpec;
  readonly boot: BootSpec;
  readonly disks: readonly DiskSpec[];
  readonly nics: readonly NicSpec[];
}

export interface CpuSpec {
  /** The cluster's baseline model (`qemu64`, `x86-64-v2-AES`, ...); the same on every host, so that moves work. */
  readonly model: string;
  /** Weight against neighbours under contention (libvirt cpu shares: 2..262144). */
  readonly shares: number;
  /** Hard cap in thousandths of a core over all vCPUs; null = none. */
  readonly limitMillicores: number | null;
}

export type BootSpec =
  | { readonly kind: "disk"; readonly firmware: "bios" | "uefi" }
  /** Direct kernel boot; paths are as the host sees them. */
  | { readonly kind: "kernel"; readonly kernelPath: string; readonly initrdPath: string; readonly commandLine: string };

export interface DiskSpec {
  /** Guest device: vda, vdb, ... in order. */
  readonly target: string;
  readonly pool: string;
  /** Volume name inside the pool. */
  readonly volume: string;
  /** Always explicit: a probed format is a way to read the host's files. */
  readonly format: "qcow2" | "raw";
  readonly readOnly: boolean;
}

export interface NicSpec {
  readonly macAddress: string;
  /** Bridge on the host. */
  readonly bridge: string;
  /** The guest may send from this address only (anti-spoofing filter); null = any. */
  readonly ipAddress: string | null;
  /** The guest hears and is heard by IPv4 addresses of this network (`10.1.2.0/24`) alone, on whichever bridge it is; null = by everybody. Needs `ipAddress`. */
  readonly onlyWithin: string | null;
}

export interface VolumeSpec {
  readonly pool: string;
  readonly name: string;
  readonly format: "qcow2" | "raw";
  readonly capacityMiB: number;
  /** A qcow2 overlay over this volume of the same pool; the base is never written. */
  readonly backing: { readonly volume: string; readonly format: "qcow2" | "raw" } | null;
}

export interface VolumeObservation {
  readonly pool: string;
  readonly name: string;
  readonly capacityBytes: number;
  readonly allocatedBytes: number;
  /** Path as the host sees it. */
  readonly path: string;
}

export interface PoolObservation {
  readonly name: string;
  readonly path: string;
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly allocatedBytes: number;
}

/** Facts that change at enrolment or reboot only. */
export interface HostFacts {
  readonly hostname: string;
  readonly hostUuid: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly cpuModel: string;
  /** Models that the host can offer to guests; the cluster baseline must be one of them. */
  readonly usableCpuModels: readonly string[];
  readonly hypervisorVersion: string;
  readonly driverVersion: string;
  /** `kvm` only where a stock kernel really boots under it. */
  readonly accelerator: "kvm" | "emulation";
  /** False: hosts of this kind keep no run-lease, so there is none to ask for. */
  readonly keepsLeases: boolean;
  readonly pools: readonly string[];
}

export type DomainState = "running" | "paused" | "shutting-down" | "stopped" | "crashed" | "suspended";

/** Why a domain is in its state, as far as the host knows. */
export type DomainReason =
  | "started"
  | "guest-shutdown"
  | "destroyed"
  | "crashed"
  | "migrated-in"
  | "migrated-out"
  | "migrating"
  | "io-error"
  | "watchdog"
  | "failed"
  | "saved"
  | "unknown";

export interface DomainObservation {
  readonly instanceId: string;
  readonly uuid: string;
  readonly state: DomainState;
  readonly reason: DomainReason;
  /** Null where the domain was not made by Berth. */
  readonly epoch: number | null;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** Since the domain started on this host; nanoseconds of CPU time over all vCPUs. */
  readonly cpuTimeNs: bigint;
  /** Time vCPUs were ready and not running (steal), nanoseconds. */
  readonly cpuDelayNs: bigint;
  readonly balloonUnusedMiB: number | null;
  readonly residentMiB: number | null;
  readonly diskReadBytes: bigint;
  readonly diskWrittenBytes: bigint;
  readonly netReceivedBytes: bigint;
  readonly netSentBytes: bigint;
}

export interface HostObservation {
  /** The host's own wall clock, milliseconds since 1970; compare with ours for skew. */
  readonly hostTimeMs: number | null;
  /** Every domain on the host, running or only defined, Berth's or not. */
  readonly domains: readonly DomainObservation[];
}

export interface MigrateRequest {
  readonly instanceId: string;
  readonly epoch: number;
  readonly to: HostEndpoint;
  /** 0 = unlimited. */
  readonly bandwidthMiBs: number;
  /** Longest pause allowed before the guest is forced over, milliseconds. */
  readonly maxDowntimeMs: number;
  readonly timeoutMs: number;
  readonly mode: "precopy" | "postcopy";
  readonly onProgress?: (progress: MigrationProgress) => void;
}

export interface MigrationProgress {
  readonly transferredBytes: number;
  readonly remainingBytes: number;
  readonly dirtyPagesPerSecond: number | null;
}

export interface MigrationResult {
  readonly totalMs: number;
  /** Null when the hypervisor could not say. */
  readonly downtimeMs: number | null;
  readonly transferredBytes: number | null;
}

export interface ResizeRequest {
  readonly instanceId: string;
  readonly epoch: number;
  readonly vcpus?: number;
  readonly memoryMiB?: number;
}

export interface ResizeResult {
  readonly applied: "live" | "at-next-boot";
  /** Why not live, for the tenant to read; null when live. */
  readonly reason: string | null;
  /** The same as data; absent where there is only the text. */
  readonly words?: readonly Words[];
}

/**
 * A file in a pool with the whole memory of a domain at one moment. It is half of a pair: it fits the disks as they were at
 * that moment and no others, so it is used once and thrown away as soon as the domain has run again in any way.
 */
export interface MemoryImage {
  readonly pool: string;
  readonly name: string;
}

export interface SaveRequest {
  readonly instanceId: string;
  readonly epoch: number;
  readonly to: MemoryImage;
}

export interface SaveResult {
  /** What the file takes on the storage. */
  readonly sizeBytes: number;
}

export interface DomainEvent {
  readonly instanceId: string;
  readonly kind: "started" | "stopped" | "crashed" | "paused" | "resumed" | "migrated" | "defined" | "undefined" | "watchdog" | "agent";
  readonly reason: DomainReason;
}

/** A host's promise, kept on the shared storage, that its machines die when it can no longer renew it. See lease/README.md. */
export interface RunLease {
  readonly hostUuid: string;
  /** Grows with every renewal. */
  readonly beat: number;
  /** Without a renewal for so long the host ends its own machines. */
  readonly ttlSeconds: number;
  /** The newest request to yield that it has carried out: its machines are ended, and stay so until the request is taken back. 0: none. */
  readonly yieldedTo: number;
  /** How long the storage keeps the locks of a host that has fallen silent, as that host sees it; null: it cannot know. */
  readonly storageSeconds: number | null;
}

export interface ResumeRequest {
  readonly instanceId: string;
  readonly epoch: number;
}

/** One host, reached through one connection that heals itself. */
export interface HypervisorHost {
  readonly endpoint: HostEndpoint;
  /** Cheap answer from the host itself; resolves to the round trip in milliseconds. */
  ping(options?: CallOptions): Promise<number>;
  facts(options?: CallOptions): Promise<HostFacts>;
  /** One bulk call for all domains. */
  observe(options?: CallOptions): Promise<HostObservation>;
  /** Events are hints: they are lost over a reconnect. `onReconnect` says: list again. Returns the way to stop. */
  watch(onEvent: (event: DomainEvent) => void, onReconnect: () => void): () => void;

  listPools(options?: CallOptions): Promise<readonly PoolObservation[]>;
  listVolumes(pool: string, options?: CallOptions): Promise<readonly VolumeObservation[]>;
  /** Creates it, or confirms that the same is there (`already-exists` when it differs). */
  ensureVolume(spec: VolumeSpec, options?: CallOptions): Promise<VolumeObservation>;
  /** Replaces the whole content of a raw volume (seeds, imported images); creates it at `sizeBytes`. */
  uploadVolume(pool: string, name: string, content: Readable, sizeBytes: number, options?: CallOptions): Promise<VolumeObservation>;
  /** Grows a volume that no domain uses now; never shrinks. */
  growVolume(pool: string, name: string, capacityMiB: number, options?: CallOptions): Promise<void>;
  /** True when it was there. */
  deleteVolume(pool: string, name: string, options?: CallOptions): Promise<boolean>;

  /**
   * Defines and starts; a running domain of the same epoch and the same disks is a success, of an older epoch `stale-epoch` is
   * thrown when the caller is the older one, and `already-exists` when the running one is older, or stands on other disks: an
   * order that was given up may take effect late, and what it started is not what is wanted now (stop it first).
   */
  startDomain(spec: DomainSpec, options?: CallOptions): Promise<void>;
  /** `shutdown` asks the guest and returns at once; `destroy` cuts the power and returns when it is off. */
  stopDomain(instanceId: string, mode: "shutdown" | "destroy", options?: CallOptions): Promise<void>;
  rebootDomain(instanceId: string, mode: "guest" | "reset", options?: CallOptions): Promise<void>;
  /**
   * Lets a domain go on that its host paused because a write found no room (`paused`, `io-error`): that write is tried again. A domain that
   * runs is a success; one that is off, or paused for another reason, is `invalid`. Where there is still no room the host pauses it again, at once.
   */
  resumeDomain(request: ResumeRequest, options?: CallOptions): Promise<void>;
  /** Removes the definition of a stopped domain with its host-side state; true when it was there. */
  removeDomain(instanceId: string, options?: CallOptions): Promise<boolean>;
  /**
   * Writes the memory of a running domain to a file and ends its process; the definition stays, stopped with the reason `saved`. When
   * it cannot be done (no room) the domain goes on as before. Asked again after it was done it answers the same.
   */
  saveDomain(request: SaveRequest, options?: CallOptions): Promise<SaveResult>;
  /**
   * As `startDomain`, but the guest goes on where it was saved, on this host or another one, in the sizes that it had then. The
   * file stays; the caller must never use it twice. `not-found`: there is no such file. `unsupported`: it is no whole memory of this
   * domain, or this host's machine type or CPU does not fit it; the domain can be started without it.
   */
  restoreDomain(spec: DomainSpec, from: MemoryImage, options?: CallOptions): Promise<void>;
  resizeDomain(request: ResizeRequest, options?: CallOptions): Promise<ResizeResult>;
  /** Grows a disk of a running domain; the guest sees it at once. */
  growDisk(instanceId: string, target: string, capacityMiB: number, options?: CallOptions): Promise<void>;
  migrate(request: MigrateRequest): Promise<MigrationResult>;
  /** Stops a migration away from this host; the domain goes on here. */
  abortMigration(instanceId: string, options?: CallOptions): Promise<void>;
  /** MiB/s that the guest writes to memory, measured over `seconds`; null when unsupported. */
  dirtyRate(instanceId: string, seconds: number, options?: CallOptions): Promise<number | null>;

  /** What the shared storage says of some host's run-lease, as this host sees it; null where that host keeps none. */
  readLease(pool: string, hostUuid: string, options?: CallOptions): Promise<RunLease | null>;
  /** Tells some host, through the shared storage, to end its machines (a growing number), or takes that back (null). */
  askToYield(pool: string, hostUuid: string, request: number | null, options?: CallOptions): Promise<void>;

  /** One guest-agent command as JSON (`guest-ping`, `guest-exec`, ...); resolves to its `return` value. */
  agentCommand(instanceId: string, command: string, args?: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<unknown>;
  /** Where the screen can be reached now, from the gateway. */
  screenEndpoint(instanceId: string, options?: ScreenOptions): Promise<ScreenEndpoint>;
  /**
   * How the guest's end of the viewers' clipboard stands: `open` since its agent listens, `waiting` while nobody does, `none` where the machine has no channel for one. What a viewer
   * sends before it is open is dropped.
   */
  clipboardState(instanceId: string, options?: CallOptions): Promise<"open" | "waiting" | "none">;
  /** The screen as it is now. `unsupported`: the machine has none. */
  screenshot(instanceId: string, options?: ScreenshotOptions): Promise<Screenshot>;
  /**
   * Tells a running guest through its agent who it is and whose; what it is told is in its files, for its next boot too, and taken over by a screen that is up. Told again the same, nothing
   * changes. A guest that lacks what a part needs answers so, and the other parts hold. Throws while the agent does not answer.
   */
  personaliseGuest(instanceId: string, personality: GuestPersonality, options?: CallOptions): Promise<PersonalityReport>;
  /** What lies in the folder through which the guest and its person exchange files; the guest's agent is asked. `unsupported`: this guest cannot do it. */
  listGuestFiles(instanceId: string, options?: CallOptions): Promise<readonly GuestFile[]>;
  /** A part of one of these files; shorter than asked for at its end. `not-found`: there is no such file. */
  readGuestFile(instanceId: string, part: GuestFilePart, options?: CallOptions): Promise<Buffer>;
  /**
   * Brings in the next part of a file; with the last one it is there under its name, in place of an older one. `invalid`: the parts do not follow one
   * another. `insufficient`: the guest's disk has no room.
   */
  writeGuestFile(instanceId: string, part: GuestFileWrite, options?: CallOptions): Promise<void>;
  /** The first serial port, both ways. */
  openSerial(instanceId: string, options?: CallOptions): Promise<Duplex>;

  close(): Promise<void>;
}

export interface ScreenshotOptions extends CallOptions {
  /** At most so wide: a larger screen is made smaller. Default: as it is. */
  readonly widthPixels?: number;
}

export interface Screenshot {
  readonly pngBase64: string;
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** One colour from edge to edge: nothing can be seen. */
  readonly isBlank: boolean;
}

export interface ScreenOptions extends CallOptions {
  /** The viewer wants to share its clipboard: the machine gets a channel for it, where the hypervisor has one. Default false. */
  readonly clipboard?: boolean;
}

export interface ScreenEndpoint {
  readonly protocol: "vnc";
  readonly host: string;
  readonly port: number;
  readonly password: string | null;
  /** Texts can go between viewer and guest, as far as an agent in the guest takes part. */
  readonly clipboard: boolean;
}
