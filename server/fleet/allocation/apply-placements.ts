import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { claimGeneration } from "../cluster/claim-generation";
import { recordDecision, type NewDecision } from "../decision/record-decision";
import { PlanSuperseded } from "../rules";
import type { Claim } from "../types";
import { claimOnHost, findAllocation, insertAllocation, nextEpoch } from "./store";

/** One decided place, with everything that its receipt needs. */
export interface Placement {
  readonly instanceId: string;
  readonly organizationId: string;
  readonly hostId: string;
  readonly claim: Claim;
  readonly decision: Pick<NewDecision, "inputs" | "chosen" | "rejected" | "reason" | "predicted">;
}

export interface Placed {
  readonly instanceId: string;
  readonly hostId: string;
  readonly epoch: number;
  readonly decisionId: string;
}

/**
 * Applies the placements of one plan, all or none: strictly for the cluster generation that the plan was made from,
 * and with the room on each host claimed by a conditional statement. `alsoWrite` runs in the same transaction, for
 * what belongs to other areas (holds become commitments, the tenant's timeline).
 */
export async function applyPlacements(
  context: Context,
  clusterId: string,
  generation: number,
  placements: readonly Placement[],
  alsoWrite: (tx: Transaction, placed: Placed, placement: Placement) => Promise<void>,
): Promise<Placed[]> {
  return inTransaction(context, async (tx) => {
    await claimGeneration(tx, clusterId, generation);
    const done: Placed[] = [];
    // Hosts are locked in one order, so that two appliers never wait for each other in a circle.
    const ordered = [...placements].sort((a, b) => (a.hostId < b.hostId ? -1 : a.hostId > b.hostId ? 1 : 0));
    for (const placement of ordered) {
      if (await findAllocation(tx, placement.instanceId)) throw new PlanSuperseded(clusterId, generation);
      if (!(await claimOnHost(tx, placement.hostId, placement.claim))) throw new PlanSuperseded(clusterId, generation);
      const epoch = await nextEpoch(tx, placement.instanceId);
      const decisionId = await recordDecision(tx, context, {
        kind: "place",
        clusterId,
        organizationId: placement.organizationId,
        instanceId: placement.instanceId,
        hostId: placement.hostId,
        basedOn: { clusterGeneration: generation },
        outcome: "applied",
        ...placement.decision,
      });
      await insertAllocation(tx, { instanceId: placement.instanceId, clusterId, hostId: placement.hostId, epoch, ...placement.claim, decisionId, decidedAt: context.clock.now() });
      const placed = { instanceId: placement.instanceId, hostId: placement.hostId, epoch, decisionId };
      await alsoWrite(tx, placed, placement);
      done.push(placed);
    }
    for (const hostId of new Set(done.map((placed) => placed.hostId))) await announce(tx, { organizationId: null, topic: "host", id: hostId });
    await wake(tx, "converge-instances");
    return done;
  });
}
