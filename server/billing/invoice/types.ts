import type { INVOICE_STATUSES, LINE_KINDS, creditNote, invoice, invoiceLine } from "@/db/schema/billing";

export type InvoiceRow = typeof invoice.$inferSelect;
export type InvoiceLineRow = typeof invoiceLine.$inferSelect;
export type CreditNoteRow = typeof creditNote.$inferSelect;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];
export type LineKind = (typeof LINE_KINDS)[number];

/** A line before it has an invoice. */
export interface NewLine {
  readonly kind: LineKind;
  readonly key: string;
  readonly meter: string | null;
  readonly resourceId: string | null;
  readonly instanceId: string | null;
  readonly flavorId: string | null;
  readonly priceVersionId: string | null;
  readonly reference: string | null;
  readonly description: Readonly<Record<string, unknown>>;
  readonly quantityUnitMs: bigint;
  readonly microsPerHour: number | null;
  readonly amountMicros: bigint;
  readonly taxRateBasisPoints: number;
  readonly windowIds: readonly string[];
}

/** An invoice with what it is made of and what is open. */
export interface InvoiceView {
  readonly invoice: InvoiceRow;
  readonly lines: readonly InvoiceLineRow[];
  readonly creditNotes: readonly CreditNoteRow[];
  /** Minor units still owed. */
  readonly openMinor: number;
}

export interface InvoiceFilter {
  readonly organizationId?: string;
  readonly status?: InvoiceStatus;
  readonly issuedFrom?: Date;
  readonly dueBefore?: Date;
  readonly limit?: number;
}
