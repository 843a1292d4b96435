import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { selectQuota } from "./store";
import type { Quota } from "./types";

/** Limits, committed totals, holds and what is left. Throws `not-found` for an organization without a quota. */
export async function readQuota(context: Context, organizationId: string): Promise<Quota> {
  return inTransaction(context, (tx) => readQuotaIn(tx, organizationId), { readOnly: true });
}

export async function readQuotaIn(tx: Transaction, organizationId: string, options: { readonly lock?: boolean } = {}): Promise<Quota> {
  const quota = await selectQuota(tx, organizationId, options.lock ?? false);
  if (!quota) throw notFound("quota of organization", organizationId);
  return quota;
}
