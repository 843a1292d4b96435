import type { Meter } from "@/server/rating";

/** One line of a draft: all use of one resource at one price version in the period. */
export interface DraftLine {
  /** Stable over time; `listLineWindows` opens it. */
  readonly key: string;
  readonly meter: Meter;
  readonly resourceId: string;
  readonly instanceId: string;
  readonly instanceName: string | null;
  readonly flavorId: string | null;
  readonly flavorName: string | null;
  readonly priceVersionId: string;
  readonly microsPerHour: number;
  /** Unit-milliseconds, micros: below 2^53 for any month of one resource. */
  readonly quantityUnitMs: number;
  readonly amountMicros: number;
  readonly windowCount: number;
}

export interface InvoiceDraft {
  readonly currency: string;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly timeZone: string;
  /** Up to when use is in. */
  readonly asOf: Date;
  readonly lines: readonly DraftLine[];
  readonly subtotalMicros: number;
  readonly roundingMicros: number;
  readonly totalMinor: number;
  /** Use without a price: an operator's mistake that is shown, never billed as zero in silence. */
  readonly unpricedWindows: number;
}
