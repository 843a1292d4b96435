import { and, asc, desc, eq, gte, lt, sql } from "drizzle-orm";
import { creditNote, invoice, invoiceLine } from "@/db/schema/billing";
import type { Transaction } from "@/server/platform/transaction";
import type { CreditNoteRow, InvoiceFilter, InvoiceLineRow, InvoiceRow } from "./types";

/** Lines of one statement: Postgres takes 65,535 parameters. */
const LINES_AT_ONCE = 2_000;

export async function insertInvoice(tx: Transaction, row: typeof invoice.$inferInsert): Promise<InvoiceRow> {
  const [made] = await tx.insert(invoice).values(row).returning();
  if (!made) throw new Error("an insert answered no row");
  return made;
}

export async function insertLines(tx: Transaction, rows: readonly (typeof invoiceLine.$inferInsert)[]): Promise<void> {
  for (let at = 0; at < rows.length; at += LINES_AT_ONCE) await tx.insert(invoiceLine).values(rows.slice(at, at + LINES_AT_ONCE));
}

export async function updateInvoice(tx: Transaction, invoiceId: string, fields: Partial<Pick<InvoiceRow, "status" | "number" | "issuedAt" | "dueAt" | "voidedAt" | "voidReason" | "sealedAt">>): Promise<InvoiceRow> {
  const [row] = await tx.update(invoice).set(fields).where(eq(invoice.id, invoiceId)).returning();
  if (!row) throw new Error(`The invoice ${invoiceId} is not there for this transaction.`);
  return row;
}

export async function selectInvoice(tx: Transaction, invoiceId: string, lock = false): Promise<InvoiceRow | null> {
  const query = tx.select().from(invoice).where(eq(invoice.id, invoiceId));
  const [row] = await (lock ? query.for("update") : query);
  return row ?? null;
}

export async function selectInvoiceOfPeriod(tx: Transaction, organizationId: string, periodStart: Date): Promise<InvoiceRow | null> {
  const [row] = await tx.select().from(invoice).where(and(eq(invoice.organizationId, organizationId), eq(invoice.periodStart, periodStart), eq(invoice.kind, "period"), sql`status <> 'void'`));
  return row ?? null;
}

export async function selectLines(tx: Transaction, invoiceId: string): Promise<InvoiceLineRow[]> {
  return tx.select().from(invoiceLine).where(eq(invoiceLine.invoiceId, invoiceId)).orderBy(asc(invoiceLine.position));
}

export async function selectCreditNotes(tx: Transaction, invoiceId: string): Promise<CreditNoteRow[]> {
  return tx.select().from(creditNote).where(eq(creditNote.invoiceId, invoiceId)).orderBy(asc(creditNote.issuedAt), asc(creditNote.id));
}

export async function insertCreditNote(tx: Transaction, row: CreditNoteRow): Promise<void> {
  await tx.insert(creditNote).values(row);
}

export async function selectCreditNoteByKey(tx: Transaction, idempotencyKey: string): Promise<CreditNoteRow | null> {
  const [row] = await tx.select().from(creditNote).where(eq(creditNote.idempotencyKey, idempotencyKey));
  return row ?? null;
}

const DEFAULT_LIMIT = 200;

/** Newest first. */
export async function selectInvoices(tx: Transaction, filter: InvoiceFilter): Promise<(InvoiceRow & { openMinor: number })[]> {
  const open = sql<number>`coalesce((select sum(e.amount_minor) from ledger_entry e where e.invoice_id = invoice.id), 0)`.mapWith(Number);
  const rows = await tx
    .select({ invoice, open })
    .from(invoice)
    .where(and(
      filter.organizationId === undefined ? undefined : eq(invoice.organizationId, filter.organizationId),
      filter.status === undefined ? undefined : eq(invoice.status, filter.status),
      filter.issuedFrom === undefined ? undefined : gte(invoice.issuedAt, filter.issuedFrom),
      filter.dueBefore === undefined ? undefined : lt(invoice.dueAt, filter.dueBefore),
    ))
    .orderBy(desc(invoice.issuedAt), desc(invoice.id))
    .limit(filter.limit ?? DEFAULT_LIMIT);
  return rows.map((row) => ({ ...row.invoice, openMinor: row.open }));
}

/** Totals of the newest period invoices before a moment, for telling what is usual. */
export async function selectRecentTotals(tx: Transaction, organizationId: string, before: Date, limit: number): Promise<number[]> {
  const rows = await tx.select({ total: invoice.totalMinor }).from(invoice).where(and(eq(invoice.organizationId, organizationId), eq(invoice.kind, "period"), lt(invoice.periodStart, before), sql`status in ('issued', 'paid')`)).orderBy(desc(invoice.periodStart)).limit(limit);
  return rows.map((row) => row.total);
}
