import { noteApplied, noteWaiting, recordInstanceEvents, recordObservation, setPhase, type ObservationInput } from "@/server/compute";
import { applyRestarts, closeFencing, lastDecisions, namedWords, nameHosts, PlanSuperseded, readFleet, recordDecision, releaseAllocation, takeSnapshot, type FleetSnapshot, type HostRow, type Restart } from "@/server/fleet";
import { closeHostUsage } from "@/server/metering";
import { planFailover, type Plan } from "@/server/planner";
import { sentence, sentences, type Sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { awaitedOf, sayFollows } from "./converge/follow";
import { inputsOf, rejectedOf, saidOf } from "./place-instances";
import type { LoopDefinition, Pass } from "./types";

const ATTEMPTS = 5;

/** Gives every instance of a host that is known dead a new place, with a higher epoch. */
export const failOverInstancesLoop: LoopDefinition = {
  name: "fail-over-instances",
  periodMs: 2_000,
  async pass(pass) {
    const fleet = await readFleet(pass.context);
    const dead = [...fleet.hosts.values()].filter((host) => host.state === "fenced");
    const busy = dead.filter((host) => fleet.fencings.has(host.id) || [...fleet.allocations.values()].some((row) => row.hostId === host.id));
    let backlog = 0;
    for (const clusterId of new Set(busy.map((host) => host.clusterId))) {
      backlog += await failOver(pass, clusterId, busy.filter((host) => host.clusterId === clusterId));
    }
    return { backlog };
  },
};

async function failOver(pass: Pass, clusterId: string, dead: readonly HostRow[]): Promise<number> {
  const { context } = pass;
  for (let attempt = 1; ; attempt++) {
    const snapshot = await takeSnapshot(context, clusterId);
    const deadIds = new Set(dead.map((host) => host.id));
    const lost = [...snapshot.allocations.values()].filter((row) => deadIds.has(row.hostId));
    const moving = new Set(snapshot.migrations.filter((move) => move.state === "running").map((move) => move.instanceId));
    if (moving.size > 0) pass.wake("migrate-instances");
    // Each is given its place now, so that nobody takes it; converge-instances lets those wait that follow others, and not for ever.
    const plan = planFailover(snapshot.planner, [...deadIds], { followers: "place" });
    try {
      const done = await apply(pass, snapshot, plan, dead, moving);
      await releaseStopped(pass, snapshot, lost.map((row) => row.instanceId), moving);
      const refused = await refuse(pass, snapshot, plan, moving);
      const waiting = lost.filter((row) => moving.has(row.instanceId)).length + refused;
      if (waiting === 0) await close(pass, dead, done);
      return waiting;
    } catch (error) {
      if (error instanceof PlanSuperseded && attempt < ATTEMPTS && !pass.signal.aborted) continue;
      throw error;
    }
  }
}

async function apply(pass: Pass, snapshot: FleetSnapshot, plan: Plan, dead: readonly HostRow[], moving: ReadonlySet<string>): Promise<number> {
  const { context } = pass;
  const rejected = new Map(plan.rejected.map((entry) => [entry.instanceId, entry.rejections]));
  const hosts = new Map(dead.map((host) => [host.id, host]));
  const restarts = plan.actions.flatMap((action): Restart[] => {
    const instance = snapshot.instances.get(action.instanceId ?? "");
    const from = hosts.get(action.fromHostId ?? "");
    if (action.op !== "start" || !instance || !from || moving.has(instance.id)) return [];
    const names = awaitedOf(snapshot, instance.id);
    const reason = saidOf(snapshot, action.reason, action.words);
    const toName = snapshot.names.get(action.toHostId) ?? action.toHostId;
    return [
      {
        instanceId: instance.id,
        organizationId: instance.organizationId,
        fromHostId: from.id,
        toHostId: action.toHostId,
        decision: {
          inputs: { ...inputsOf(snapshot, instance), lostHost: { id: from.id, name: from.name, lastSeenAt: from.lastSeenAt?.toISOString() ?? null, confirmedDeadAt: from.stateChangedAt.toISOString() } },
          chosen: { action: "restart", ...(names.length > 0 ? { startAfter: names } : {}), fromHostId: from.id, fromHostName: from.name, hostId: action.toHostId, hostName: toName, numbers: action.numbers },
          rejected: rejectedOf(snapshot, rejected.get(instance.id) ?? []),
          reason: names.length > 0 ? sentences(punctuated(reason), sayFollows(names)) : reason,
          predicted: { ...action.predicted },
          measured: { confirmedToDecidedMs: context.clock.nowMs() - from.stateChangedAt.getTime() },
        },
      },
    ];
  });
  if (restarts.length === 0) return 0;
  const done = await applyRestarts(context, snapshot.cluster.id, snapshot.cluster.generation, restarts, async (tx, one) => {
    await setPhase(tx, context, [one.instanceId], "recovering");
    const names = awaitedOf(snapshot, one.instanceId);
    await recordInstanceEvents(tx, context, [{ instanceId: one.instanceId, kind: "failed-over", decisionId: one.decisionId, ...(names.length > 0 ? { detail: { ...sayFollows(names) } } : {}) }]);
  });
  pass.wake("converge-instances");
  context.logger.warn({ restarts: done.length, hosts: dead.map((host) => host.name) }, "instances fail over");
  return done.length;
}

/** The planner ends no sentence. */
function punctuated(said: Sentence): Sentence {
  return { ...said, text: `${said.text}.` };
}

/** A machine that should be off loses its place with its host; it gets one when it is started. */
async function releaseStopped(pass: Pass, snapshot: FleetSnapshot, instanceIds: readonly string[], moving: ReadonlySet<string>): Promise<void> {
  const { context } = pass;
  for (const instanceId of instanceIds) {
    const instance = snapshot.instances.get(instanceId);
    const wanted = instance?.desiredPower === "running" && instance.deletedAt === null;
    if (wanted || moving.has(instanceId)) continue;
    await inTransaction(context, async (tx) => {
      await releaseAllocation(tx, instanceId);
      await recordObservation(tx, context, [gone(pass, instanceId)]);
      await setPhase(tx, context, [instanceId], null);
      if (instance) await noteApplied(tx, context, { instanceId, generation: instance.generation, vcpus: instance.vcpus, memoryMiB: instance.memoryMiB, diskGiB: instance.diskGiB });
    });
  }
}

/**
 * What finds no place gives up the dead one and waits like an order, so that any room that appears will do; its epoch
 * rises with the next place as it would have with this one.
 */
async function refuse(pass: Pass, snapshot: FleetSnapshot, plan: Plan, moving: ReadonlySet<string>): Promise<number> {
  const { context } = pass;
  let waiting = 0;
  for (const refusal of plan.refusals) {
    const instance = snapshot.instances.get(refusal.instanceId);
    if (!instance || moving.has(instance.id) || instance.desiredPower !== "running" || instance.deletedAt) continue;
    waiting += 1;
    const smallestChange = refusal.smallestChange ? nameHosts(refusal.smallestChange.text, snapshot.names) : null;
    const rejected = rejectedOf(snapshot, refusal.rejections);
    await inTransaction(context, async (tx) => {
      const before = (await lastDecisions(tx, [instance.id])).get(instance.id);
      if (before?.kind === "refuse" && before.basedOn["clusterGeneration"] === snapshot.cluster.generation) return;
      const decisionId = await recordDecision(tx, context, {
        kind: "refuse",
        clusterId: snapshot.cluster.id,
        organizationId: instance.organizationId,
        instanceId: instance.id,
        basedOn: { clusterGeneration: snapshot.cluster.generation },
        inputs: inputsOf(snapshot, instance),
        chosen: { action: "wait", after: "loss of its host", smallestChange: refusal.smallestChange ? { kind: refusal.smallestChange.kind, text: smallestChange, words: namedWords(refusal.smallestChange.words, snapshot.names) } : null },
        rejected,
        reason: saidOf(snapshot, refusal.text, refusal.words),
        outcome: "refused",
      });
      await releaseAllocation(tx, instance.id);
      await recordObservation(tx, context, [gone(pass, instance.id)]);
      await noteWaiting(tx, context, { instanceId: instance.id, text: sentence("waits-after-loss", { instance: instance.name }), smallestChange: null, decisionId });
    });
  }
  if (waiting > 0) pass.wake("place-instances");
  return 0;
}

/** Its host is known dead, so it runs nowhere. */
function gone(pass: Pass, instanceId: string): ObservationInput {
  return { instanceId, hostId: null, state: "absent", reason: "unknown", epoch: null, vcpus: null, memoryMiB: null, observedAt: pass.context.clock.now(), runningSince: null };
}

async function close(pass: Pass, dead: readonly HostRow[], restarted: number): Promise<void> {
  const { context } = pass;
  for (const host of dead) {
    await inTransaction(context, async (tx) => {
      // A vouched host had nobody to end its windows.
      await closeHostUsage(tx, context, { hostId: host.id, lastWord: host.lastSeenAt });
      await closeFencing(tx, context, host.id, { instancesRestarted: restarted });
    });
  }
}
