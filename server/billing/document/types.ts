export type DocumentLocale = "en" | "ja";

/** What one resource used on one day, and what that comes to at its price. */
export interface BreakdownRow {
  /** Calendar day in the organization's zone, YYYY-MM-DD. */
  readonly day: string;
  readonly meter: string;
  readonly resourceId: string;
  readonly instanceId: string;
  readonly instanceName: string | null;
  readonly unitMs: number;
  readonly amountMicros: number;
}

export interface Breakdown {
  readonly currency: string;
  readonly timeZone: string;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly days: readonly BreakdownRow[];
  /** Sums of the days by instance; terms, discounts and tax of the month are not in it. */
  readonly instances: readonly { readonly instanceId: string; readonly instanceName: string | null; readonly amountMicros: number }[];
}
