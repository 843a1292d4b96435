import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { selectBalances, selectEntries, sumOfInvoice } from "./store";
import type { Balance, LedgerEntryRow } from "./types";

/** As many as one page shows. */
const MAX_ENTRIES = 500;

/** What an organization owes (positive) or has in advance (negative), a currency. */
export function readBalance(tx: Transaction, organizationId: string): Promise<readonly Balance[]> {
  return selectBalances(tx, organizationId);
}

/** What of an invoice is still owed, minor units. */
export function readOpenMinor(tx: Transaction, invoiceId: string): Promise<number> {
  return sumOfInvoice(tx, invoiceId);
}

/** Balances and the newest entries of an organization. */
export async function readLedger(context: Context, input: { readonly organizationId: string }): Promise<{ readonly balances: readonly Balance[]; readonly entries: readonly LedgerEntryRow[] }> {
  return inTransaction(context, async (tx) => ({ balances: await selectBalances(tx, input.organizationId), entries: await selectEntries(tx, input.organizationId, MAX_ENTRIES) }), { isolation: "repeatable read", readOnly: true });
}
