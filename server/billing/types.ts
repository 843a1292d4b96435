import type { Words } from "@/server/platform/sentences";
import type { LineKind, Meter, TaxGroup } from "@/server/rating";

/** One line of a draft: all use of one resource at one price version in the period, or what a term, discount or commitment adds or takes. */
export interface DraftLine {
  /** Stable over time; `listLineWindows` opens it. */
  readonly key: string;
  readonly kind: LineKind;
  readonly meter: Meter | null;
  readonly resourceId: string | null;
  readonly instanceId: string | null;
  readonly instanceName: string | null;
  readonly flavorId: string | null;
  readonly flavorName: string | null;
  readonly storageClass: string | null;
  readonly priceVersionId: string | null;
  /** The commitment, coupon or credit that it comes from, and how people call it. */
  readonly reference: string | null;
  readonly label: string | null;
  /** Why a credit was given for an outage, as a sentence for any language. */
  readonly labelWords: readonly Words[] | null;
  readonly microsPerHour: number | null;
  /** Unit-milliseconds, micros: below 2^53 for any month of one resource. */
  readonly quantityUnitMs: number;
  readonly amountMicros: number;
  readonly taxRateBasisPoints: number;
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
  /** Net, tax and sum in the smallest coin. */
  readonly subtotalMinor: number;
  readonly taxes: readonly { readonly [K in keyof TaxGroup]: number }[];
  readonly taxMinor: number;
  readonly totalMinor: number;
  /** Use without a price: an operator's mistake that is shown, never billed as zero in silence. */
  readonly unpricedWindows: number;
}
