import { sql } from "drizzle-orm";
import { boolean, check, doublePrecision, index, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, oneOf, type Words } from "../columns";

export const HOST_STATES = ["enrolling", "up", "suspect", "unreachable", "fencing", "fenced", "returning", "asleep", "quarantined", "retired", "isolated"] as const;
export const POWER_STATES = ["on", "falling-asleep", "asleep", "waking", "failed-to-wake"] as const;

export const cluster = pgTable("cluster", {
  id: id(),
  name: text("name").notNull().unique(),
  hypervisor: text("hypervisor", { enum: ["libvirt", "simulated"] }).notNull(),
  /** CPU model given to every guest, so that each can move to each host. */
  cpuModel: text("cpu_model").notNull(),
  /** Sold vCPUs over physical cores. */
  cpuRatio: doublePrecision("cpu_ratio").notNull().default(4),
  /** Sold memory over physical memory. */
  memoryRatio: doublePrecision("memory_ratio").notNull().default(1),
  /** Sold disk over physical storage (thin). */
  storageRatio: doublePrecision("storage_ratio").notNull().default(2),
  /** New disks are refused when less than this share of the pool is free. */
  storageFloorFraction: doublePrecision("storage_floor_fraction").notNull().default(0.1),
  /** Hosts whose loss must always be survivable. */
  failoverHosts: count("failover_hosts").notNull().default(1),
  /** Silence before a host is suspected, and before it is fenced; seconds. */
  suspectAfterSeconds: doublePrecision("suspect_after_seconds").notNull().default(3),
  fenceAfterSeconds: doublePrecision("fence_after_seconds").notNull().default(6),
  /** No fencing by itself when more than this share of the hosts, and more than one, is silent at once. */
  fenceBrakeFraction: doublePrecision("fence_brake_fraction").notNull().default(0.3),
  /** Raised by every change of an allocation, a host's capacity or a policy: plans are based on it. */
  generation: bigCount("generation").notNull().default(1),
  createdAt: createdAt(),
});

export const host = pgTable(
  "host",
  {
    id: id(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    name: text("name").notNull(),
    uri: text("uri").notNull(),
    managementAddress: text("management_address").notNull(),
    hostUuid: text("host_uuid"),
    hypervisorVersion: text("hypervisor_version"),
    usableCpuModels: jsonb("usable_cpu_models").$type<string[]>().notNull().default([]),
    failureDomain: text("failure_domain").notNull().default(""),
    cores: count("cores").notNull(),
    memoryMiB: count("memory_mib").notNull(),
    /** Kept for the host itself. */
    systemMemoryMiB: count("system_memory_mib").notNull().default(0),
    state: text("state", { enum: HOST_STATES }).notNull(),
    stateReason: text("state_reason").notNull().default(""),
    /** The reason as codes with figures; null in rows of before. So are all columns that end in _words. */
    stateWords: jsonb("state_words").$type<Words[]>(),
    stateChangedAt: moment("state_changed_at").notNull(),
    /** Accepts no more; what runs here stays. */
    cordoned: boolean("cordoned").notNull().default(false),
    /** Set while the operator wants the host empty. */
    drainRequestedAt: moment("drain_requested_at"),
    drainRequestedBy: text("drain_requested_by"),
    maintenance: boolean("maintenance").notNull().default(false),
    lastSeenAt: moment("last_seen_at"),
    /** First moment of the present silence; null while it answers. */
    silentSince: moment("silent_since"),
    clockSkewMs: bigCount("clock_skew_ms"),
    /** Sums over its allocations and incoming migrations, changed only together with them. */
    committedVcpus: count("committed_vcpus").notNull().default(0),
    committedMemoryMiB: count("committed_memory_mib").notNull().default(0),
    reservedCpuMillicores: count("reserved_cpu_millicores").notNull().default(0),
    reservedMemoryMiB: count("reserved_memory_mib").notNull().default(0),
    generation: bigCount("generation").notNull().default(1),
    enrolledAt: moment("enrolled_at").notNull(),
    /** What the last preflight found: {check, ok, text}; null before the first. */
    preflight: jsonb("preflight").$type<{ check: string; ok: boolean; text: string; words?: Words[] }[]>(),
    preflightAt: moment("preflight_at"),
    retiredAt: moment("retired_at"),
    /** What is being done to its power on purpose; a crash is no power state. */
    powerState: text("power_state", { enum: POWER_STATES }).notNull().default("on"),
    powerStateReason: text("power_state_reason").notNull().default(""),
    powerStateWords: jsonb("power_state_words").$type<Words[]>(),
    powerStateChangedAt: moment("power_state_changed_at"),
    /** From the power button to an answering hypervisor, the slowest of late; null before the first wake. */
    wakeSeconds: doublePrecision("wake_seconds"),
    lastWakeTestAt: moment("last_wake_test_at"),
    /** The operator's wish: it never sleeps. */
    keepAwake: boolean("keep_awake").notNull().default(false),
    /** Watts at 0, 10, ... 100 % of the cores busy, and asleep; null: a typical server's curve is assumed. */
    powerCurve: jsonb("power_curve").$type<{ watts: number[]; asleepWatts: number }>(),
    /** Bandwidth for migrations; null: gigabit Ethernet. */
    linkMbps: count("link_mbps"),
    /** Its run-lease as the shared storage has it: a number that grows, when it was last seen to grow, how long it lasts. Null: no lease is kept there. */
    leaseBeat: bigCount("lease_beat"),
    leaseSeenAt: moment("lease_seen_at"),
    leaseTtlSeconds: doublePrecision("lease_ttl_seconds"),
    /** What its sensors and disks say that should worry an operator. */
    health: jsonb("health").$type<{ sensor: string; text: string; severe: boolean }[]>().notNull().default([]),
    healthAt: moment("health_at"),
    /** The operator's mark: it may be crashed on purpose by a drill. */
    drillable: boolean("drillable").notNull().default(false),
  },
  (t) => [
    uniqueIndex("host_name").on(t.clusterId, t.name).where(sql`retired_at is null`),
    check("host_state", oneOf(t.state, HOST_STATES)),
    check("host_power_state", oneOf(t.powerState, POWER_STATES)),
    check("host_reserved_cpu", sql`${t.reservedCpuMillicores} between 0 and ${t.cores} * 1000`),
    check("host_reserved_memory", sql`${t.reservedMemoryMiB} between 0 and ${t.memoryMiB} - ${t.systemMemoryMiB}`),
    check("host_committed", sql`${t.committedVcpus} >= 0 and ${t.committedMemoryMiB} >= 0`),
  ],
);

/** How to reach the management controller; read by the worker only. */
export const hostPower = pgTable("host_power", {
  hostId: text("host_id").primaryKey().references(() => host.id),
  config: jsonb("config").$type<Record<string, unknown>>().notNull(),
  updatedAt: moment("updated_at").notNull(),
});

export const storagePool = pgTable("storage_pool", {
  id: id(),
  clusterId: text("cluster_id").notNull().references(() => cluster.id),
  /** Pool name on every host of the cluster. */
  name: text("name").notNull(),
    /** What it is sold as: storage is metered and priced by this word. */
    class: text("class").notNull().default("standard"),
  path: text("path").notNull(),
  capacityMiB: bigCount("capacity_mib").notNull(),
  availableMiB: bigCount("available_mib").notNull(),
  observedAt: moment("observed_at").notNull(),
});

/** The decided place of an instance. The primary key is the first wall against two places. */
export const allocation = pgTable(
  "allocation",
  {
    /** Instance id; fleet does not import compute's tables. */
    instanceId: text("instance_id").primaryKey(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    hostId: text("host_id").notNull().references(() => host.id),
    /** Fencing epoch: raised by every new place; hosts refuse older ones. */
    epoch: bigCount("epoch").notNull(),
    vcpus: count("vcpus").notNull(),
    memoryMiB: count("memory_mib").notNull(),
    cpuReservationMillicores: count("cpu_reservation_millicores").notNull(),
    memoryReservationMiB: count("memory_reservation_mib").notNull(),
    decisionId: text("decision_id").notNull(),
    decidedAt: moment("decided_at").notNull(),
  },
  (t) => [index("allocation_host").on(t.hostId), index("allocation_cluster").on(t.clusterId)],
);

/** Epochs outlive allocations: a number is never used twice for an instance. */
export const instanceEpoch = pgTable("instance_epoch", {
  instanceId: text("instance_id").primaryKey(),
  epoch: bigCount("epoch").notNull(),
});

export const migration = pgTable(
  "migration",
  {
    id: id(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    instanceId: text("instance_id").notNull(),
    fromHostId: text("from_host_id").notNull().references(() => host.id),
    toHostId: text("to_host_id").notNull().references(() => host.id),
    /** Claimed on the target while it lasts. */
    vcpus: count("vcpus").notNull(),
    memoryMiB: count("memory_mib").notNull(),
    cpuReservationMillicores: count("cpu_reservation_millicores").notNull(),
    memoryReservationMiB: count("memory_reservation_mib").notNull(),
    state: text("state", { enum: ["planned", "running", "done", "failed", "aborted"] }).notNull(),
    reason: text("reason").notNull(),
    reasonWords: jsonb("reason_words").$type<Words[]>(),
    wave: count("wave").notNull().default(0),
    decisionId: text("decision_id").notNull(),
    createdAt: createdAt(),
    startedAt: moment("started_at"),
    finishedAt: moment("finished_at"),
    totalMs: bigCount("total_ms"),
    downtimeMs: bigCount("downtime_ms"),
    transferredBytes: bigCount("transferred_bytes"),
    error: text("error"),
  },
  (t) => [
    uniqueIndex("migration_one_open").on(t.instanceId).where(sql`state in ('planned', 'running')`),
    index("migration_open_host").on(t.fromHostId, t.toHostId),
    // What failed of late is read with every plan.
    index("migration_failed").on(t.finishedAt).where(sql`state = 'failed'`),
  ],
);

export const fencing = pgTable(
  "fencing",
  {
    id: id(),
    hostId: text("host_id").notNull().references(() => host.id),
    state: text("state", { enum: ["requested", "confirmed", "blocked", "cancelled"] }).notNull(),
    reason: text("reason").notNull(),
    reasonWords: jsonb("reason_words").$type<Words[]>(),
    requestedAt: moment("requested_at").notNull(),
    silentSince: moment("silent_since"),
    attempts: count("attempts").notNull().default(0),
    lastError: text("last_error"),
    lastErrorWords: jsonb("last_error_words").$type<Words[]>(),
    confirmedAt: moment("confirmed_at"),
    method: text("method", { enum: ["power", "vouched", "lease"] }),
    vouchedBy: text("vouched_by"),
    /** All restarts planned from it are done. */
    closedAt: moment("closed_at"),
    decisionId: text("decision_id"),
  },
  (t) => [uniqueIndex("fencing_one_open").on(t.hostId).where(sql`closed_at is null`)],
);

/** Where an operator wants instances of a cluster to be; a rule that is not strict is a preference. */
export const placementRule = pgTable(
  "placement_rule",
  {
    id: id(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    kind: text("kind", { enum: ["hosts", "apart", "together"] }).notNull(),
    strict: boolean("strict").notNull().default(true),
    instanceIds: jsonb("instance_ids").$type<string[]>().notNull(),
    /** For `hosts`: higher priorities are preferred. */
    hosts: jsonb("hosts").$type<{ hostId: string; priority: number }[]>().notNull().default([]),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [index("placement_rule_cluster").on(t.clusterId)],
);

/** A stored plan with its inputs, its rejected alternatives, and later its measured effect. Provider only. */
export const decision = pgTable(
  "decision",
  {
    id: id(),
    kind: text("kind", { enum: ["place", "refuse", "migrate", "evacuate", "failover", "fence", "resize", "rebalance", "consolidate", "wake", "sleep", "update"] }).notNull(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    /** Not named organization_id: tenants never read decisions, they read their instance's events. */
    subjectOrganizationId: text("subject_organization_id"),
    instanceId: text("instance_id"),
    hostId: text("host_id"),
    /** Generations that the plan was made for. */
    basedOn: jsonb("based_on").$type<Record<string, unknown>>().notNull(),
    inputs: jsonb("inputs").$type<Record<string, unknown>>().notNull(),
    chosen: jsonb("chosen").$type<Record<string, unknown>>().notNull(),
    rejected: jsonb("rejected").$type<unknown[]>().notNull(),
    /** One sentence for an operator. */
    reason: text("reason").notNull(),
    reasonWords: jsonb("reason_words").$type<Words[]>(),
    predicted: jsonb("predicted").$type<Record<string, unknown>>().notNull().default({}),
    measured: jsonb("measured").$type<Record<string, unknown>>(),
    outcome: text("outcome", { enum: ["planned", "applied", "superseded", "failed", "refused"] }).notNull(),
    createdAt: createdAt(),
    finishedAt: moment("finished_at"),
  },
  (t) => [index("decision_time").on(t.createdAt), index("decision_instance").on(t.instanceId), index("decision_host").on(t.hostId)],
);
