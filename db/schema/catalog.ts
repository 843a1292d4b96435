import { sql } from "drizzle-orm";
import { jsonb, boolean, check, index, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, oneOf, organizationId, type Words } from "../columns";
import { organization } from "./tenancy";

export const FLAVOR_CLASSES = ["dedicated", "standard", "burstable"] as const;
/** What is metered. `desktop` counts the time that a desktop is in use by its person. */
export const METERS = ["instance", "storage", "address", "snapshot", "image", "desktop"] as const;
export const TAX_CATEGORIES = ["standard", "reduced", "exempt"] as const;

/** What units from a quantity on cost, within one period. */
export interface PriceTier {
  readonly fromUnitHours: number;
  readonly microsPerHour: number;
}

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
    /** Null: every storage class without a price of its own. */
    storageClass: text("storage_class"),
    /** Use of a resource in a period is rounded up to whole multiples. */
    incrementSeconds: count("increment_seconds").notNull().default(1),
    minimumSeconds: count("minimum_seconds").notNull().default(0),
    minimumMicros: bigCount("minimum_micros").notNull().default(0),
    /** The most for one resource in one period; null: no cap. */
    monthlyCapMicros: bigCount("monthly_cap_micros"),
    tiers: jsonb("tiers").$type<PriceTier[]>().notNull().default([]),
    includedUnitHours: bigCount("included_unit_hours").notNull().default(0),
    movableDiscountBasisPoints: count("movable_discount_basis_points").notNull().default(0),
    taxCategory: text("tax_category", { enum: TAX_CATEGORIES }).notNull().default("standard"),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [
    uniqueIndex("price_version_once").on(t.meter, sql`coalesce(${t.flavorId}, '')`, sql`coalesce(${t.storageClass}, '')`, t.currency, t.validFrom),
    check("price_version_positive", sql`${t.microsPerHour} >= 0`),
    check("price_version_terms", sql`${t.incrementSeconds} > 0 and ${t.minimumSeconds} >= 0 and ${t.minimumMicros} >= 0 and coalesce(${t.monthlyCapMicros}, 0) >= 0 and ${t.includedUnitHours} >= 0 and ${t.movableDiscountBasisPoints} between 0 and 10000`),
    check("price_version_class", sql`${t.storageClass} is null or ${t.meter} in ('storage', 'snapshot', 'image')`),
    check("price_version_flavor", sql`(${t.meter} = 'instance') = (${t.flavorId} is not null)`),
  ],
);

/** A code that organizations may redeem; what it then takes off is a row of `discount`. */
export const coupon = pgTable(
  "coupon",
  {
    id: id(),
    /** Upper case. */
    code: text("code").notNull(),
    /** trial: everything free for a time; percent: a part off. */
    kind: text("kind", { enum: ["trial", "percent"] }).notNull(),
    basisPoints: count("basis_points").notNull(),
    /** Null: all meters. */
    meters: jsonb("meters").$type<(typeof METERS)[number][]>(),
    currency: text("currency").notNull(),
    /** The most that one redemption takes off; null: no limit. */
    maxMicros: bigCount("max_micros"),
    durationDays: count("duration_days").notNull(),
    redeemableUntil: moment("redeemable_until"),
    /** Null: any number. */
    maxRedemptions: count("max_redemptions"),
    redemptions: count("redemptions").notNull().default(0),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [
    uniqueIndex("coupon_code").on(t.code),
    check("coupon_figures", sql`${t.basisPoints} between 1 and 10000 and ${t.durationDays} > 0 and coalesce(${t.maxMicros}, 1) > 0 and ${t.redemptions} <= coalesce(${t.maxRedemptions}, ${t.redemptions})`),
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
