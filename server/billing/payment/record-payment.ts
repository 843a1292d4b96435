import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { liftDunning } from "../dunning";
import { readInvoiceIn } from "../invoice";
import { postLedgerEntry } from "../ledger";
import { adoptInvoice } from "./keep-subscription";
import { insertPayment, lockLink, selectOrganizationOfCustomer, selectPaymentByCharge, selectRefund, insertRefund, updateRefund, upsertDispute, upsertProviderInvoice } from "./store";
import type { PaymentRow, ProviderAttempt, ProviderDispute, ProviderInvoice, ProviderPayment, ProviderRefund } from "./types";

/** Where the money of a payment belongs. */
interface Owner {
  readonly organizationId: string;
  readonly invoiceId: string | null;
}

/** Notes one attempt once: a row, and for a success its entry in the ledger. */
async function recordAttempt(tx: Transaction, context: Context, owner: Owner, remotePaymentId: string, attempt: ProviderAttempt): Promise<void> {
  if (attempt.status === "pending") return;
  const { chargeId, status, currency, amountMinor, method, failureCode, failureText, at } = attempt;
  const row: PaymentRow = { id: mintId("payment", context), ...owner, remoteId: chargeId, remotePaymentId, status, currency, amountMinor, method, failureCode, failureText, at, createdAt: context.clock.now() };
  const made = await insertPayment(tx, row);
  if (!made) return;
  if (status === "succeeded") await postSucceeded(tx, context, made);
  await recordAudit(tx, context, { organizationId: owner.organizationId, action: `payment.${status}`, targetKind: "payment", targetId: made.id, after: { amountMinor, currency, invoiceId: owner.invoiceId, failureCode } });
  await announce(tx, { organizationId: owner.organizationId, topic: "payment", id: made.id });
  // Nothing overdue any more: the standing returns in the transaction of the payment. A declined one may open a case.
  if (status === "succeeded") await liftDunning(tx, context, owner.organizationId);
  await wake(tx, "dun-organizations");
}

/** A payment for an invoice that is void by now is money held for the organization. */
async function postSucceeded(tx: Transaction, context: Context, row: PaymentRow): Promise<void> {
  const target = row.invoiceId === null ? null : (await readInvoiceIn(tx, row.invoiceId)).invoice;
  const invoiceId = target && target.status !== "void" && target.status !== "parked" ? target.id : null;
  await postLedgerEntry(tx, context, {
    organizationId: row.organizationId, kind: "payment", currency: row.currency, amountMinor: -row.amountMinor, reference: row.remoteId, idempotencyKey: `charge:${row.remoteId}`, at: row.at, ...(invoiceId === null ? {} : { invoiceId }),
  });
}

/**
 * Takes over what the provider says of an invoice of ours, with the payments that were begun for it. `askedAt` is when it was
 * asked: an older answer changes nothing. Answers false for an invoice that is none of ours.
 */
export async function recordProviderInvoice(tx: Transaction, context: Context, facts: ProviderInvoice, payments: readonly ProviderPayment[], askedAt: Date): Promise<boolean> {
  const invoiceId = facts.invoiceId ?? (await adoptInvoice(tx, context, facts));
  if (invoiceId === null) return false;
  const { invoice } = await readInvoiceIn(tx, invoiceId);
  // Its metadata names another organization than our own record: somebody edited it there.
  if (facts.organizationId !== null && invoice.organizationId !== facts.organizationId) return false;
  const { remoteId, number, status, totalMinor, paidMinor, remainingMinor, attempts, url } = facts;
  const newer = await upsertProviderInvoice(tx, { invoiceId: invoice.id, organizationId: invoice.organizationId, remoteId, number, status, totalMinor, paidMinor, remainingMinor, attempts, url, readAt: askedAt });
  for (const { remotePaymentId, attempts: tries } of payments) for (const attempt of tries) await recordAttempt(tx, context, { organizationId: invoice.organizationId, invoiceId: invoice.id }, remotePaymentId, attempt);
  if (newer) {
    await announce(tx, { organizationId: invoice.organizationId, topic: "payment", id: invoice.id });
    await wake(tx, "push-payments");
  }
  return true;
}

/** A payment without an invoice: money paid in advance on a page of ours. Answers false when it belongs to nobody here. */
export async function recordPrepayment(tx: Transaction, context: Context, facts: ProviderPayment): Promise<boolean> {
  const link = facts.linkId === null ? null : await lockLink(tx, facts.linkId);
  const organizationId = link?.organizationId ?? null;
  if (organizationId === null || facts.customerId === null || (await selectOrganizationOfCustomer(tx, facts.customerId)) !== organizationId) return false;
  for (const attempt of facts.attempts) await recordAttempt(tx, context, { organizationId, invoiceId: null }, facts.remotePaymentId, attempt);
  return true;
}

/** A refund as the provider has it. One that failed after it had succeeded is owed by us again. Its payment must be known; answers false when it is not. */
export async function recordRefund(tx: Transaction, context: Context, facts: ProviderRefund): Promise<boolean> {
  const paid = facts.chargeId === null ? null : await selectPaymentByCharge(tx, facts.chargeId);
  if (!paid) return false;
  const known = await selectRefund(tx, { id: facts.refundId, remoteId: facts.remoteId });
  const id = known?.id ?? mintId("paymentRefund", context);
  const { remoteId, status, amountMinor, currency } = facts;
  if (known) await updateRefund(tx, known.id, { remoteId, status });
  else await insertRefund(tx, { id, organizationId: paid.organizationId, paymentId: paid.id, remoteId, currency, amountMinor, status, reason: facts.reason ?? "made at the provider", requestedBy: null, createdAt: context.clock.now() });
  if (known?.status === status) return true;
  const entry = { organizationId: paid.organizationId, currency, reference: remoteId, ...(paid.invoiceId === null ? {} : { invoiceId: paid.invoiceId }) };
  if (status === "succeeded") await postLedgerEntry(tx, context, { ...entry, kind: "refund", amountMinor, idempotencyKey: `refund:${remoteId}`, at: facts.at });
  if (status === "failed" && known?.status === "succeeded") await postLedgerEntry(tx, context, { ...entry, kind: "payment", amountMinor: -amountMinor, idempotencyKey: `refund-failed:${remoteId}` });
  await recordAudit(tx, context, { organizationId: paid.organizationId, action: `refund.${status}`, targetKind: "payment-refund", targetId: id, after: { amountMinor, currency, remoteId } });
  await announce(tx, { organizationId: paid.organizationId, topic: "payment", id });
  return true;
}

/** While a dispute is open or lost the bank has taken the money back; an inquiry (`warning_*`) takes nothing. */
const TAKEN = new Set(["needs_response", "under_review", "lost", "won"]);

/**
 * A dispute as the provider has it. The ledger's entries follow from its present status alone, so that the order of
 * messages does not matter: taken back while open or lost; and given again when won. Answers false when its payment is not known.
 */
export async function recordDispute(tx: Transaction, context: Context, facts: ProviderDispute): Promise<boolean> {
  const paid = await selectPaymentByCharge(tx, facts.chargeId);
  if (!paid) return false;
  const { remoteId, status, amountMinor, currency, reason, evidenceDueAt } = facts;
  const changed = await upsertDispute(tx, { id: mintId("paymentDispute", context), organizationId: paid.organizationId, paymentId: paid.id, remoteId, currency, amountMinor, status, reason, evidenceDueAt, createdAt: context.clock.now() });
  if (!changed) return true;
  const entry = { organizationId: paid.organizationId, currency, reference: remoteId, ...(paid.invoiceId === null ? {} : { invoiceId: paid.invoiceId }) };
  if (TAKEN.has(status)) await postLedgerEntry(tx, context, { ...entry, kind: "dispute", amountMinor, idempotencyKey: `dispute:${remoteId}`, at: facts.at });
  if (status === "won") await postLedgerEntry(tx, context, { ...entry, kind: "dispute-won", amountMinor: -amountMinor, idempotencyKey: `dispute-won:${remoteId}` });
  await recordAudit(tx, context, { organizationId: paid.organizationId, action: "dispute.noted", targetKind: "payment-dispute", targetId: remoteId, after: { status, amountMinor, currency, reason } });
  await announce(tx, { organizationId: paid.organizationId, topic: "payment", id: remoteId });
  await wake(tx, "dun-organizations");
  return true;
}
