import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { readInvoiceIn } from "../invoice";
import { postLedgerEntry } from "../ledger";
import { belowLeastCharge } from "./rules";

/**
 * Writes off what is too little to be charged, so that nobody is asked for it for ever. Decided by our
 * own books before the provider hears of the invoice: there it would be marked paid and carried over in silence.
 */
export async function waiveRemainder(tx: Transaction, context: Context, invoiceId: string): Promise<void> {
  const { invoice, openMinor } = await readInvoiceIn(tx, invoiceId);
  if (invoice.status !== "issued" || !belowLeastCharge(openMinor, invoice.currency)) return;
  await postLedgerEntry(tx, context, {
    organizationId: invoice.organizationId, kind: "write-off", currency: invoice.currency, amountMinor: -openMinor, invoiceId: invoice.id, reference: "less than can be charged", idempotencyKey: `waive:${invoice.id}:${openMinor}`,
  });
}
