import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { raiseGeneration } from "../cluster/store";
import { recordDecision, type NewDecision } from "../decision/record-decision";
import { findOpenMigrationOf } from "../migration/store";
import { claimOnHost, lockAllocation, moveAllocation, nextEpoch, releaseOnHost } from "./store";

/**
 * Gives a machine that its own host says is off another place, with a higher epoch. The caller has just seen that word;
 * null when the place changed since, or the other host has no room.
 */
export async function moveStopped(
  tx: Transaction,
  context: Context,
  move: { readonly instanceId: string; readonly organizationId: string; readonly fromHostId: string; readonly epoch: number; readonly toHostId: string; readonly decision: Pick<NewDecision, "inputs" | "chosen" | "rejected" | "reason"> },
): Promise<string | null> {
  const allocation = await lockAllocation(tx, move.instanceId);
  if (!allocation || allocation.hostId !== move.fromHostId || allocation.epoch !== move.epoch || (await findOpenMigrationOf(tx, move.instanceId))) return null;
  await raiseGeneration(tx, allocation.clusterId);
  if (!(await claimOnHost(tx, move.toHostId, allocation))) return null;
  await releaseOnHost(tx, move.fromHostId, allocation);
  const decisionId = await recordDecision(tx, context, { kind: "migrate", clusterId: allocation.clusterId, organizationId: move.organizationId, instanceId: move.instanceId, hostId: move.toHostId, outcome: "applied", measured: { downtimeMs: 0, totalMs: 0 }, ...move.decision });
  await moveAllocation(tx, allocation, { hostId: move.toHostId, epoch: await nextEpoch(tx, move.instanceId), decisionId, decidedAt: context.clock.now() });
  for (const hostId of [move.fromHostId, move.toHostId]) await announce(tx, { organizationId: null, topic: "host", id: hostId });
  await wake(tx, "remove-strays", "converge-instances", "evacuate-hosts");
  return decisionId;
}
