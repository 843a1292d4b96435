import { and, desc, eq, sql } from "drizzle-orm";
import { invoice, ledgerEntry } from "@/db/schema/billing";
import type { Transaction } from "@/server/platform/transaction";
import type { Balance, LedgerEntryRow } from "./types";

/** Null when the key is taken. */
export async function insertEntry(tx: Transaction, row: LedgerEntryRow): Promise<LedgerEntryRow | null> {
  const [made] = await tx.insert(ledgerEntry).values(row).onConflictDoNothing({ target: ledgerEntry.idempotencyKey }).returning();
  return made ?? null;
}

export async function selectEntryByKey(tx: Transaction, idempotencyKey: string): Promise<LedgerEntryRow | null> {
  const [row] = await tx.select().from(ledgerEntry).where(eq(ledgerEntry.idempotencyKey, idempotencyKey));
  return row ?? null;
}

export async function selectBalances(tx: Transaction, organizationId: string): Promise<Balance[]> {
  return tx
    .select({ currency: ledgerEntry.currency, balanceMinor: sql<number>`sum(${ledgerEntry.amountMinor})`.mapWith(Number) })
    .from(ledgerEntry)
    .where(eq(ledgerEntry.organizationId, organizationId))
    .groupBy(ledgerEntry.currency)
    .orderBy(ledgerEntry.currency);
}

export async function sumOfInvoice(tx: Transaction, invoiceId: string): Promise<number> {
  const [row] = await tx.select({ open: sql<number>`coalesce(sum(${ledgerEntry.amountMinor}), 0)`.mapWith(Number) }).from(ledgerEntry).where(eq(ledgerEntry.invoiceId, invoiceId));
  return row?.open ?? 0;
}

/** Money that was paid in advance and belongs to no invoice yet; negative when there is some. */
export async function sumUnassigned(tx: Transaction, organizationId: string, currency: string): Promise<number> {
  const result = await tx.execute<{ sum: string }>(sql`select coalesce(sum(amount_minor), 0) as sum from ledger_entry where organization_id = ${organizationId} and currency = ${currency} and invoice_id is null`);
  return Number(result.rows[0]?.sum ?? 0);
}

/** Locks the invoice until commit, so that what is open is counted by one at a time. */
export async function lockInvoiceForPosting(tx: Transaction, invoiceId: string): Promise<{ readonly id: string; readonly organizationId: string; readonly currency: string; readonly status: "parked" | "issued" | "paid" | "void" } | null> {
  const [row] = await tx.select({ id: invoice.id, organizationId: invoice.organizationId, currency: invoice.currency, status: invoice.status }).from(invoice).where(eq(invoice.id, invoiceId)).for("update");
  return row ?? null;
}

export async function updateInvoiceStatus(tx: Transaction, invoiceId: string, status: "issued" | "paid"): Promise<void> {
  await tx.update(invoice).set({ status }).where(eq(invoice.id, invoiceId));
}

/** Two at once for one organization would both see the same money in advance. */
export async function lockLedger(tx: Transaction, organizationId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`ledger:${organizationId}`}, 0))`);
}

export async function selectEntries(tx: Transaction, organizationId: string, limit: number, invoiceId?: string): Promise<LedgerEntryRow[]> {
  return tx.select().from(ledgerEntry).where(and(eq(ledgerEntry.organizationId, organizationId), invoiceId === undefined ? undefined : eq(ledgerEntry.invoiceId, invoiceId))).orderBy(desc(ledgerEntry.at), desc(ledgerEntry.id)).limit(limit);
}
