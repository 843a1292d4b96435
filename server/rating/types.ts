/** Everything here is plain data with integers: moments are milliseconds since 1970, money is millionths of a unit. */

export type Meter = "instance" | "storage" | "address" | "snapshot" | "image" | "desktop";
export type TaxCategory = "standard" | "reduced" | "exempt";

/** One stretch of use, half-open: [startedAtMs, endedAtMs). */
export interface UsageWindow {
  readonly id: string;
  readonly meter: Meter;
  readonly resourceId: string;
  readonly instanceId: string;
  /** Set for the meter `instance`. */
  readonly flavorId: string | null;
  /** Set for storage whose class has a price of its own. */
  readonly storageClass?: string | null;
  /** Units in use all the while: 1 instance, 1 address, or so many GiB. */
  readonly quantity: number;
  /** The tenant let it be moved at any time, which may have a price. */
  readonly movable?: boolean;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** What units from a quantity on cost, within one period. */
export interface Tier {
  readonly fromUnitHours: number;
  readonly microsPerHour: number;
}

/**
 * A price from a moment on, until the next version of the same thing. Terms beside the price hold for a whole period: those
 * of the newest version in use decide.
 */
export interface PriceVersion {
  readonly id: string;
  readonly meter: Meter;
  readonly flavorId: string | null;
  /** Null: every storage class that has no price of its own. */
  readonly storageClass?: string | null;
  readonly currency: string;
  /** For one unit over one hour. */
  readonly microsPerHour: number;
  readonly validFromMs: number;
  /** Use of a resource in the period is rounded up to whole multiples; default 1 second. */
  readonly incrementSeconds?: number;
  /** A resource that was used at all is charged for at least so long, and at least so much. */
  readonly minimumSeconds?: number;
  readonly minimumMicros?: number;
  /** A resource is charged at most so much in one period. */
  readonly monthlyCapMicros?: number | null;
  /** Ascending; below the first one the price itself holds. */
  readonly tiers?: readonly Tier[];
  /** So many unit-hours of all resources together are free in each period. */
  readonly includedUnitHours?: number;
  /** Off the price while the tenant lets the thing be moved. */
  readonly movableDiscountBasisPoints?: number;
  readonly taxCategory?: TaxCategory;
}

/** An amount reserved for a time: paid whether it is used or not, and nothing more is paid for use within it. */
export interface Commitment {
  readonly id: string;
  readonly meter: Meter;
  readonly flavorId: string | null;
  readonly units: number;
  readonly microsPerHour: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly taxCategory?: TaxCategory;
}

/** A trial, coupon or credit: takes a part off what was used in its time, until it is used up. Applied in the order given. */
export interface Discount {
  readonly id: string;
  readonly kind: "coupon" | "credit";
  /** 10000: all of it. */
  readonly basisPoints: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Null: all meters. */
  readonly meters: readonly Meter[] | null;
  /** What is left of it; null: without an end. */
  readonly leftMicros: bigint | null;
  /** Also lowers what is no use of a resource: fees of commitments, adjustments. */
  readonly coversFees?: boolean;
}

export interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

export type LineKind = "usage" | "increment" | "minimum" | "cap" | "tier" | "included" | "commitment-fee" | "commitment-coverage" | "movable-discount" | "coupon" | "credit" | "adjustment";

/** One line: all use of one resource at one price, or what a term, a discount or a commitment adds or takes. */
export interface RatedLine {
  /** Stable over time and unique within the period. */
  readonly key: string;
  readonly kind: LineKind;
  readonly meter: Meter | null;
  readonly resourceId: string | null;
  readonly instanceId: string | null;
  readonly flavorId: string | null;
  readonly storageClass: string | null;
  readonly priceVersionId: string | null;
  /** The commitment, coupon, credit or late window that it comes from. */
  readonly reference: string | null;
  readonly microsPerHour: number | null;
  /** Milliseconds of use times units in use. */
  readonly quantityUnitMs: bigint;
  readonly amountMicros: bigint;
  readonly taxRateBasisPoints: number;
  readonly windowIds: readonly string[];
}

export interface RateInput {
  readonly windows: readonly UsageWindow[];
  readonly prices: readonly PriceVersion[];
  readonly period: Period;
  readonly currency: string;
  readonly commitments?: readonly Commitment[];
  readonly discounts?: readonly Discount[];
  /** Hundredths of a percent by category; default: no tax. */
  readonly taxRates?: Readonly<Record<TaxCategory, number>>;
  /** Lines decided elsewhere (adjustments of closed periods); discounts that cover fees lower them too. */
  readonly extraLines?: readonly RatedLine[];
}

export interface Unpriced {
  readonly windowId: string;
  readonly meter: Meter;
  readonly flavorId: string | null;
  readonly unitMs: bigint;
}

export interface RatedPeriod {
  readonly currency: string;
  readonly period: Period;
  readonly lines: readonly RatedLine[];
  /** The sum of the lines. */
  readonly subtotalMicros: bigint;
  /** What the currency's smallest coin adds or takes: subtotalMicros + roundingMicros = subtotalMinor, exactly. */
  readonly roundingMicros: bigint;
  readonly subtotalMinor: bigint;
  readonly taxes: readonly { readonly rateBasisPoints: number; readonly netMinor: bigint; readonly taxMinor: bigint }[];
  readonly taxMinor: bigint;
  /** With tax, in the currency's smallest coin. */
  readonly totalMinor: bigint;
  /** What each discount gave. */
  readonly discountUses: readonly { readonly id: string; readonly kind: Discount["kind"]; readonly amountMicros: bigint }[];
  /** Use without any price then: never billed as zero, always named. */
  readonly unpriced: readonly Unpriced[];
}
