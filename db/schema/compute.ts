import { sql } from "drizzle-orm";
import { boolean, check, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, oneOf, organizationId, type Words } from "../columns";
import { flavor, image } from "./catalog";
import { cluster } from "./fleet";
import { organization } from "./tenancy";

/** `suspended`: its memory goes to a file of the storage, and it takes no room on a host. */
export const DESIRED_POWERS = ["running", "stopped", "suspended"] as const;

/** What the tenant asked for. What was decided is in `allocation`, what is so in `instance_observation`. */
export const instance = pgTable(
  "instance",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    name: text("name").notNull(),
    flavorId: text("flavor_id").notNull().references(() => flavor.id),
    imageId: text("image_id").notNull().references(() => image.id),
    /** RFC 4122 text for the hypervisor. */
    uuid: text("uuid").notNull(),
    vcpus: count("vcpus").notNull(),
    memoryMiB: count("memory_mib").notNull(),
    diskGiB: count("disk_gib").notNull(),
    desiredPower: text("desired_power", { enum: DESIRED_POWERS }).notNull(),
    /** Raised by every change of desired state. */
    generation: count("generation").notNull().default(1),
    /** Raised by every reboot request; converge reboots until the observed one equals it. */
    bootGeneration: count("boot_generation").notNull().default(1),
    rebootMode: text("reboot_mode", { enum: ["guest", "reset"] }).notNull().default("guest"),
    /** Raised by every rebuild; the root volume carries the one that it was made for. */
    rebuildGeneration: count("rebuild_generation").notNull().default(1),
    /** When the guest was asked to stop; after the grace the power is cut. */
    stopRequestedAt: moment("stop_requested_at"),
    stopGraceSeconds: count("stop_grace_seconds").notNull().default(30),
    /** Who decided the current desired power: tenant, standing, guest (it shut itself down), operator, cap (its organization's limit on spending). */
    powerDecidedBy: text("power_decided_by", { enum: ["tenant", "standing", "guest", "operator", "cap"] }).notNull().default("tenant"),
    /** Higher restarts first after a host loss. */
    haPriority: count("ha_priority").notNull().default(100),
    /** Keep apart from others with the same word in the same organization; null = no rule. */
    antiAffinityGroup: text("anti_affinity_group"),
    movable: boolean("movable").notNull().default(true),
    userData: text("user_data").notNull().default(""),
    /** What of it stands in the committed totals of the quota now; changed only in the statement's transaction that changes those. */
    quotaInstances: count("quota_instances").notNull().default(0),
    quotaVcpus: count("quota_vcpus").notNull().default(0),
    quotaMemoryMiB: count("quota_memory_mib").notNull().default(0),
    quotaStorageGiB: count("quota_storage_gib").notNull().default(0),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    updatedAt: moment("updated_at").notNull(),
    /** In the trash since; disks and address are kept until purge_after. */
    deletedAt: moment("deleted_at"),
    purgeAfter: moment("purge_after"),
    /** Everything of it is gone from the hosts. */
    purgedAt: moment("purged_at"),
  },
  (t) => [
    uniqueIndex("instance_name").on(t.organizationId, t.name).where(sql`deleted_at is null`),
    index("instance_list").on(t.organizationId, t.createdAt),
    index("instance_cluster").on(t.clusterId),
    uniqueIndex("instance_uuid").on(t.uuid),
    check("instance_power", oneOf(t.desiredPower, DESIRED_POWERS)),
    check("instance_sizes", sql`${t.vcpus} > 0 and ${t.memoryMiB} > 0 and ${t.diskGiB} > 0`),
  ],
);

/**
 * What an owner wants started before what after the loss of a host. A trigger of the migration 0035 keeps both in one organization and cluster;
 * a purge takes the rows with it, on either side.
 */
export const startAfter = pgTable(
  "start_after",
  {
    organizationId: organizationId().notNull().references(() => organization.id),
    instanceId: text("instance_id").notNull().references(() => instance.id, { onDelete: "cascade" }),
    /** It is started first. */
    afterInstanceId: text("after_instance_id").notNull().references(() => instance.id, { onDelete: "cascade" }),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.instanceId, t.afterInstanceId] }),
    index("start_after_after").on(t.afterInstanceId),
    index("start_after_organization").on(t.organizationId),
    check("start_after_not_itself", sql`${t.instanceId} <> ${t.afterInstanceId}`),
  ],
);

/** What the fleet does with an instance now, as far as its tenant may know; null: nothing special. */
export const INSTANCE_PHASES = ["waiting-for-capacity", "placed", "migrating", "recovering", "unreachable"] as const;

/** Written by the loop observe-hosts (and converge, for what it just did); never by a request. */
export const instanceObservation = pgTable(
  "instance_observation",
  {
    instanceId: text("instance_id").primaryKey().references(() => instance.id),
    organizationId: organizationId().notNull(),
    hostId: text("host_id"),
    state: text("state", { enum: ["absent", "running", "paused", "shutting-down", "stopped", "crashed", "suspended", "unknown"] }).notNull(),
    reason: text("reason").notNull().default("unknown"),
    epoch: bigCount("epoch"),
    vcpus: count("vcpus"),
    memoryMiB: count("memory_mib"),
    diskGiB: count("disk_gib"),
    bootGeneration: count("boot_generation").notNull().default(0),
    /** The rebuild generation whose root volume the domain was last started with; 0 = never started. */
    rebuildGeneration: count("rebuild_generation").notNull().default(0),
    /** The desired generation that is fully applied. */
    appliedGeneration: count("applied_generation").notNull().default(0),
    /** A change waits for the next boot; the reason is for the tenant. */
    pendingBootReason: text("pending_boot_reason"),
    /** The same as codes with figures, for screens in other languages; null in rows of before. So are all columns that end in _words. */
    pendingBootWords: jsonb("pending_boot_words").$type<Words[]>(),
    runningSince: moment("running_since"),
    /** Last moment at which its host confirmed this state. */
    observedAt: moment("observed_at").notNull(),
    agentSeenAt: moment("agent_seen_at"),
    phase: text("phase", { enum: INSTANCE_PHASES }),
    phaseChangedAt: moment("phase_changed_at"),
    /** Why it waits for capacity, in the tenant's words, and the smallest change that would make it fit. */
    waiting: jsonb("waiting").$type<{ text: string; smallestChange: string | null; words?: Words[]; changeWords?: Words[] | null }>(),
    lastError: text("last_error"),
    lastErrorWords: jsonb("last_error_words").$type<Words[]>(),
    lastErrorAt: moment("last_error_at"),
    failures: count("failures").notNull().default(0),
    /** Converge leaves it alone until then (back-off). */
    retryAfter: moment("retry_after"),
    /** Crashes of the guest while this generation was desired, within one stretch that began at `crashes_since`; the last was seen at `crashed_at`. */
    crashes: count("crashes").notNull().default(0),
    crashesSince: moment("crashes_since"),
    crashedAt: moment("crashed_at"),
    crashGeneration: count("crash_generation"),
  },
  (t) => [index("instance_observation_host").on(t.hostId), index("instance_observation_organization").on(t.organizationId)],
);

/** What happened to an instance, in order; the tenant reads it in plain words. */
export const instanceEvent = pgTable(
  "instance_event",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    instanceId: text("instance_id").notNull().references(() => instance.id),
    at: moment("at").notNull(),
    /** Past tense: ordered, placed, started, stopped, moved, failed-over, waiting-for-capacity, resized, ... */
    kind: text("kind").notNull(),
    /** Numbers and names for the sentence; no host of ours is named to a tenant. */
    detail: jsonb("detail").$type<Record<string, unknown>>().notNull().default({}),
    decisionId: text("decision_id"),
  },
  (t) => [index("instance_event_instance").on(t.instanceId, t.at)],
);

export const volume = pgTable(
  "volume",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    instanceId: text("instance_id").notNull().references(() => instance.id),
    poolId: text("pool_id").notNull(),
    /** Volume name inside the pool. */
    name: text("name").notNull(),
    /** `memory`: what a suspended machine had in its memory; it fits the disks only as they were then, so it is used once. */
    kind: text("kind", { enum: ["root", "data", "seed", "memory"] }).notNull(),
    format: text("format", { enum: ["qcow2", "raw"] }).notNull(),
    sizeGiB: count("size_gib").notNull(),
    backingVolume: text("backing_volume"),
    backingFormat: text("backing_format", { enum: ["qcow2", "raw"] }),
    rebuildGeneration: count("rebuild_generation").notNull().default(1),
    /** wanted: to be made; present: seen on storage; unwanted: to be removed; removed: confirmed gone. */
    state: text("state", { enum: ["wanted", "present", "unwanted", "removed"] }).notNull(),
    observedSizeMiB: count("observed_size_mib"),
    /** Of a memory image: the fencing epoch under which a machine was asked to go on from it. Set before it is asked, so that nobody uses it again. */
    usedByEpoch: bigCount("used_by_epoch"),
    /** Since when it takes room on the storage (storage is metered from here). */
    presentSince: moment("present_since"),
    removedAt: moment("removed_at"),
    createdAt: createdAt(),
  },
  (t) => [uniqueIndex("volume_name").on(t.poolId, t.name), index("volume_instance").on(t.instanceId), index("volume_organization").on(t.organizationId)],
);

export const network = pgTable(
  "network",
  {
    id: id(),
    /** Null: the provider's shared network. Else a private one: its machines hear each other and nobody else. */
    organizationId: organizationId().references(() => organization.id),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    name: text("name").notNull(),
    cidr: text("cidr").notNull(),
    gateway: text("gateway"),
    /** First and last address handed out. */
    firstAddress: text("first_address").notNull(),
    lastAddress: text("last_address").notNull(),
    /** Bridge on every host. */
    bridge: text("bridge").notNull(),
    /** Name servers that guests are told. */
    dnsServers: jsonb("dns_servers").$type<string[]>().notNull().default([]),
    createdAt: createdAt(),
    /** A private one that is no more; its row stays for the addresses that were given out of it. */
    removedAt: moment("removed_at"),
  },
  // That no two private networks of a cluster overlap is an exclusion constraint (network_private_apart) of the migration 0030.
  (t) => [uniqueIndex("network_private_name").on(t.organizationId, t.clusterId, t.name).where(sql`organization_id is not null and removed_at is null`)],
);

export const address = pgTable(
  "address",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    networkId: text("network_id").notNull().references(() => network.id),
    instanceId: text("instance_id").notNull().references(() => instance.id),
    kind: text("kind", { enum: ["private", "public"] }).notNull().default("private"),
    ip: text("ip").notNull(),
    mac: text("mac").notNull(),
    createdAt: createdAt(),
    releasedAt: moment("released_at"),
  },
  (t) => [
    uniqueIndex("address_ip").on(t.networkId, t.ip).where(sql`released_at is null`),
    uniqueIndex("address_mac").on(t.mac).where(sql`released_at is null`),
    index("address_instance").on(t.instanceId),
  ],
);

export const sshKey = pgTable(
  "ssh_key",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    name: text("name").notNull(),
    publicKey: text("public_key").notNull(),
    /** SHA256:... as ssh-keygen prints it. */
    fingerprint: text("fingerprint").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    deletedAt: moment("deleted_at"),
  },
  (t) => [uniqueIndex("ssh_key_fingerprint").on(t.organizationId, t.fingerprint).where(sql`deleted_at is null`)],
);

/** The keys an instance was ordered with; a key deleted later stays in the guest, as everywhere. */
export const instanceSshKey = pgTable(
  "instance_ssh_key",
  {
    organizationId: organizationId().notNull(),
    instanceId: text("instance_id").notNull().references(() => instance.id),
    sshKeyId: text("ssh_key_id").notNull().references(() => sshKey.id),
  },
  (t) => [primaryKey({ columns: [t.instanceId, t.sshKeyId] })],
);
