import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { microsPerMinor, totalLines } from "@/server/rating";
import { recordAudit } from "@/server/tenancy";
import { postLedgerEntry } from "../ledger";
import { takeNumber } from "../profile";
import { insertCreditNote, selectCreditNoteByKey, selectCreditNotes, selectInvoice } from "./store";
import type { CreditNoteRow } from "./types";

export interface CreditNoteInput {
  readonly invoiceId: string;
  readonly reason: string;
  /** Net amounts in minor units, each at a tax rate that the invoice has. */
  readonly amounts: readonly { readonly rateBasisPoints: number; readonly netMinor: number }[];
  readonly idempotencyKey: string;
}

/**
 * Corrects an issued invoice downward, with the tax that belongs to it. Never below nothing, rate by rate.
 * @throws Problem `bad-input` for amounts that the invoice does not have left; `conflict` when it was not issued.
 */
export async function issueCreditNoteIn(tx: Transaction, context: Context, input: CreditNoteInput): Promise<CreditNoteRow> {
  const invoice = await selectInvoice(tx, input.invoiceId, true);
  if (!invoice) throw notFound("invoice", input.invoiceId);
  const known = await selectCreditNoteByKey(tx, input.idempotencyKey);
  if (known?.invoiceId === invoice.id) return known;
  if (known) throw new Problem("conflict", sentence("refused-credit-note-key"), { idempotencyKey: input.idempotencyKey });
  if (invoice.status !== "issued" && invoice.status !== "paid") throw new Problem("conflict", sentence("refused-credit-note-status", { status: invoice.status }), { invoiceId: invoice.id });
  const before = await selectCreditNotes(tx, invoice.id);
  for (const { rateBasisPoints, netMinor } of input.amounts) {
    const had = invoice.taxes.find((group) => group.rateBasisPoints === rateBasisPoints)?.netMinor ?? 0;
    const gone = before.flatMap((note) => note.taxes).reduce((sum, group) => sum + (group.rateBasisPoints === rateBasisPoints ? group.netMinor : 0), 0);
    if (!Number.isSafeInteger(netMinor) || netMinor <= 0 || netMinor > had - gone) {
      throw new Problem("bad-input", sentence("refused-credit-note-amount", { percent: rateBasisPoints / 100, leftMinor: had - gone, askedMinor: netMinor }), { invoiceId: invoice.id, rateBasisPoints, leftMinor: had - gone });
    }
  }
  const totals = totalLines(input.amounts.map((amount) => ({ amountMicros: BigInt(amount.netMinor) * microsPerMinor(invoice.currency), taxRateBasisPoints: amount.rateBasisPoints })), invoice.currency);
  if (totals.totalMinor <= 0n || input.reason.trim() === "") throw new Problem("bad-input", sentence("refused-credit-note-empty"), { invoiceId: invoice.id });
  const row: CreditNoteRow = {
    id: mintId("creditNote", context), organizationId: invoice.organizationId, issuerId: invoice.issuerId, invoiceId: invoice.id, number: await takeNumber(tx, "credit-note"), currency: invoice.currency, reason: input.reason.trim(),
    netMinor: Number(totals.subtotalMinor), taxMinor: Number(totals.taxMinor), totalMinor: Number(totals.totalMinor),
    taxes: totals.taxes.map((group) => ({ rateBasisPoints: group.rateBasisPoints, netMinor: Number(group.netMinor), taxMinor: Number(group.taxMinor) })),
    issuedAt: context.clock.now(), createdBy: context.actor.id, idempotencyKey: input.idempotencyKey,
  };
  await insertCreditNote(tx, row);
  await postLedgerEntry(tx, context, { organizationId: row.organizationId, kind: "credit-note", currency: row.currency, amountMinor: -row.totalMinor, invoiceId: invoice.id, creditNoteId: row.id, reference: row.number, idempotencyKey: `credit-note:${row.id}` });
  await wake(tx, "push-payments");
  await announce(tx, { organizationId: row.organizationId, topic: "billing", id: invoice.id });
  await recordAudit(tx, context, { organizationId: row.organizationId, action: "credit-note.issued", targetKind: "invoice", targetId: invoice.id, after: { number: row.number, totalMinor: row.totalMinor, currency: row.currency, reason: row.reason } });
  return row;
}

export function issueCreditNote(context: Context, input: CreditNoteInput): Promise<CreditNoteRow> {
  return inTransaction(context, (tx) => issueCreditNoteIn(tx, context, input));
}
