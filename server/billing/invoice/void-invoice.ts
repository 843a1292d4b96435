import { notePeriodBilled, releaseAdjustments } from "@/server/metering";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { insertUses, selectUsesOf } from "../credit";
import { postLedgerEntry, readOpenMinor } from "../ledger";
import { selectInvoice, updateInvoice } from "./store";
import type { InvoiceRow } from "./types";
import { issueSealed } from "./write-invoice";

async function lock(tx: Transaction, invoiceId: string): Promise<InvoiceRow> {
  const row = await selectInvoice(tx, invoiceId, true);
  if (!row) throw notFound("invoice", invoiceId);
  return row;
}

/**
 * Takes an invoice back as a whole: nothing is owed, its credits are free again, and its period can be invoiced anew.
 * @throws Problem `conflict` when something was paid or credited on it: then a credit note is the way.
 */
export async function voidInvoice(context: Context, input: { readonly invoiceId: string; readonly reason: string }): Promise<InvoiceRow> {
  return inTransaction(context, async (tx) => {
    const invoice = await lock(tx, input.invoiceId);
    const now = context.clock.now();
    if (invoice.status === "void") throw new Problem("conflict", sentence("refused-void-again", { invoice: invoice.number ?? invoice.id }), { invoiceId: invoice.id });
    const wasIssued = invoice.status !== "parked";
    if (wasIssued && (invoice.status === "paid" || (await readOpenMinor(tx, invoice.id)) !== invoice.totalMinor)) {
      throw new Problem("conflict", sentence("refused-void-paid", { invoice: invoice.number ?? invoice.id }), { invoiceId: invoice.id });
    }
    const row = await updateInvoice(tx, invoice.id, { status: "void", voidedAt: now, voidReason: input.reason });
    if (wasIssued) await postLedgerEntry(tx, context, { organizationId: row.organizationId, kind: "void", currency: row.currency, amountMinor: -row.totalMinor, invoiceId: row.id, reference: row.number ?? row.id, idempotencyKey: `void:${row.id}` });
    await insertUses(tx, (await selectUsesOf(tx, row.id)).map((use) => ({ ...use, organizationId: row.organizationId, invoiceId: row.id, kind: "return" as const, createdAt: now })));
    if (row.kind === "period") {
      // Its period is to be invoiced anew, with the late facts that this one had taken.
      await releaseAdjustments(tx, row.id);
      await notePeriodBilled(tx, row.organizationId, row.periodStart, null);
    }
    await wake(tx, "issue-invoices", "push-payments", "dun-organizations");
    await announce(tx, { organizationId: row.organizationId, topic: "billing", id: row.id });
    await recordAudit(tx, context, { organizationId: row.organizationId, action: "invoice.voided", targetKind: "invoice", targetId: row.id, before: { status: invoice.status }, after: { status: "void", reason: input.reason } });
    return row;
  });
}

/** Lets a parked invoice go out: from now on it has a number and is owed. @throws Problem `conflict` when it is not parked. */
export async function releaseInvoice(context: Context, input: { readonly invoiceId: string }): Promise<InvoiceRow> {
  return inTransaction(context, async (tx) => {
    const invoice = await lock(tx, input.invoiceId);
    if (invoice.status !== "parked") throw new Problem("conflict", sentence("refused-not-parked", { invoice: invoice.number ?? invoice.id, status: invoice.status }), { invoiceId: invoice.id, status: invoice.status });
    return issueSealed(tx, context, invoice);
  });
}
