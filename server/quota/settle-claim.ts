import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { toAmounts } from "./rules";
import { endHolds } from "./store";
import { RESOURCES, type Claim, type HoldPurpose } from "./types";

/**
 * Makes a subject's committed claim what it is from now on and ends its holds of the given purposes. `committedBefore`
 * must be what the subject's own row says, read under a lock in this transaction: that makes it exactly once. A rise
 * must be covered by the holds that end; anything else is a mistake in the caller and throws.
 */
export async function settleClaim(
  tx: Transaction,
  context: Context,
  input: { readonly organizationId: string; readonly subjectId: string; readonly purposes: readonly HoldPurpose[]; readonly committedBefore: Claim; readonly committedAfter: Claim },
): Promise<void> {
  const before = toAmounts(input.committedBefore);
  const after = toAmounts(input.committedAfter);
  const change = { ...after };
  for (const resource of RESOURCES) change[resource] = after[resource] - before[resource];
  const result = await endHolds(tx, context, input, change);
  if (result) return;
  throw new Error(`The claim of ${input.subjectId} cannot become ${JSON.stringify(after)} from ${JSON.stringify(before)}: its holds do not cover the rise, or ${input.organizationId} has no quota.`);
}
