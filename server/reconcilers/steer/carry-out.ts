import { moveStopped, nameHosts, planMigration, recordDecision, type FleetSnapshot } from "@/server/fleet";
import type { Action, Plan } from "@/server/planner";
import type { Said } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { inputsOf, rejectedOf, saidOf } from "../place-instances";
import type { Pass } from "../types";

/** Why a machine moves, for its owner's timeline. */
export type MoveCause = "balance" | "sleep" | "update" | "failing-host";

export interface CarryOut {
  readonly cause: MoveCause;
  readonly kind: "rebalance" | "consolidate";
  /** Kept with the plan's own receipt. */
  readonly inputs: Record<string, unknown>;
  readonly predicted: Record<string, unknown>;
  readonly reason: Said;
  /** Guests that are switched over first and copied afterwards. */
  readonly postCopy?: ReadonlySet<string>;
}

/**
 * Begins the moves of a plan, each in a transaction of its own that takes the room on the target: what has changed
 * meanwhile is left out, and planned again by a later pass. Answers how many moves began and the id of the plan's receipt.
 */
export async function carryOut(pass: Pass, snapshot: FleetSnapshot, plan: Plan, how: CarryOut): Promise<{ readonly begun: number; readonly decisionId: string | null }> {
  const { context } = pass;
  const moves = plan.actions.filter((action) => (action.op === "migrate" || action.op === "place") && action.instanceId !== null && action.fromHostId !== null);
  if (moves.length === 0) return { begun: 0, decisionId: null };
  const name = (id: string | null): string => (id === null ? "" : (snapshot.names.get(id) ?? id));
  const decisionId = await inTransaction(context, (tx) =>
    recordDecision(tx, context, {
      kind: how.kind,
      clusterId: snapshot.cluster.id,
      basedOn: { clusterGeneration: snapshot.cluster.generation },
      inputs: how.inputs,
      chosen: { cause: how.cause, moves: moves.map((action) => ({ instanceId: action.instanceId, instanceName: name(action.instanceId), op: action.op, fromHostId: action.fromHostId, fromHostName: name(action.fromHostId), toHostId: action.toHostId, toHostName: name(action.toHostId), wave: action.wave })) },
      rejected: plan.leftOut.map((one) => ({ id: one.id, name: name(one.id), ...(one.words ? saidOf(snapshot, one.text, one.words) : { text: nameHosts(one.text, snapshot.names) }) })),
      reason: how.reason,
      predicted: { ...plan.predicted, ...how.predicted },
      outcome: "planned",
    }),
  );
  let begun = 0;
  for (const action of moves) {
    if (pass.signal.aborted) break;
    if (await beginMove(pass, snapshot, plan, action, how, decisionId)) begun += 1;
  }
  pass.wake("migrate-instances");
  return { begun, decisionId };
}

async function beginMove(pass: Pass, snapshot: FleetSnapshot, plan: Plan, action: Action, how: CarryOut, planDecisionId: string): Promise<boolean> {
  const { context } = pass;
  const instance = snapshot.instances.get(action.instanceId ?? "");
  const allocation = snapshot.allocations.get(action.instanceId ?? "");
  if (!instance || !allocation || action.fromHostId === null) return false;
  const fromHostId = action.fromHostId;
  const name = (id: string): string => snapshot.names.get(id) ?? id;
  const rejected = rejectedOf(snapshot, plan.rejected.find((entry) => entry.instanceId === instance.id)?.rejections ?? []);
  const inputs = { ...inputsOf(snapshot, instance), planDecisionId };
  const chosen = { action: action.op, cause: how.cause, ...(how.postCopy?.has(instance.id) === true ? { mode: "postcopy" } : {}), fromHostId, fromHostName: name(fromHostId), hostId: action.toHostId, hostName: name(action.toHostId), numbers: action.numbers };
  const reason = saidOf(snapshot, action.reason, action.words);
  if (action.op === "migrate") {
    const planned = await inTransaction(context, (tx) =>
      planMigration(tx, context, {
        instanceId: instance.id,
        organizationId: instance.organizationId,
        clusterId: snapshot.cluster.id,
        toHostId: action.toHostId,
        wave: action.wave,
        reason,
        decision: { basedOn: { clusterGeneration: snapshot.cluster.generation }, inputs, chosen, rejected, predicted: { ...action.predicted } },
      }),
    );
    return planned !== null;
  }
  const seen = instance.observation;
  if (seen && !["absent", "stopped", "crashed"].includes(seen.state) && seen.hostId === fromHostId) return false;
  return (await inTransaction(context, (tx) => moveStopped(tx, context, { instanceId: instance.id, organizationId: instance.organizationId, fromHostId, epoch: allocation.epoch, toHostId: action.toHostId, decision: { inputs, chosen, rejected, reason } }))) !== null;
}
