import { z } from "zod";

const KNOWN_CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

export const currency = z.string().regex(/^[A-Z]{3}$/, { error: "is no ISO 4217 code such as JPY" }).refine((code) => KNOWN_CURRENCIES.has(code), { error: "is a currency that nobody knows" });

const millicores = z.number().int().min(0).max(1_000_000);

export const createFlavorInput = z
  .object({
    name: z.string().min(1).max(63).regex(/^[a-z0-9][a-z0-9.-]*$/, { error: "must be lower-case letters a-z, digits, . and -" }),
    class: z.enum(["dedicated", "standard", "burstable"]),
    vcpus: z.number().int().min(1).max(512),
    memoryMiB: z.number().int().min(32).max(16_777_216),
    diskGiB: z.number().int().min(1).max(65_536),
    /** Left out: what the class promises. */
    cpuReservationMillicores: millicores.optional(),
    cpuLimitMillicores: millicores.min(1).nullable().optional(),
    cpuShares: z.number().int().min(2).max(262_144).optional(),
    memoryReservationMiB: z.number().int().min(0).optional(),
    onSale: z.boolean().default(true),
  })
  .refine((flavor) => (flavor.cpuReservationMillicores ?? 0) <= flavor.vcpus * 1000, { path: ["cpuReservationMillicores"], error: "is more than its vCPUs" })
  .refine((flavor) => (flavor.cpuLimitMillicores ?? Infinity) >= (flavor.cpuReservationMillicores ?? 0), { path: ["cpuLimitMillicores"], error: "is less than what is guaranteed" })
  .refine((flavor) => (flavor.memoryReservationMiB ?? 0) <= flavor.memoryMiB, { path: ["memoryReservationMiB"], error: "is more than its memory" });
export type CreateFlavorInput = z.input<typeof createFlavorInput>;

export const setOnSaleInput = z.object({ flavorId: z.string().min(1).max(64), onSale: z.boolean() });
export type SetOnSaleInput = z.infer<typeof setOnSaleInput>;

const micros = z.number().int().min(0).max(1_000_000_000_000);
const meter = z.enum(["instance", "storage", "address", "snapshot", "image", "desktop"]);

/** A price with its terms; what is left out is what most prices have. */
const priceTerms = z.object({
  meter,
  flavorId: z.string().min(1).max(64).optional(),
  /** Left out: every class without a price of its own. */
  storageClass: z.string().min(1).max(63).optional(),
  microsPerHour: micros,
  incrementSeconds: z.number().int().min(1).max(2_678_400).default(1),
  minimumSeconds: z.number().int().min(0).max(2_678_400).default(0),
  minimumMicros: micros.default(0),
  monthlyCapMicros: micros.nullable().default(null),
  tiers: z.array(z.object({ fromUnitHours: z.number().int().min(1).max(1_000_000_000_000), microsPerHour: micros })).max(20).default([]),
  includedUnitHours: z.number().int().min(0).max(1_000_000_000_000).default(0),
  movableDiscountBasisPoints: z.number().int().min(0).max(10_000).default(0),
  taxCategory: z.enum(["standard", "reduced", "exempt"]).default("standard"),
});

const ascending = (price: { readonly tiers: readonly { readonly fromUnitHours: number }[] }): boolean => price.tiers.every((tier, index) => index === 0 || tier.fromUnitHours > (price.tiers[index - 1]?.fromUnitHours ?? 0));

export const newPriceInput = priceTerms
  .refine((price) => (price.meter === "instance") === (price.flavorId !== undefined), { path: ["flavorId"], error: "belongs to prices of instances, and only to those" })
  .refine((price) => price.storageClass === undefined || ["storage", "snapshot", "image"].includes(price.meter), { path: ["storageClass"], error: "belongs to what stands on storage" })
  .refine(ascending, { path: ["tiers"], error: "begin at rising quantities" });

export const previewPricesInput = z.object({ currency, prices: z.array(newPriceInput).min(1).max(500) });

export const addPriceVersionInput = priceTerms
  .extend({
    currency,
    /** Left out: from now on. */
    validFrom: z.date().optional(),
  })
  .refine((price) => price.storageClass === undefined || ["storage", "snapshot", "image"].includes(price.meter), { path: ["storageClass"], error: "belongs to what stands on storage" })
  .refine(ascending, { path: ["tiers"], error: "begin at rising quantities" })
  .refine((price) => (price.meter === "instance") === (price.flavorId !== undefined), { path: ["flavorId"], error: "belongs to prices of instances, and only to those" });
export type AddPriceVersionInput = z.input<typeof addPriceVersionInput>;

export const registerPublicImageInput = z
  .object({
    name: z.string().trim().min(1).max(100),
    description: z.string().max(1000).default(""),
    architecture: z.string().default("x86_64"),
    bootKind: z.enum(["disk", "kernel"]),
    firmware: z.enum(["bios", "uefi"]).default("bios"),
    kernelFile: z.string().min(1).nullable().default(null),
    initrdFile: z.string().min(1).nullable().default(null),
    kernelCommandLine: z.string().max(2000).nullable().default(null),
    volume: z.string().min(1).max(200).regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be a plain file name" }),
    format: z.enum(["qcow2", "raw"]),
    virtualSizeMiB: z.number().int().min(1),
    sizeBytes: z.number().int().min(0),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: "is no sha256 in lower-case hexadecimal" }),
    minimumMemoryMiB: z.number().int().min(1).default(64),
  })
  .refine((image) => image.bootKind === "disk" || (image.kernelFile !== null && image.initrdFile !== null && image.kernelCommandLine !== null), { error: "boots a kernel, so kernelFile, initrdFile and kernelCommandLine are needed" });
export type RegisterPublicImageInput = z.input<typeof registerPublicImageInput>;
