import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { isBilledCurrency } from "@/server/rating";
import { recordAudit } from "@/server/tenancy";
import { wrongAmount } from "./rules";
import { insertEntry, lockInvoiceForPosting, selectEntryByKey, sumOfInvoice, updateInvoiceStatus } from "./store";
import type { InvoiceStanding, LedgerEntryRow, LedgerPosting } from "./types";

/**
 * Posts one entry. What is posted stays; the same posting again (same key, same content) changes nothing and says so. An
 * invoice whose entries sum to nothing or less is paid, and is open again when a later entry (refund, dispute) opens it.
 * @throws Problem `bad-input` wrong sign, amount or currency; `not-found` foreign invoice; `conflict` key used for something else, or an invoice that is not issued.
 */
export async function postLedgerEntry(tx: Transaction, context: Context, posting: LedgerPosting): Promise<{ readonly entry: LedgerEntryRow; readonly posted: boolean; readonly invoice: InvoiceStanding | null }> {
  const wrong = isBilledCurrency(posting.currency) ? wrongAmount(posting.kind, posting.amountMinor) : `${posting.currency} is no currency that is billed`;
  if (wrong !== null) throw new Problem("bad-input", `The entry ${posting.kind} of ${posting.amountMinor} ${posting.currency} was not posted: ${wrong}. Correct it and post it again.`, { kind: posting.kind, amountMinor: posting.amountMinor, currency: posting.currency });

  const invoice = posting.invoiceId === undefined ? null : await lockInvoiceForPosting(tx, posting.invoiceId);
  if (posting.invoiceId !== undefined && invoice?.organizationId !== posting.organizationId) throw notFound("invoice", posting.invoiceId);
  if (invoice && invoice.currency !== posting.currency) throw new Problem("bad-input", `The entry was not posted: the invoice is in ${invoice.currency}, the amount in ${posting.currency}. Post it in the invoice's currency.`, { invoiceId: invoice.id });

  const known = await selectEntryByKey(tx, posting.idempotencyKey);
  const entry = known ?? (await insertEntry(tx, newRow(context, posting)));
  if (!entry) return repeatOf(tx, posting, await selectEntryByKey(tx, posting.idempotencyKey), invoice);
  if (known) return repeatOf(tx, posting, known, invoice);
  if (invoice && (invoice.status === "parked" || (invoice.status === "void" && posting.kind !== "void"))) {
    throw new Problem("conflict", `The entry was not posted: the invoice is ${invoice.status}. Post it without an invoice; it is then money held for the organization.`, { invoiceId: invoice.id, status: invoice.status });
  }
  const standing = invoice ? await settle(tx, invoice) : null;
  await wake(tx, "dun-organizations");
  await announce(tx, { organizationId: posting.organizationId, topic: "billing", id: posting.invoiceId ?? entry.id });
  await recordAudit(tx, context, {
    organizationId: posting.organizationId, action: "ledger.posted", targetKind: "ledger-entry", targetId: entry.id,
    after: { kind: entry.kind, currency: entry.currency, amountMinor: entry.amountMinor, invoiceId: entry.invoiceId, reference: entry.reference },
  });
  return { entry, posted: true, invoice: standing };
}

function newRow(context: Context, posting: LedgerPosting): LedgerEntryRow {
  const now = context.clock.now();
  return {
    id: mintId("ledgerEntry", context), organizationId: posting.organizationId, at: posting.at ?? now, kind: posting.kind, currency: posting.currency, amountMinor: posting.amountMinor,
    invoiceId: posting.invoiceId ?? null, creditNoteId: posting.creditNoteId ?? null, reference: posting.reference, idempotencyKey: posting.idempotencyKey, createdAt: now, createdBy: context.actor.id,
  };
}

type Locked = NonNullable<Awaited<ReturnType<typeof lockInvoiceForPosting>>>;

async function settle(tx: Transaction, invoice: Locked): Promise<InvoiceStanding> {
  const openMinor = await sumOfInvoice(tx, invoice.id);
  if (invoice.status !== "issued" && invoice.status !== "paid") return { id: invoice.id, status: invoice.status, openMinor };
  const status = openMinor <= 0 ? "paid" : "issued";
  if (status !== invoice.status) await updateInvoiceStatus(tx, invoice.id, status);
  return { id: invoice.id, status, openMinor };
}

async function repeatOf(tx: Transaction, posting: LedgerPosting, known: LedgerEntryRow | null, invoice: Locked | null): Promise<{ entry: LedgerEntryRow; posted: false; invoice: InvoiceStanding | null }> {
  const same =
    known !== null && known.organizationId === posting.organizationId && known.kind === posting.kind && known.currency === posting.currency && known.amountMinor === posting.amountMinor && known.invoiceId === (posting.invoiceId ?? null);
  if (!same) throw new Problem("conflict", `The entry was not posted: its key ${posting.idempotencyKey} was used for another entry. Entries are never changed; post a correction under a key of its own.`, { idempotencyKey: posting.idempotencyKey });
  return { entry: known, posted: false, invoice: invoice ? { id: invoice.id, status: invoice.status, openMinor: await sumOfInvoice(tx, invoice.id) } : null };
}
