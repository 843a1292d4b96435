import { sql } from "drizzle-orm";
import { check, doublePrecision, index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, oneOf, organizationId } from "../columns";
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

/** One row per instance and minute, for the planner and the charts. */
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
  (t) => [primaryKey({ columns: [t.instanceId, t.minute] }), index("sample_minute").on(t.minute)],
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
