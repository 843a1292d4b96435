import type { Context } from "@/server/platform/context";
import { changeInstance, decidedBy } from "./change-instance";
import { deleteInstanceInput, type DeleteInstanceInput } from "./schema";
import { settleQuota } from "./settle-quota";
import { DEFAULT_GRACE_SECONDS } from "./stop-instance";
import type { InstanceSummary } from "./types";

/**
 * Moves an instance to the trash: it is stopped, its disk and address are kept for `trashSeconds`, then it is purged.
 * Its vCPUs and memory return to the quota when it is confirmed stopped, its storage when it is purged.
 */
export async function deleteInstance(context: Context, input: DeleteInstanceInput): Promise<InstanceSummary> {
  const { instanceId, trashSeconds } = deleteInstanceInput.parse(input);
  return changeInstance(context, instanceId, "delete", async (row, tx) => {
    const now = context.clock.now();
    const purgeAfter = new Date(now.getTime() + trashSeconds * 1000);
    // An order that was never placed runs nowhere, so there is no stop to wait for; its disk may exist by now.
    if (row.quotaInstances === 0) await settleQuota(tx, context, row, { instances: 0, vcpus: 0, memoryMiB: 0, storageGiB: row.diskGiB });
    return {
      set: {
        desiredPower: "stopped", powerDecidedBy: decidedBy(context), deletedAt: now, purgeAfter,
        ...(row.desiredPower === "running" ? { stopRequestedAt: now, stopGraceSeconds: trashSeconds === 0 ? 0 : DEFAULT_GRACE_SECONDS } : {}),
      },
      event: "deleted",
      detail: { purgeAfter: purgeAfter.toISOString() },
      before: { name: row.name, desiredPower: row.desiredPower },
      after: { purgeAfter: purgeAfter.toISOString() },
    };
  });
}
