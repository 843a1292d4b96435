import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { readQuotaIn } from "./read-quota";
import { quotaExceeded, sumOf, toAmounts } from "./rules";
import { insertHoldsIfTheyFit } from "./store";
import type { Claim, HoldPurpose } from "./types";

/**
 * Claims for several subjects of one organization at once, all or none: refuses with `quota-exceeded` when their sum does
 * not fit. The subjects are new: none has a hold of this purpose yet. One statement decides, as in `admitHold`.
 */
export async function admitHolds(
  tx: Transaction,
  context: Context,
  input: { readonly organizationId: string; readonly purpose: HoldPurpose; readonly claims: readonly { readonly subjectId: string; readonly amounts: Claim }[] },
): Promise<void> {
  const holds = input.claims.map(({ subjectId, amounts }) => ({ subjectId, amounts: toAmounts(amounts) }));
  const sum = sumOf(holds.map(({ amounts }) => amounts));
  if (await insertHoldsIfTheyFit(tx, context, { ...input, holds, sum })) return;
  throw quotaExceeded(await readQuotaIn(tx, input.organizationId), sum);
}
