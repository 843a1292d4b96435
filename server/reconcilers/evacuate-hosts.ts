import { lastEvacuation, measureDecision, moveStopped, namedWords, nameHosts, planMigration, predictSeconds, readFleet, recordDecision, takeSnapshot, type FleetSnapshot, type HostRow } from "@/server/fleet";
import { evacuateHosts, type Action, type Plan } from "@/server/planner";
import { sentence, type Words } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { inputsOf, rejectedOf, saidOf } from "./place-instances";
import type { LoopDefinition, Pass } from "./types";

/** Empties the hosts whose draining was asked for: plans the moves, names what cannot leave, and tries again until empty. */
export const evacuateHostsLoop: LoopDefinition = {
  name: "evacuate-hosts",
  periodMs: 3_000,
  async pass(pass) {
    const fleet = await readFleet(pass.context, { allocations: false });
    const draining = [...fleet.hosts.values()].filter((host) => host.drainRequestedAt !== null && host.state === "up");
    let backlog = 0;
    for (const host of draining) if (!pass.signal.aborted) backlog += await evacuate(pass, host);
    return { backlog };
  },
};

async function evacuate(pass: Pass, row: HostRow): Promise<number> {
  const { context } = pass;
  const snapshot = await takeSnapshot(context, row.clusterId);
  const host = snapshot.hosts.get(row.id);
  const since = host?.drainRequestedAt;
  if (!host || !since) return 0;
  const here = [...snapshot.allocations.values()].filter((allocation) => allocation.hostId === host.id);
  if (here.length === 0) {
    await finish(pass, host, since, snapshot);
    return 0;
  }
  const moving = new Set(snapshot.migrations.map((move) => move.instanceId));
  if (here.every((allocation) => moving.has(allocation.instanceId))) return here.length;
  const plan = evacuateHosts(snapshot.planner, [host.id]);
  await notePlan(pass, snapshot, host, since, plan);
  for (const action of plan.actions) {
    const instance = snapshot.instances.get(action.instanceId ?? "");
    if (!instance || moving.has(instance.id) || pass.signal.aborted) continue;
    // The first of these moves may be under way by now, and the operator may have called all of it off: nothing is begun after that.
    const now = (await readFleet(context, { allocations: false })).hosts.get(host.id);
    if (now?.drainRequestedAt?.getTime() !== since.getTime()) return 0;
    if (action.op === "migrate") await planMove(pass, snapshot, host, plan, action);
    else if (action.op === "place") await moveOff(pass, snapshot, host, plan, action);
  }
  return here.length;
}

export async function planMove(pass: Pass, snapshot: FleetSnapshot, from: HostRow, plan: Plan, action: Action): Promise<void> {
  const instance = snapshot.instances.get(action.instanceId ?? "");
  if (!instance) return;
  await inTransaction(pass.context, (tx) =>
    planMigration(tx, pass.context, {
      instanceId: instance.id,
      organizationId: instance.organizationId,
      clusterId: snapshot.cluster.id,
      toHostId: action.toHostId,
      wave: action.wave,
      reason: saidOf(snapshot, action.reason, action.words),
      decision: {
        basedOn: { clusterGeneration: snapshot.cluster.generation },
        inputs: inputsOf(snapshot, instance),
        chosen: { action: "migrate", fromHostId: from.id, fromHostName: from.name, hostId: action.toHostId, hostName: snapshot.names.get(action.toHostId) ?? action.toHostId, numbers: action.numbers },
        rejected: rejectionsOf(snapshot, plan, instance.id),
        predicted: { ...action.predicted },
      },
    }),
  );
}

/** A machine that is off takes its place along; its host has just said that it is off. */
export async function moveOff(pass: Pass, snapshot: FleetSnapshot, from: HostRow, plan: Plan, action: Action): Promise<void> {
  const instance = snapshot.instances.get(action.instanceId ?? "");
  const allocation = snapshot.allocations.get(action.instanceId ?? "");
  const seen = instance?.observation;
  const off = !seen || ["absent", "stopped", "crashed"].includes(seen.state) || seen.hostId !== from.id;
  if (!instance || !allocation || !off) return;
  await inTransaction(pass.context, (tx) =>
    moveStopped(tx, pass.context, {
      instanceId: instance.id,
      organizationId: instance.organizationId,
      fromHostId: from.id,
      epoch: allocation.epoch,
      toHostId: action.toHostId,
      decision: {
        inputs: inputsOf(snapshot, instance),
        chosen: { action: "place", fromHostId: from.id, hostId: action.toHostId, hostName: snapshot.names.get(action.toHostId) ?? action.toHostId },
        rejected: rejectionsOf(snapshot, plan, instance.id),
        reason: saidOf(snapshot, action.reason, action.words),
      },
    }),
  );
}

function rejectionsOf(snapshot: FleetSnapshot, plan: Plan, instanceId: string): unknown[] {
  return rejectedOf(snapshot, plan.rejected.find((entry) => entry.instanceId === instanceId)?.rejections ?? []);
}

/** What cannot leave, by name; written again only when it changed. */
function blockersOf(snapshot: FleetSnapshot, plan: Plan): { instanceId: string; name: string; text: string; words: Words[] }[] {
  const refused = plan.refusals.map((refusal) => ({ instanceId: refusal.instanceId, name: snapshot.names.get(refusal.instanceId) ?? refusal.instanceId, text: nameHosts(refusal.text, snapshot.names), words: namedWords(refusal.words, snapshot.names) }));
  const restarts = plan.actions.filter((action) => action.op === "stop").flatMap((action) => {
    const instance = snapshot.instances.get(action.instanceId ?? "");
    // Movable ones that are only starting or paused become movable by themselves.
    return instance && !instance.movable ? [{ instanceId: instance.id, name: instance.name, ...sentence("stays-while-running", { instance: instance.name }) }] : [];
  });
  return [...refused, ...restarts];
}

/** jsonb gives keys back in an order of its own, so only what is said is compared. */
function textsOf(blockers: readonly unknown[]): string {
  return JSON.stringify(blockers.map((one) => (typeof one === "object" && one !== null && "text" in one ? one.text : null)));
}

async function notePlan(pass: Pass, snapshot: FleetSnapshot, host: HostRow, since: Date, plan: Plan): Promise<void> {
  const { context } = pass;
  const blockers = blockersOf(snapshot, plan);
  await inTransaction(context, async (tx) => {
    const before = await lastEvacuation(tx, host.id, since);
    if (before && textsOf(before.rejected) === textsOf(blockers)) return;
    await recordDecision(tx, context, {
      kind: "evacuate",
      clusterId: snapshot.cluster.id,
      hostId: host.id,
      basedOn: { clusterGeneration: snapshot.cluster.generation },
      inputs: { requestedBy: host.drainRequestedBy, requestedAt: since.toISOString(), instances: [...snapshot.allocations.values()].filter((row) => row.hostId === host.id).length },
      chosen: { moves: plan.actions.filter((action) => action.op !== "stop").map((action) => ({ instanceId: action.instanceId, op: action.op, toHostId: action.toHostId, toHostName: snapshot.names.get(action.toHostId) ?? action.toHostId, wave: action.wave })) },
      rejected: blockers,
      reason: saidOf(snapshot, plan.summary.join(" "), plan.summaryWords),
      predicted: { ...plan.predicted, seconds: await predictSeconds(tx, context, snapshot.cluster.id, plan) },
      outcome: "planned",
    });
  });
}

async function finish(pass: Pass, host: HostRow, since: Date, snapshot: FleetSnapshot): Promise<void> {
  const { context } = pass;
  await inTransaction(context, async (tx) => {
    const last = await lastEvacuation(tx, host.id, since);
    const totalMs = context.clock.nowMs() - since.getTime();
    if (last?.outcome === "planned") await measureDecision(tx, context, last.id, { totalMs, empty: true }, "applied");
    if (last) return;
    await recordDecision(tx, context, { kind: "evacuate", clusterId: snapshot.cluster.id, hostId: host.id, inputs: { requestedBy: host.drainRequestedBy, instances: 0 }, chosen: { moves: [] }, reason: sentence("host-empty", { host: host.name }), measured: { totalMs, empty: true }, outcome: "applied" });
  });
}
