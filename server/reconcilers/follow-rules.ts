import { listClusterIds, listPlacementRules, takeSnapshot } from "@/server/fleet";
import { followRules } from "@/server/planner";
import { moveOff, planMove } from "./evacuate-hosts";
import type { LoopDefinition, Pass } from "./types";

/** Moves what stands against an operator's placement rule; a cluster without rules costs one read. */
export const followRulesLoop: LoopDefinition = {
  name: "follow-rules",
  periodMs: 5_000,
  async pass(pass) {
    let backlog = 0;
    for (const clusterId of await listClusterIds(pass.context)) {
      if (pass.signal.aborted) break;
      if ((await listPlacementRules(pass.context, clusterId)).length > 0) backlog += await follow(pass, clusterId);
    }
    return { backlog };
  },
};

async function follow(pass: Pass, clusterId: string): Promise<number> {
  const snapshot = await takeSnapshot(pass.context, clusterId);
  const moving = new Set(snapshot.migrations.map((move) => move.instanceId));
  const plan = followRules(snapshot.planner);
  let left = plan.refusals.length;
  for (const action of plan.actions) {
    const instance = snapshot.instances.get(action.instanceId ?? "");
    const from = snapshot.hosts.get(action.fromHostId ?? "");
    // A host that is lost is failover's; what cannot move live waits until it is off or can.
    if (!instance || from?.state !== "up" || moving.has(instance.id) || pass.signal.aborted) continue;
    left += 1;
    if (action.op === "migrate") await planMove(pass, snapshot, from, plan, action);
    else if (action.op === "place") await moveOff(pass, snapshot, from, plan, action);
  }
  return left;
}
