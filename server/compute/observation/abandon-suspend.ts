import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordEventsOf } from "../instance/record-events";
import { lockInstance, updateInstance } from "../instance/store";

/**
 * The memory could not be saved and would not be at the next try (no room on the storage, say): the machine goes on, and its owner
 * reads why. Only if nothing was asked for since the generation that the loop looked at; false otherwise.
 */
export async function abandonSuspend(tx: Transaction, context: Context, input: { readonly instanceId: string; readonly generation: number; readonly reason: string }): Promise<boolean> {
  const row = await lockInstance(tx, context, input.instanceId);
  if (!row || row.generation !== input.generation || row.desiredPower !== "suspended") return false;
  await updateInstance(tx, row.id, { desiredPower: "running", generation: row.generation + 1, updatedAt: context.clock.now() });
  await recordEventsOf(tx, context, [{ instanceId: row.id, organizationId: row.organizationId, kind: "suspend-failed", detail: { reason: input.reason } }]);
  await wake(tx, "converge-instances");
  await announce(tx, { organizationId: row.organizationId, topic: "instance", id: row.id });
  return true;
}
