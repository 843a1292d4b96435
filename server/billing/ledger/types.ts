import type { LEDGER_KINDS, ledgerEntry } from "@/db/schema/billing";

export type LedgerEntryRow = typeof ledgerEntry.$inferSelect;
export type LedgerKind = (typeof LEDGER_KINDS)[number];

export interface LedgerPosting {
  readonly organizationId: string;
  readonly kind: LedgerKind;
  readonly currency: string;
  /** Minor units of the currency; positive is owed to us. */
  readonly amountMinor: number;
  readonly invoiceId?: string;
  readonly creditNoteId?: string;
  /** What it is in the outside world: a payment's, refund's or dispute's id. */
  readonly reference: string;
  /** The same posting under the same key is posted once. */
  readonly idempotencyKey: string;
  /** When it happened; default: now. */
  readonly at?: Date;
}

/** Where an invoice stands after a posting. */
export interface InvoiceStanding {
  readonly id: string;
  readonly status: "parked" | "issued" | "paid" | "void";
  /** Minor units that are still owed; negative when more was paid than asked for. */
  readonly openMinor: number;
}

export interface Balance {
  readonly currency: string;
  /** Positive: the organization owes us; negative: we hold its money. */
  readonly balanceMinor: number;
}
