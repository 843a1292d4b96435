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

/** Somebody had a machine for a time, half-open; null: still has it. */
export interface Holding {
  readonly instanceId: string;
  readonly holderId: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

/** What one machine used and cost while somebody held it; null: while nobody did. */
export interface HeldCost {
  readonly instanceId: string;
  readonly holderId: string | null;
  readonly runningMs: number;
  readonly storageGiBMs: number;
  /** For the machine while it ran. */
  readonly runningMicros: number;
  /** For its storage, addresses and whatever else is held for it. */
  readonly otherMicros: number;
}

export interface HeldCosts {
  readonly currency: string;
  readonly timeZone: string;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly asOf: Date;
  readonly rows: readonly HeldCost[];
}
