import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { settleClaim } from "@/server/quota";
import type { InstanceRow } from "../types";
import { committedPart, type QuotaPart } from "./rules";
import { updateInstance } from "./store";

/**
 * Makes what an instance has committed what it should be, and ends its holds. The row must be locked by this
 * transaction: it says what was committed before, so that nothing is counted twice.
 */
export async function settleQuota(tx: Transaction, context: Context, row: InstanceRow, committedAfter: QuotaPart): Promise<void> {
  const committedBefore = committedPart(row);
  await settleClaim(tx, context, { organizationId: row.organizationId, subjectId: row.id, purposes: ["order", "resize"], committedBefore, committedAfter });
  await updateInstance(tx, row.id, {
    quotaInstances: committedAfter.instances, quotaVcpus: committedAfter.vcpus, quotaMemoryMiB: committedAfter.memoryMiB, quotaStorageGiB: committedAfter.storageGiB,
  });
  await announce(tx, { organizationId: row.organizationId, topic: "quota", id: row.organizationId });
}
