import { sql } from "drizzle-orm";
import { jsonb, boolean, check, index, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, oneOf, organizationId, type Words } from "../columns";
import { organization } from "./tenancy";

export const FLAVOR_CLASSES = ["dedicated", "standard", "burstable"] as const;
export const METERS = ["instance", "storage", "address"] as const;

export const flavor = pgTable(
  "flavor",
  {
    id: id(),
    name: text("name").notNull(),
    class: text("class", { enum: FLAVOR_CLASSES }).notNull(),
    vcpus: count("vcpus").notNull(),
    memoryMiB: count("memory_mib").notNull(),
    diskGiB: count("disk_gib").notNull(),
    /** Guaranteed floor over all vCPUs, thousandths of a core. */
    cpuReservationMillicores: count("cpu_reservation_millicores").notNull(),
    /** Hard cap over all vCPUs, thousandths of a core; null = its vCPUs. */
    cpuLimitMillicores: count("cpu_limit_millicores"),
    /** Weight under contention, a vCPU (1024 = one normal share). */
    cpuShares: count("cpu_shares").notNull().default(1024),
    /** Guaranteed floor of memory; equals memory_mib unless the class allows less. */
    memoryReservationMiB: count("memory_reservation_mib").notNull(),
    onSale: boolean("on_sale").notNull().default(true),
    createdAt: createdAt(),
  },
  (t) => [
    uniqueIndex("flavor_name").on(t.name),
    check("flavor_class", oneOf(t.class, FLAVOR_CLASSES)),
    check("flavor_sizes", sql`${t.vcpus} > 0 and ${t.memoryMiB} > 0 and ${t.diskGiB} > 0`),
    check("flavor_reservation", sql`${t.cpuReservationMillicores} between 0 and ${t.vcpus} * 1000 and ${t.memoryReservationMiB} between 0 and ${t.memoryMiB}`),
  ],
);

/** Never edited: a new price is a new row with a later valid_from (a trigger refuses the rest). */
export const priceVersion = pgTable(
  "price_version",
  {
    id: id(),
    meter: text("meter", { enum: METERS }).notNull(),
    /** Set for the meter `instance`. */
    flavorId: text("flavor_id").references(() => flavor.id),
    currency: text("currency").notNull(),
    /** Millionths of the currency's main unit for one unit-hour (instance, GiB, address). */
    microsPerHour: bigCount("micros_per_hour").notNull(),
    validFrom: moment("valid_from").notNull(),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [
    uniqueIndex("price_version_once").on(t.meter, sql`coalesce(${t.flavorId}, '')`, t.currency, t.validFrom),
    check("price_version_positive", sql`${t.microsPerHour} >= 0`),
    check("price_version_flavor", sql`(${t.meter} = 'instance') = (${t.flavorId} is not null)`),
  ],
);

export const image = pgTable(
  "image",
  {
    id: id(),
    /** Null: offered to everybody. */
    organizationId: organizationId().references(() => organization.id),
    name: text("name").notNull(),
    description: text("description").notNull().default(""),
    architecture: text("architecture").notNull().default("x86_64"),
    bootKind: text("boot_kind", { enum: ["disk", "kernel"] }).notNull(),
    firmware: text("firmware", { enum: ["bios", "uefi"] }).notNull().default("bios"),
    /** For direct kernel boot: file names inside the storage pool. */
    kernelFile: text("kernel_file"),
    initrdFile: text("initrd_file"),
    kernelCommandLine: text("kernel_command_line"),
    /** Base volume inside the storage pool; overlays are made over it and it is never written. */
    volume: text("volume").notNull(),
    format: text("format", { enum: ["qcow2", "raw"] }).notNull(),
    virtualSizeMiB: count("virtual_size_mib").notNull(),
    sizeBytes: bigCount("size_bytes").notNull(),
    sha256: text("sha256").notNull(),
    minimumMemoryMiB: count("minimum_memory_mib").notNull().default(64),
    status: text("status", { enum: ["importing", "available", "failed", "retired"] }).notNull(),
    statusReason: text("status_reason"),
    statusWords: jsonb("status_words").$type<Words[]>(),
    /** When its file had arrived and passed the checks; null while an upload is awaited. */
    uploadedAt: moment("uploaded_at"),
    /** When its volume was confirmed gone from the storage, after it was retired. */
    removedAt: moment("removed_at"),
    /** What of it stands in the committed totals of its organization's quota now. */
    quotaStorageGiB: count("quota_storage_gib").notNull().default(0),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [index("image_organization").on(t.organizationId)],
);
