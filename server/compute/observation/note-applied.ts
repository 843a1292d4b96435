import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { committedPart, fullClaim, type QuotaPart } from "../instance/rules";
import { settleQuota } from "../instance/settle-quota";
import { lockInstance } from "../instance/store";
import { updateApplied, type AppliedSizes } from "./store";

/**
 * The desired generation that was looked at is fully so. Errors and a pending boot are cleared. If nothing was asked for
 * since, quota is settled: committed is what is desired, and in the trash (where applied means stopped) the storage alone.
 * Safe to repeat; true when anything was written.
 */
export async function noteApplied(tx: Transaction, context: Context, input: AppliedSizes & { readonly instanceId: string; readonly generation: number }): Promise<boolean> {
  const row = await lockInstance(tx, context, input.instanceId);
  if (!row || row.purgedAt) return false;
  let changed = await updateApplied(tx, row.id, row.organizationId, input.generation, input);
  if (input.generation === row.generation) {
    const claim: QuotaPart = row.deletedAt ? { instances: 0, vcpus: 0, memoryMiB: 0, storageGiB: row.diskGiB } : fullClaim(row);
    if (!same(claim, committedPart(row))) {
      await settleQuota(tx, context, row, claim);
      changed = true;
    }
  }
  if (changed) await announce(tx, { organizationId: row.organizationId, topic: "instance", id: row.id });
  return changed;
}

function same(a: QuotaPart, b: QuotaPart): boolean {
  return a.instances === b.instances && a.vcpus === b.vcpus && a.memoryMiB === b.memoryMiB && a.storageGiB === b.storageGiB;
}
