import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { textOf, wordsOf, type Said } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { claimOnHost, lockAllocation } from "../allocation/store";
import { recordDecision, type NewDecision } from "../decision/record-decision";
import type { Claim } from "../types";
import { findOpenMigrationOf, insertMigration } from "./store";

export interface PlannedMove {
  readonly instanceId: string;
  readonly organizationId: string;
  readonly clusterId: string;
  readonly toHostId: string;
  readonly wave: number;
  readonly reason: Said;
  /** Taken on the target; its present allocation's unless a resize needs more. */
  readonly claim?: Claim;
  readonly decision: Pick<NewDecision, "inputs" | "chosen" | "rejected" | "predicted" | "basedOn">;
}

/**
 * Plans one live migration: claims the room on the target while the source keeps its own, so that the instance has a
 * place whichever way it ends. Null when the instance has moved, is moving, or the target has no room: plan again.
 */
export async function planMigration(tx: Transaction, context: Context, move: PlannedMove): Promise<{ migrationId: string; decisionId: string } | null> {
  const allocation = await lockAllocation(tx, move.instanceId);
  if (!allocation || allocation.hostId === move.toHostId) return null;
  if (await findOpenMigrationOf(tx, move.instanceId)) return null;
  const claim: Claim = move.claim ?? allocation;
  if (!(await claimOnHost(tx, move.toHostId, claim))) return null;
  const decisionId = await recordDecision(tx, context, {
    kind: "migrate",
    clusterId: move.clusterId,
    organizationId: move.organizationId,
    instanceId: move.instanceId,
    hostId: move.toHostId,
    reason: move.reason,
    outcome: "planned",
    ...move.decision,
  });
  const migrationId = mintId("migration", context);
  await insertMigration(tx, {
    id: migrationId,
    clusterId: move.clusterId,
    instanceId: move.instanceId,
    fromHostId: allocation.hostId,
    toHostId: move.toHostId,
    vcpus: claim.vcpus,
    memoryMiB: claim.memoryMiB,
    cpuReservationMillicores: claim.cpuReservationMillicores,
    memoryReservationMiB: claim.memoryReservationMiB,
    state: "planned",
    reason: textOf(move.reason),
    reasonWords: wordsOf(move.reason),
    wave: move.wave,
    decisionId,
    createdAt: context.clock.now(),
  });
  await announce(tx, { organizationId: null, topic: "host", id: allocation.hostId });
  await wake(tx, "migrate-instances");
  return { migrationId, decisionId };
}
