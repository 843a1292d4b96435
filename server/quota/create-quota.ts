import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { toAmounts } from "./rules";
import { insertQuota } from "./store";
import type { Claim } from "./types";

/** Gives a new organization its limits, in the transaction that makes the organization. Resources not named get 0. */
export async function createQuota(tx: Transaction, context: Context, input: { readonly organizationId: string; readonly limits: Claim }): Promise<void> {
  const made = await insertQuota(tx, context, input.organizationId, toAmounts(input.limits));
  if (!made) throw new Problem("conflict", sentence("refused-quota-twice", { organization: input.organizationId }), { organizationId: input.organizationId });
}
