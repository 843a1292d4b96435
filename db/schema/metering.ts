import { sql } from "drizzle-orm";
import { boolean, check, doublePrecision, index, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, oneOf, organizationId, type Words } from "../columns";
import { METERS } from "./catalog";
import { organization } from "./tenancy";

/**
 * What was used, from observed state: half-open [started_at, ended_at), UTC. `ended_at` of an open window is the
 * last confirmed moment and only grows. Overlap of one resource and meter is refused by an exclusion constraint
 * (migration), a change of a closed window by a trigger.
 */
export const usageWindow = pgTable(
  "usage_window",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    meter: text("meter", { enum: METERS }).notNull(),
    /** Instance, volume or address. */
    resourceId: text("resource_id").notNull(),
    instanceId: text("instance_id").notNull(),
    flavorId: text("flavor_id"),
    class: text("class"),
    /** Units in use over the whole window: 1 for an instance or address, GiB for storage. */
    quantity: bigCount("quantity").notNull(),
    vcpus: count("vcpus"),
    memoryMiB: count("memory_mib"),
    hostId: text("host_id"),
    storageClass: text("storage_class"),
    /** The tenant let it be moved at any time for a discount. */
    movable: boolean("movable").notNull().default(false),
    startedAt: moment("started_at").notNull(),
    endedAt: moment("ended_at").notNull(),
    closedAt: moment("closed_at"),
    /** Why it ended: stopped, resized, migrated, host-lost, deleted, period-end. */
    closedReason: text("closed_reason"),
    createdAt: createdAt(),
  },
  (t) => [
    index("usage_window_organization").on(t.organizationId, t.startedAt),
    index("usage_window_resource").on(t.resourceId, t.startedAt),
    check("usage_window_meter", oneOf(t.meter, METERS)),
    check("usage_window_order", sql`${t.startedAt} <= ${t.endedAt}`),
    check("usage_window_quantity", sql`${t.quantity} > 0`),
  ],
);

/**
 * A billing period of an organization that is over: [started_at, ended_at). Windows do not cross its ends, and a trigger keeps
 * windows inside it from coming, growing or changing.
 */
export const usagePeriod = pgTable(
  "usage_period",
  {
    organizationId: organizationId().notNull().references(() => organization.id),
    startedAt: moment("started_at").notNull(),
    endedAt: moment("ended_at").notNull(),
    closedAt: moment("closed_at").notNull(),
    /** When it was invoiced, or found to have nothing to invoice. */
    billedAt: moment("billed_at"),
  },
  (t) => [primaryKey({ columns: [t.organizationId, t.startedAt] }), index("usage_period_unbilled").on(t.billedAt), check("usage_period_order", sql`${t.startedAt} < ${t.endedAt}`)],
);

/** Use of a closed period that became known later (add), or that turned out not to have been (withdraw); billed with the next invoice. */
export const usageAdjustment = pgTable(
  "usage_adjustment",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    direction: text("direction", { enum: ["add", "withdraw"] }).notNull(),
    meter: text("meter", { enum: METERS }).notNull(),
    resourceId: text("resource_id").notNull(),
    instanceId: text("instance_id").notNull(),
    flavorId: text("flavor_id"),
    storageClass: text("storage_class"),
    movable: boolean("movable").notNull().default(false),
    quantity: bigCount("quantity").notNull(),
    startedAt: moment("started_at").notNull(),
    endedAt: moment("ended_at").notNull(),
    reason: text("reason").notNull(),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
    /** The invoice that it went to. */
    invoiceId: text("invoice_id"),
  },
  (t) => [
    index("usage_adjustment_organization").on(t.organizationId, t.startedAt),
    check("usage_adjustment_meter", oneOf(t.meter, METERS)),
    check("usage_adjustment_figures", sql`${t.startedAt} < ${t.endedAt} and ${t.quantity} > 0`),
  ],
);

/** What hosts said, one row an instance, run and minute (partitioned by day): the recount builds usage anew from these alone. */
export const usageFact = pgTable(
  "usage_fact",
  {
    organizationId: organizationId().notNull(),
    instanceId: text("instance_id").notNull(),
    minute: moment("minute").notNull(),
    hostId: text("host_id").notNull(),
    /** Start of the run as its host told it; 1970 when only "it runs" was known. */
    runAt: moment("run_at").notNull(),
    firstAt: moment("first_at").notNull(),
    lastAt: moment("last_at").notNull(),
    /** It came by live migration: the run before goes on. */
    continues: boolean("continues").notNull(),
    /** The flavor whose size was seen; empty: another size than the one ordered, which waits for a boot. */
    flavorId: text("flavor_id").notNull().default(""),
    movable: boolean("movable").notNull().default(false),
    /** Its host was heard until then and did not show it any more after. */
    goneAt: moment("gone_at"),
  },
  (t) => [primaryKey({ name: "usage_fact_pk", columns: [t.instanceId, t.minute, t.hostId, t.runAt, t.flavorId, t.movable] })],
);

/** Up to when a host's word was metered: the same word again, and an older one that comes late, change nothing. */
export const usageWatermark = pgTable("usage_watermark", {
  hostId: text("host_id").primaryKey(),
  through: moment("through").notNull(),
});

/** Where the recount and the windows disagree: one named row a resource and day. */
export const usageDrift = pgTable(
  "usage_drift",
  {
    organizationId: organizationId().notNull(),
    resourceId: text("resource_id").notNull(),
    /** First moment of the day, UTC. */
    day: moment("day").notNull(),
    billedMs: bigCount("billed_ms").notNull(),
    countedMs: bigCount("counted_ms").notNull(),
    explanation: text("explanation").notNull(),
    /** The same as codes with figures; null in rows of before. */
    words: jsonb("words").$type<Words[]>(),
    foundAt: moment("found_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.resourceId, t.day] }), index("usage_drift_organization").on(t.organizationId)],
);

/** One row per instance and minute, for the planner and the charts; partitioned by day and dropped by age. */
export const sample = pgTable(
  "sample",
  {
    organizationId: organizationId().notNull(),
    instanceId: text("instance_id").notNull(),
    minute: moment("minute").notNull(),
    cpuMillicores: count("cpu_millicores").notNull(),
    cpuStealMillicores: count("cpu_steal_millicores").notNull().default(0),
    memoryUsedMiB: count("memory_used_mib"),
    diskReadBytesPerSecond: doublePrecision("disk_read_bps").notNull().default(0),
    diskWrittenBytesPerSecond: doublePrecision("disk_written_bps").notNull().default(0),
    netReceivedBytesPerSecond: doublePrecision("net_received_bps").notNull().default(0),
    netSentBytesPerSecond: doublePrecision("net_sent_bps").notNull().default(0),
  },
  // Rows come in the order of time, so that the few pages of a range say as much as a tree, and cost next to nothing to write.
  (t) => [primaryKey({ columns: [t.instanceId, t.minute] }), index("sample_minute").using("brin", t.minute)],
);

/** Counters at the last observation, so that rates survive a restart of the worker. */
export const sampleCounter = pgTable("sample_counter", {
  instanceId: text("instance_id").primaryKey(),
  organizationId: organizationId().notNull(),
  at: moment("at").notNull(),
  epoch: bigCount("epoch"),
  cpuTimeNs: text("cpu_time_ns").notNull(),
  cpuDelayNs: text("cpu_delay_ns").notNull(),
  diskReadBytes: text("disk_read_bytes").notNull(),
  diskWrittenBytes: text("disk_written_bytes").notNull(),
  netReceivedBytes: text("net_received_bytes").notNull(),
  netSentBytes: text("net_sent_bytes").notNull(),
});

/** Samples of an hour, kept when the minutes are gone. */
export const sampleHour = pgTable(
  "sample_hour",
  {
    organizationId: organizationId().notNull(),
    instanceId: text("instance_id").notNull(),
    hour: moment("hour").notNull(),
    minutes: count("minutes").notNull(),
    cpuMillicores: count("cpu_millicores").notNull(),
    cpuMillicoresMax: count("cpu_millicores_max").notNull(),
    cpuStealMillicores: count("cpu_steal_millicores").notNull(),
    memoryUsedMiB: count("memory_used_mib"),
    memoryUsedMiBMax: count("memory_used_mib_max"),
    diskReadBytes: bigCount("disk_read_bytes").notNull(),
    diskWrittenBytes: bigCount("disk_written_bytes").notNull(),
    netReceivedBytes: bigCount("net_received_bytes").notNull(),
    netSentBytes: bigCount("net_sent_bytes").notNull(),
  },
  (t) => [primaryKey({ columns: [t.instanceId, t.hour] }), index("sample_hour_hour").on(t.hour)],
);
