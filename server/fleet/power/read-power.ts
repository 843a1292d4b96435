import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { countSleeps } from "./store";

/** How often each host of a cluster was put to sleep since a moment, by host. */
export function countHostSleeps(context: Context, clusterId: string, since: Date): Promise<ReadonlyMap<string, number>> {
  return inTransaction(context, (tx) => countSleeps(tx, clusterId, since), { readOnly: true });
}
