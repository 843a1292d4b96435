import type { FLAVOR_CLASSES, METERS, flavor, image, priceVersion } from "@/db/schema/catalog";

export type FlavorRow = typeof flavor.$inferSelect;
export type PriceVersionRow = typeof priceVersion.$inferSelect;
export type ImageRow = typeof image.$inferSelect;
export type FlavorClass = (typeof FLAVOR_CLASSES)[number];
export type Meter = (typeof METERS)[number];

/** Guarantees, cap and weight of a size; see `classDefaults`. */
export interface FlavorGuarantees {
  /** Over all vCPUs, thousandths of a core. */
  readonly cpuReservationMillicores: number;
  /** Over all vCPUs, thousandths of a core; null = its vCPUs. */
  readonly cpuLimitMillicores: number | null;
  /** Weight under contention, a vCPU; 1024 is one normal share. */
  readonly cpuShares: number;
  readonly memoryReservationMiB: number;
}

export interface Price {
  readonly priceVersionId: string;
  /** Millionths of the currency's main unit for one unit-hour. */
  readonly microsPerHour: number;
  /** What one resource is charged at least and at most in a billing period; 0 and null: no such term. */
  readonly minimumMicros: number;
  readonly monthlyCapMicros: number | null;
  readonly validFrom: Date;
}

/** Prices in force at one moment in one currency. */
export interface PriceList {
  readonly currency: string;
  readonly at: Date;
  readonly flavors: ReadonlyMap<string, Price>;
  /** A GiB of disk; null where it has no price. */
  readonly storage: Price | null;
  /** A public address; null where it has no price. */
  readonly address: Price | null;
  /** A GiB of a private image; null where it has no price. */
  readonly image: Price | null;
}

export interface FlavorView {
  readonly id: string;
  readonly name: string;
  readonly class: FlavorClass;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  /** Null where it has no price in this currency: then it is not billed, and not offered to the public. */
  readonly microsPerHour: number | null;
  /** What one is charged at least and at most in a billing period, millionths of the main unit; 0 and null: no such term. */
  readonly minimumMicros: number;
  readonly monthlyCapMicros: number | null;
  readonly currency: string;
}
