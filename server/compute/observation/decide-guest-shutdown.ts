import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordEventsOf } from "../instance/record-events";
import { lockInstance, updateInstance } from "../instance/store";

/**
 * The guest switched itself off, so that is what its owner wants: desired becomes stopped. Only if nothing was asked for
 * since the generation that the loop looked at; false otherwise.
 */
export async function decideGuestShutdown(tx: Transaction, context: Context, input: { readonly instanceId: string; readonly generation: number }): Promise<boolean> {
  const row = await lockInstance(tx, context, input.instanceId);
  if (!row || row.deletedAt || row.generation !== input.generation || row.desiredPower !== "running") return false;
  await updateInstance(tx, row.id, { desiredPower: "stopped", powerDecidedBy: "guest", stopRequestedAt: null, generation: row.generation + 1, updatedAt: context.clock.now() });
  await recordEventsOf(tx, context, [{ instanceId: row.id, organizationId: row.organizationId, kind: "guest-shut-down" }]);
  await wake(tx, "converge-instances");
  await announce(tx, { organizationId: row.organizationId, topic: "instance", id: row.id });
  return true;
}
