import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { raiseGeneration } from "../cluster/store";
import type { AllocationRow } from "../types";
import { deleteAllocation, releaseOnHost } from "./store";

/**
 * Gives an instance's place back. Call it only after the instance is known not to run there: its host said so, or the
 * host is fenced. Somebody may be waiting for the room.
 */
export async function releaseAllocation(tx: Transaction, instanceId: string): Promise<AllocationRow | null> {
  const row = await deleteAllocation(tx, instanceId);
  if (!row) return null;
  await raiseGeneration(tx, row.clusterId);
  await releaseOnHost(tx, row.hostId, row);
  await announce(tx, { organizationId: null, topic: "host", id: row.hostId });
  await wake(tx, "place-instances");
  return row;
}
