import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { releaseAddressesOf } from "../address/store";
import { recordEventsOf } from "../instance/record-events";
import { settleQuota } from "../instance/settle-quota";
import { lifecycleOf } from "../instance/state";
import { lockInstance, updateInstance } from "../instance/store";
import { removeEdgesOf } from "../restart/store";
import { countRemaining, retireAllVolumes } from "../volume/store";

/** The time in the trash is over: all volumes become unwanted. False while it is not over, or when it is purged already. Safe to repeat. */
export async function beginPurge(tx: Transaction, context: Context, instanceId: string): Promise<boolean> {
  const row = await lockInstance(tx, context, instanceId);
  if (!row || lifecycleOf(row, context.clock.now()) !== "purging") return false;
  await retireAllVolumes(tx, instanceId);
  return true;
}

/**
 * Domain and volumes are confirmed gone: address and the rest of the quota go back, and the instance is purged. False while
 * a volume is left or the trash period runs; safe to repeat.
 */
export async function markPurged(tx: Transaction, context: Context, instanceId: string): Promise<boolean> {
  const row = await lockInstance(tx, context, instanceId);
  const now = context.clock.now();
  if (!row || lifecycleOf(row, now) !== "purging" || (await countRemaining(tx, instanceId)) > 0) return false;
  await releaseAddressesOf(tx, instanceId, now);
  await removeEdgesOf(tx, instanceId);
  await updateInstance(tx, instanceId, { purgedAt: now, updatedAt: now });
  await recordEventsOf(tx, context, [{ instanceId, organizationId: row.organizationId, kind: "purged" }]);
  await settleQuota(tx, context, row, { instances: 0, vcpus: 0, memoryMiB: 0, storageGiB: 0 });
  await announce(tx, { organizationId: row.organizationId, topic: "instance", id: instanceId });
  return true;
}
