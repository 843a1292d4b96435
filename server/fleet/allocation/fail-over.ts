import type { Context } from "@/server/platform/context";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { claimGeneration } from "../cluster/claim-generation";
import { recordDecision, type NewDecision } from "../decision/record-decision";
import { findHost } from "../host/store";
import { failMigration } from "../migration/end-migration";
import { findOpenMigrationOf } from "../migration/store";
import { PlanSuperseded } from "../rules";
import { claimOnHost, lockAllocation, moveAllocation, nextEpoch, releaseOnHost } from "./store";

/** One restart of an instance whose host is known dead. */
export interface Restart {
  readonly instanceId: string;
  readonly organizationId: string;
  readonly fromHostId: string;
  readonly toHostId: string;
  readonly decision: Pick<NewDecision, "inputs" | "chosen" | "rejected" | "reason" | "predicted" | "measured">;
}

export interface FailedOver {
  readonly instanceId: string;
  readonly epoch: number;
  readonly decisionId: string;
}

/**
 * Moves allocations away from fenced hosts, all of a plan or none. The state of the old host is read again here, in
 * the transaction: an allocation leaves a host without the host's word only when that host is fenced.
 */
export async function applyRestarts(
  context: Context,
  clusterId: string,
  generation: number,
  restarts: readonly Restart[],
  alsoWrite: (tx: Transaction, done: FailedOver, restart: Restart) => Promise<void>,
): Promise<FailedOver[]> {
  return inTransaction(context, async (tx) => {
    await claimGeneration(tx, clusterId, generation);
    const done: FailedOver[] = [];
    for (const restart of restarts) {
      const from = await findHost(tx, restart.fromHostId);
      const allocation = await lockAllocation(tx, restart.instanceId);
      if (from?.state !== "fenced" || allocation?.hostId !== restart.fromHostId) throw new PlanSuperseded(clusterId, generation);
      const move = await findOpenMigrationOf(tx, restart.instanceId);
      // A migration under way may have put the guest on its target already; whoever runs it must look there first.
      if (move?.state === "running") throw new PlanSuperseded(clusterId, generation);
      if (move) await failMigration(tx, context, move.id, "aborted", sentence("move-source-died"));
      if (!(await claimOnHost(tx, restart.toHostId, allocation))) throw new PlanSuperseded(clusterId, generation);
      await releaseOnHost(tx, restart.fromHostId, allocation);
      const epoch = await nextEpoch(tx, restart.instanceId);
      const decisionId = await recordDecision(tx, context, {
        kind: "failover",
        clusterId,
        organizationId: restart.organizationId,
        instanceId: restart.instanceId,
        hostId: restart.toHostId,
        basedOn: { clusterGeneration: generation },
        outcome: "applied",
        ...restart.decision,
      });
      if (!(await moveAllocation(tx, allocation, { hostId: restart.toHostId, epoch, decisionId, decidedAt: context.clock.now() }))) throw new PlanSuperseded(clusterId, generation);
      const one = { instanceId: restart.instanceId, epoch, decisionId };
      await alsoWrite(tx, one, restart);
      done.push(one);
    }
    for (const hostId of new Set(restarts.flatMap((restart) => [restart.fromHostId, restart.toHostId]))) await announce(tx, { organizationId: null, topic: "host", id: hostId });
    await wake(tx, "converge-instances");
    return done;
  });
}
