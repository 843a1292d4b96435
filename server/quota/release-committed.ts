import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { settleClaim } from "./settle-claim";
import type { Claim } from "./types";

/** Gives committed amounts back. The caller's own row must say in this transaction that they are its, and no more. */
export async function releaseCommitted(
  tx: Transaction,
  context: Context,
  input: { readonly organizationId: string; readonly subjectId: string; readonly amounts: Claim },
): Promise<void> {
  await settleClaim(tx, context, { organizationId: input.organizationId, subjectId: input.subjectId, purposes: [], committedBefore: input.amounts, committedAfter: {} });
}
