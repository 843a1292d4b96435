import type { image } from "@/db/schema/catalog";
import type { INSTANCE_PHASES, instance, instanceEvent, instanceObservation } from "@/db/schema/compute";

/** The whole desired row; sizes in vCPUs, MiB and GiB. */
export type InstanceRow = typeof instance.$inferSelect;
export type ObservationRow = typeof instanceObservation.$inferSelect;
export type InstanceEventRow = typeof instanceEvent.$inferSelect;
export type ImageRow = typeof image.$inferSelect;

export type ObservedState = ObservationRow["state"];
export type InstancePhase = (typeof INSTANCE_PHASES)[number];

/** What is guaranteed, capped and weighed for an instance; from its flavor. */
export interface FlavorShape {
  readonly id: string;
  readonly name: string;
  readonly class: "dedicated" | "standard" | "burstable";
  /** Over all vCPUs, thousandths of a core. */
  readonly cpuReservationMillicores: number;
  /** Over all vCPUs, thousandths of a core; null = its vCPUs. */
  readonly cpuLimitMillicores: number | null;
  /** Weight, a vCPU. */
  readonly cpuShares: number;
  readonly memoryReservationMiB: number;
}

export interface VolumeView {
  readonly id: string;
  readonly instanceId: string;
  readonly poolId: string;
  readonly name: string;
  readonly kind: "root" | "data" | "seed" | "memory";
  readonly format: "qcow2" | "raw";
  readonly sizeGiB: number;
  readonly backingVolume: string | null;
  readonly backingFormat: "qcow2" | "raw" | null;
  readonly rebuildGeneration: number;
  readonly state: "wanted" | "present" | "unwanted" | "removed";
  readonly observedSizeMiB: number | null;
  /** Of a memory image: the epoch under which a machine was asked to go on from it; null while nobody was. */
  readonly usedByEpoch: number | null;
}

export interface AddressView {
  readonly id: string;
  readonly instanceId: string;
  readonly networkId: string;
  readonly kind: "private" | "public";
  readonly ip: string;
  readonly mac: string;
  readonly bridge: string;
  /** The private network whose machines alone hear it and are heard by it; null in a shared one. */
  readonly onlyWithin: string | null;
}

/** Everything that a loop needs to know of what was asked for; user data is not in it (see `seedFiles`). */
export interface DesiredInstance extends Omit<InstanceRow, "userData" | "createdBy" | "quotaInstances" | "quotaVcpus" | "quotaMemoryMiB" | "quotaStorageGiB"> {
  readonly flavor: FlavorShape;
  /** Null until a loop wrote the first one. */
  readonly observation: ObservationRow | null;
  /** All that are not confirmed removed, in the order of the guest's disks. */
  readonly volumes: readonly VolumeView[];
  /** The addresses that it owns now. */
  readonly addresses: readonly AddressView[];
}

/** What a host was seen to say of one domain, or what converge just did. */
export interface ObservationInput {
  readonly instanceId: string;
  readonly hostId: string | null;
  readonly state: ObservedState;
  readonly reason: string;
  readonly epoch: number | null;
  /** Null keeps what was known. */
  readonly vcpus: number | null;
  /** Null keeps what was known. */
  readonly memoryMiB: number | null;
  /** When the host confirmed it; an older one than known is not written. */
  readonly observedAt: Date;
  /** Given when a start was made or seen; otherwise the first moment at which it was seen running stands. */
  readonly runningSince?: Date | null;
  /** Given after a start or a finished reboot: what the domain runs with now. */
  readonly bootGeneration?: number;
  readonly rebuildGeneration?: number;
  readonly agentSeenAt?: Date | null;
}

export interface ObservationChange {
  readonly instanceId: string;
  readonly organizationId: string;
  readonly before: ObservedState | null;
  readonly after: ObservedState;
}

export interface EventInput {
  readonly instanceId: string;
  /** Past tense: ordered, placed, started, moved, failed-over, ... */
  readonly kind: string;
  /** Numbers and names for the sentence; never the name of a host. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly decisionId?: string | null;
  /** Now, when left out. */
  readonly at?: Date;
}

/** Where a root disk comes from and how it boots; file names are inside the storage pool. */
export interface ImageSource {
  readonly id: string;
  readonly status: "importing" | "available" | "failed" | "retired";
  readonly volume: string;
  readonly format: "qcow2" | "raw";
  readonly virtualSizeMiB: number;
  readonly bootKind: "disk" | "kernel";
  readonly firmware: "bios" | "uefi";
  readonly kernelFile: string | null;
  readonly initrdFile: string | null;
  readonly kernelCommandLine: string | null;
}

/** The files of a NoCloud seed, by name; the volume's label is `cidata`. */
export interface SeedFiles {
  readonly label: "cidata";
  readonly files: Readonly<Record<"meta-data" | "user-data" | "network-config", string>>;
}
