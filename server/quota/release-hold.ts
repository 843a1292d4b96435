import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { toAmounts } from "./rules";
import { endHolds } from "./store";
import type { Amounts, HoldKey } from "./types";

/** Gives a hold back, once: null when there is no such hold (any more), and nothing was changed. */
export async function releaseHold(tx: Transaction, context: Context, key: HoldKey): Promise<Amounts | null> {
  const result = await endHolds(tx, context, { ...key, purposes: [key.purpose] }, toAmounts({}));
  return result && result.count > 0 ? result.ended : null;
}
