/** Everything here is plain data with integers: moments are milliseconds since 1970, money is millionths of a unit. */

export type Meter = "instance" | "storage" | "address";

/** One stretch of use, half-open: [startedAtMs, endedAtMs). */
export interface UsageWindow {
  readonly id: string;
  readonly meter: Meter;
  readonly resourceId: string;
  readonly instanceId: string;
  /** Set for the meter `instance`. */
  readonly flavorId: string | null;
  /** Units in use all the while: 1 instance, 1 address, or so many GiB. */
  readonly quantity: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** A price from a moment on, until the next version of the same thing. */
export interface PriceVersion {
  readonly id: string;
  readonly meter: Meter;
  readonly flavorId: string | null;
  readonly currency: string;
  /** For one unit over one hour. */
  readonly microsPerHour: number;
  readonly validFromMs: number;
}

export interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

/** All use of one resource at one price. */
export interface RatedLine {
  /** Stable over time: meter, resource and price version. */
  readonly key: string;
  readonly meter: Meter;
  readonly resourceId: string;
  readonly instanceId: string;
  readonly flavorId: string | null;
  readonly priceVersionId: string;
  readonly microsPerHour: number;
  /** Milliseconds of use times units in use. */
  readonly quantityUnitMs: bigint;
  readonly amountMicros: bigint;
  readonly windowIds: readonly string[];
}

export interface RatedPeriod {
  readonly currency: string;
  readonly period: Period;
  readonly lines: readonly RatedLine[];
  readonly subtotalMicros: bigint;
  /** What the currency's smallest coin adds or takes: total = subtotal + rounding. */
  readonly roundingMicros: bigint;
  /** In the currency's smallest coin. */
  readonly totalMinor: bigint;
  /** Use without any price then: never billed as zero, always named. */
  readonly unpriced: readonly { readonly windowId: string; readonly meter: Meter; readonly flavorId: string | null; readonly unitMs: bigint }[];
}
