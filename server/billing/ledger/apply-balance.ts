import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { postLedgerEntry } from "./post-entry";
import { lockLedger, sumOfInvoice, sumUnassigned } from "./store";

/** Puts money that was paid in advance to an invoice: a pair of entries that sum to nothing. Answers how much, minor units. */
export async function applyBalance(tx: Transaction, context: Context, invoice: { readonly id: string; readonly organizationId: string; readonly currency: string }): Promise<number> {
  await lockLedger(tx, invoice.organizationId);
  const held = -(await sumUnassigned(tx, invoice.organizationId, invoice.currency));
  const amountMinor = Math.min(held, await sumOfInvoice(tx, invoice.id));
  if (amountMinor <= 0) return 0;
  const pair = { organizationId: invoice.organizationId, kind: "balance-applied", currency: invoice.currency, reference: invoice.id } as const;
  await postLedgerEntry(tx, context, { ...pair, amountMinor, idempotencyKey: `balance-out:${invoice.id}` });
  await postLedgerEntry(tx, context, { ...pair, amountMinor: -amountMinor, invoiceId: invoice.id, idempotencyKey: `balance-in:${invoice.id}` });
  return amountMinor;
}
