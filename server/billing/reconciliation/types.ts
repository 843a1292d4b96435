import type { reconciliationDifference } from "@/db/schema/payment";
import type { Sentence } from "@/server/platform/sentences";

export type DifferenceRow = typeof reconciliationDifference.$inferSelect;

/** One thing that is not the same in two of the three places. */
export interface Difference {
  /** What kind it is, from a closed list; screens have a sentence for each. */
  readonly name:
    | "running-without-window"
    | "window-without-machine"
    | "line-differs-from-windows"
    | "invoice-missing-at-provider"
    | "invoice-unknown-here"
    | "invoice-twice-at-provider"
    | "invoice-total-differs"
    | "invoice-status-differs"
    | "open-amount-differs"
    | "payment-missing-here";
  readonly organizationId: string | null;
  readonly subjectId: string;
  /** For a person: what, and what to do. */
  readonly text: string;
  readonly hostFacts?: Sentence;
  readonly ledger?: Sentence;
  readonly provider?: Sentence;
}

/** What the provider lists of an invoice. */
export interface ListedInvoice {
  readonly remoteId: string;
  readonly invoiceId: string | null;
  readonly organizationId: string | null;
  readonly status: string;
  readonly currency: string;
  readonly totalMinor: number;
  readonly paidMinor: number;
  readonly remainingMinor: number;
}

/** What our own books say of an invoice. */
export interface BookedInvoice {
  readonly invoiceId: string;
  readonly organizationId: string;
  readonly number: string | null;
  readonly status: string;
  readonly currency: string;
  readonly totalMinor: number;
  readonly openMinor: number;
  /** What came in through the provider, positive. */
  readonly paidMinor: number;
  /** At the provider; null when it was never there. */
  readonly remoteId: string | null;
  readonly issuedAt: Date;
}
