import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { recordAudit } from "@/server/tenancy";
import { readBalance, readOpenMinor } from "../ledger";
import { enqueuePush } from "../push";
import type { RequestRefundInput } from "./schema";
import { insertRefund, lockPayment, selectRefund, sumPendingRefunds, sumRefunds } from "./store";
import type { PaymentRow, RefundRow } from "./types";

/** Minor units that we hold beyond what is owed: of the payment's invoice, or of the organization for money in advance. */
async function heldBeyond(tx: Transaction, paid: PaymentRow): Promise<number> {
  if (paid.invoiceId !== null) return -(await readOpenMinor(tx, paid.invoiceId));
  const balance = (await readBalance(tx, paid.organizationId)).find((row) => row.currency === paid.currency);
  return -(balance?.balanceMinor ?? 0);
}

/** The most that can be given back of a payment now: no more than it was, and no more than is held beyond what is owed. */
export async function refundableMinor(tx: Transaction, paid: PaymentRow): Promise<number> {
  if (paid.status !== "succeeded") return 0;
  const left = paid.amountMinor - (await sumRefunds(tx, paid.id));
  const held = (await heldBeyond(tx, paid)) - (await sumPendingRefunds(tx, paid));
  return Math.max(0, Math.min(left, held));
}

/**
 * Gives money back over the card that paid it. Only what is no longer owed can be given back: a credit note (or a void
 * invoice) comes first, so that a refund never opens an invoice again.
 */
export async function requestRefund(context: Context, input: RequestRefundInput): Promise<RefundRow> {
  return inTransaction(context, async (tx) => {
    const paid = await lockPayment(tx, input.paymentId);
    if (!paid || paid.status !== "succeeded") throw notFound("payment that succeeded", input.paymentId);
    const most = await refundableMinor(tx, paid);
    if (input.amountMinor > most) {
      throw new Problem("conflict", sentence("refused-refund-amount", { askedMinor: input.amountMinor, mostMinor: most, currency: paid.currency }), { paymentId: paid.id, mostMinor: most });
    }
    const row: RefundRow = { id: mintId("paymentRefund", context), organizationId: paid.organizationId, paymentId: paid.id, remoteId: null, currency: paid.currency, amountMinor: input.amountMinor, status: "requested", reason: input.reason, requestedBy: context.actor.id, createdAt: context.clock.now() };
    await insertRefund(tx, row);
    await enqueuePush(tx, context, { organizationId: paid.organizationId, kind: "refund", subjectId: row.id });
    await recordAudit(tx, context, { organizationId: paid.organizationId, action: "refund.requested", targetKind: "payment-refund", targetId: row.id, after: { amountMinor: row.amountMinor, currency: row.currency, reason: row.reason } });
    return row;
  });
}

/** For the loop: the refund and the charge that it goes back to. */
export async function readRefundRow(tx: Transaction, refundId: string): Promise<{ readonly refund: RefundRow; readonly chargeId: string } | null> {
  const refund = await selectRefund(tx, { id: refundId });
  const paid = refund ? await lockPayment(tx, refund.paymentId) : null;
  return refund && paid ? { refund, chargeId: paid.remoteId } : null;
}
