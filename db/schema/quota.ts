import { sql } from "drizzle-orm";
import { check, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bigCount, createdAt, id, moment, organizationId } from "../columns";
import { organization } from "./tenancy";

/**
 * Limits, committed totals and holds of one organization in one row, so that one conditional statement admits or
 * refuses. `ceiling` equals the limit, or what was in use when a limit was lowered below it, and only falls: it is
 * the CHECK's wall; new claims are measured against `limit`.
 */
export const quota = pgTable(
  "quota",
  {
    organizationId: organizationId().primaryKey().references(() => organization.id),
    limitInstances: bigCount("limit_instances").notNull(),
    limitVcpus: bigCount("limit_vcpus").notNull(),
    limitMemoryMiB: bigCount("limit_memory_mib").notNull(),
    limitStorageGiB: bigCount("limit_storage_gib").notNull(),
    limitPublicAddresses: bigCount("limit_public_addresses").notNull(),
    limitSnapshots: bigCount("limit_snapshots").notNull(),
    ceilingInstances: bigCount("ceiling_instances").notNull(),
    ceilingVcpus: bigCount("ceiling_vcpus").notNull(),
    ceilingMemoryMiB: bigCount("ceiling_memory_mib").notNull(),
    ceilingStorageGiB: bigCount("ceiling_storage_gib").notNull(),
    ceilingPublicAddresses: bigCount("ceiling_public_addresses").notNull(),
    ceilingSnapshots: bigCount("ceiling_snapshots").notNull(),
    committedInstances: bigCount("committed_instances").notNull().default(0),
    committedVcpus: bigCount("committed_vcpus").notNull().default(0),
    committedMemoryMiB: bigCount("committed_memory_mib").notNull().default(0),
    committedStorageGiB: bigCount("committed_storage_gib").notNull().default(0),
    committedPublicAddresses: bigCount("committed_public_addresses").notNull().default(0),
    committedSnapshots: bigCount("committed_snapshots").notNull().default(0),
    heldInstances: bigCount("held_instances").notNull().default(0),
    heldVcpus: bigCount("held_vcpus").notNull().default(0),
    heldMemoryMiB: bigCount("held_memory_mib").notNull().default(0),
    heldStorageGiB: bigCount("held_storage_gib").notNull().default(0),
    heldPublicAddresses: bigCount("held_public_addresses").notNull().default(0),
    heldSnapshots: bigCount("held_snapshots").notNull().default(0),
    updatedAt: moment("updated_at").notNull(),
  },
  (t) => [
    check("quota_instances", sql`${t.committedInstances} >= 0 and ${t.heldInstances} >= 0 and ${t.committedInstances} + ${t.heldInstances} <= ${t.ceilingInstances}`),
    check("quota_vcpus", sql`${t.committedVcpus} >= 0 and ${t.heldVcpus} >= 0 and ${t.committedVcpus} + ${t.heldVcpus} <= ${t.ceilingVcpus}`),
    check("quota_memory", sql`${t.committedMemoryMiB} >= 0 and ${t.heldMemoryMiB} >= 0 and ${t.committedMemoryMiB} + ${t.heldMemoryMiB} <= ${t.ceilingMemoryMiB}`),
    check("quota_storage", sql`${t.committedStorageGiB} >= 0 and ${t.heldStorageGiB} >= 0 and ${t.committedStorageGiB} + ${t.heldStorageGiB} <= ${t.ceilingStorageGiB}`),
    check("quota_addresses", sql`${t.committedPublicAddresses} >= 0 and ${t.heldPublicAddresses} >= 0 and ${t.committedPublicAddresses} + ${t.heldPublicAddresses} <= ${t.ceilingPublicAddresses}`),
    check("quota_snapshots", sql`${t.committedSnapshots} >= 0 and ${t.heldSnapshots} >= 0 and ${t.committedSnapshots} + ${t.heldSnapshots} <= ${t.ceilingSnapshots}`),
  ],
);

/** A quota claim that is not committed yet: an order before its place is decided, a resize before it is applied. */
export const hold = pgTable(
  "quota_hold",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    /** What the claim is for; one open hold per subject and purpose. */
    subjectId: text("subject_id").notNull(),
    purpose: text("purpose", { enum: ["order", "resize", "image-import", "snapshot"] }).notNull(),
    /** {instances, vcpus, memoryMiB, storageGiB, publicAddresses, snapshots}: what is held. */
    amounts: jsonb("amounts").$type<Record<string, number>>().notNull(),
    createdAt: createdAt(),
  },
  (t) => [uniqueIndex("quota_hold_subject").on(t.organizationId, t.subjectId, t.purpose)],
);
