import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { readQuotaIn } from "./read-quota";
import { releaseHold } from "./release-hold";
import { isNothing, quotaExceeded, toAmounts } from "./rules";
import { upsertHoldIfItFits } from "./store";
import type { Claim, HoldKey } from "./types";

/**
 * Claims amounts for a subject, or refuses with `quota-exceeded` (the caller's transaction must then change nothing).
 * One statement decides, so that any number of orders at once admit exactly what fits. A second hold for the same
 * subject and purpose replaces the first and is measured by the difference. A claim of nothing ends the hold.
 */
export async function admitHold(tx: Transaction, context: Context, input: HoldKey & { readonly amounts: Claim }): Promise<void> {
  const amounts = toAmounts(input.amounts);
  if (isNothing(amounts)) {
    await releaseHold(tx, context, input);
    return;
  }
  if (await upsertHoldIfItFits(tx, context, input, amounts)) return;
  throw quotaExceeded(await readQuotaIn(tx, input.organizationId), amounts);
}
