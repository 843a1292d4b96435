import { notePlaced, noteWaiting, type DesiredInstance } from "@/server/compute";
import { applyPlacements, claimOf, hasWaiting, lastDecisions, listClusterIds, namedWords, nameHosts, PlanSuperseded, recordDecision, takeSnapshot, type FleetSnapshot, type Placement } from "@/server/fleet";
import { placeInstances } from "@/server/planner";
import type { Action, Plan, PlannerWords, Refusal, Rejection } from "@/server/planner";
import { replaceNames, sentence, type Sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import type { LoopDefinition, Pass } from "./types";

/** A plan that was overtaken is made anew at once; more often than this in a row, somebody else comes first. */
const ATTEMPTS = 5;
/** Placements of one transaction: enough that a hundred orders cost few commits, few enough that it stays short. */
const BATCH = 100;
/** Orders planned from one snapshot. */
const QUEUE = 1_000;
/** Rejected hosts kept in a receipt; a cluster of a thousand hosts gives the same few reasons over and over. */
const REJECTED_KEPT = 20;

/** Gives a place to every instance that should run and has none, or says why there is none. */
export const placeInstancesLoop: LoopDefinition = {
  name: "place-instances",
  periodMs: 10_000,
  async pass(pass) {
    let backlog = 0;
    for (const clusterId of await listClusterIds(pass.context)) {
      if (pass.signal.aborted) break;
      backlog += await placeInCluster(pass, clusterId);
    }
    return { backlog };
  },
};

async function placeInCluster(pass: Pass, clusterId: string): Promise<number> {
  const { context } = pass;
  if (!(await hasWaiting(context, clusterId))) return 0;
  for (let attempt = 1; ; attempt++) {
    const snapshot = await takeSnapshot(context, clusterId);
    if (snapshot.waiting.length === 0) return 0;
    const plan = planWaiting(snapshot);
    try {
      await apply(pass, snapshot, plan);
    } catch (error) {
      if (error instanceof PlanSuperseded && attempt < ATTEMPTS && !pass.signal.aborted) continue;
      throw error;
    }
    await refuse(pass, snapshot, plan.refusals);
    if (plan.refusals.length > 0) pass.wake("wake-hosts");
    // A very long queue is worked off in parts, each with a fresh snapshot.
    if (snapshot.waiting.length > QUEUE && plan.actions.length > 0 && !pass.signal.aborted) continue;
    return plan.refusals.length;
  }
}

function planWaiting(snapshot: FleetSnapshot): Plan {
  const instances = new Map(snapshot.planner.instances.map((instance) => [instance.id, instance]));
  const orders = snapshot.waiting.slice(0, QUEUE).flatMap(({ id }) => {
    const instance = instances.get(id);
    return instance ? [{ instance }] : [];
  });
  return placeInstances(snapshot.planner, orders);
}

async function apply(pass: Pass, snapshot: FleetSnapshot, plan: Plan): Promise<void> {
  const places = plan.actions.filter((action) => action.op === "place");
  const rejected = new Map(plan.rejected.map((entry) => [entry.instanceId, entry.rejections]));
  let generation = snapshot.cluster.generation;
  for (let at = 0; at < places.length; at += BATCH) {
    const placements = places.slice(at, at + BATCH).flatMap((action) => placementOf(snapshot, action, rejected.get(action.instanceId ?? "") ?? []));
    await applyPlacements(pass.context, snapshot.cluster.id, generation, placements, async (tx, placed) => {
      // Deleted since the snapshot was taken: the whole batch is planned again without it.
      if (!(await notePlaced(tx, pass.context, placed))) throw new PlanSuperseded(snapshot.cluster.id, generation);
    });
    // Our own apply raised it by one; the next batch of the same plan is still right.
    generation += 1;
    pass.wake("converge-instances");
  }
}

function placementOf(snapshot: FleetSnapshot, action: Action, rejections: readonly Rejection[]): Placement[] {
  const instance = snapshot.instances.get(action.instanceId ?? "");
  if (!instance) return [];
  const hostName = snapshot.names.get(action.toHostId) ?? action.toHostId;
  return [
    {
      instanceId: instance.id,
      organizationId: instance.organizationId,
      hostId: action.toHostId,
      claim: claimOf(instance),
      decision: {
        inputs: inputsOf(snapshot, instance),
        chosen: { hostId: action.toHostId, hostName, numbers: action.numbers },
        rejected: rejectedOf(snapshot, rejections),
        reason: saidOf(snapshot, action.reason, action.words),
        predicted: { ...action.predicted },
      },
    },
  ];
}

export function inputsOf(snapshot: FleetSnapshot, instance: DesiredInstance): Record<string, unknown> {
  return {
    instance: { id: instance.id, name: instance.name, generation: instance.generation, ...claimOf(instance), antiAffinityGroup: instance.antiAffinityGroup, flavor: instance.flavor.name, class: instance.flavor.class },
    policy: snapshot.planner.policy,
    hosts: snapshot.planner.hosts.length,
    placedInstances: snapshot.allocations.size,
  };
}

/** What the planner says, with the names of hosts and instances. */
export function saidOf(snapshot: FleetSnapshot, text: string, words: readonly PlannerWords[]): Sentence {
  return { text: nameHosts(text, snapshot.names), words: namedWords(words, snapshot.names) };
}

export function rejectedOf(snapshot: FleetSnapshot, rejections: readonly Rejection[]): unknown[] {
  return rejections.slice(0, REJECTED_KEPT).map((rejection) => ({
    hostId: rejection.hostId,
    hostName: snapshot.names.get(rejection.hostId) ?? rejection.hostId,
    rule: rejection.rule,
    text: nameHosts(rejection.text, snapshot.names),
    words: namedWords(rejection.words, snapshot.names),
    needed: rejection.needed,
    available: rejection.available,
    missing: rejection.missing,
    unit: rejection.unit,
  }));
}

/** Writes each refusal once: while nothing changed, the one that stands is enough. */
async function refuse(pass: Pass, snapshot: FleetSnapshot, refusals: readonly Refusal[]): Promise<void> {
  const { context } = pass;
  for (let at = 0; at < refusals.length; at += BATCH) {
    const batch = refusals.slice(at, at + BATCH);
    await inTransaction(context, async (tx) => {
      const last = await lastDecisions(tx, batch.map((refusal) => refusal.instanceId));
      for (const refusal of batch) {
        const instance = snapshot.instances.get(refusal.instanceId);
        if (!instance) continue;
        const rejected = rejectedOf(snapshot, refusal.rejections);
        const smallestChange = refusal.smallestChange ? { kind: refusal.smallestChange.kind, text: nameHosts(refusal.smallestChange.text, snapshot.names), words: namedWords(refusal.smallestChange.words, snapshot.names), hostId: refusal.smallestChange.hostId, amount: refusal.smallestChange.amount, unit: refusal.smallestChange.unit } : null;
        const chosen = { action: "wait", smallestChange, otherChanges: refusal.otherChanges.map((change) => ({ text: nameHosts(change.text, snapshot.names), words: namedWords(change.words, snapshot.names) })) };
        const before = last.get(refusal.instanceId);
        if (before?.kind === "refuse" && same(before.rejected, rejected) && same(before.chosen, chosen)) continue;
        const reason = saidOf(snapshot, refusal.text, refusal.words);
        const decisionId = await recordDecision(tx, context, {
          kind: "refuse",
          clusterId: snapshot.cluster.id,
          organizationId: instance.organizationId,
          instanceId: instance.id,
          basedOn: { clusterGeneration: snapshot.cluster.generation },
          inputs: inputsOf(snapshot, instance),
          chosen,
          rejected,
          reason,
          outcome: "refused",
        });
        await noteWaiting(tx, context, { instanceId: instance.id, ...tenantWords(snapshot, instance, refusal), decisionId });
      }
    });
  }
}

/** Key order differs between what was written and what jsonb gives back. */
function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    return `{${Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${key}:${canonical(item)}`)
      .join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/** The tenant reads how many hosts lack what, and what would help; no host of ours by its name. */
function tenantWords(snapshot: FleetSnapshot, instance: DesiredInstance, refusal: Refusal): { text: Sentence; smallestChange: Sentence | null } {
  const labels = new Map<string, string>();
  for (const rejection of refusal.rejections) if (!labels.has(rejection.hostId)) labels.set(rejection.hostId, `server ${labels.size + 1}`);
  const hidden = new Map([...snapshot.names].map(([id, name]) => [id, labels.get(id) ?? (id.startsWith("hst_") ? "a server" : name)]));
  const all = sentence("waits-no-room", { instance: instance.name, vcpus: instance.vcpus, memoryMiB: instance.memoryMiB });
  const server = (text: string): string | { readonly server: number } => {
    const label = [...labels.keys()].indexOf(text);
    return text.startsWith("hst_") ? { server: label + 1 } : (snapshot.names.get(text) ?? text);
  };
  // Whom the reserve protects is another tenant's business.
  const said = refusal.rejections.slice(0, REJECTED_KEPT).map((rejection): Sentence => {
    if (rejection.rule === "failover-reserve") return sentence("kept-in-reserve", { host: server(rejection.hostId) });
    return { text: nameHosts(rejection.text, hidden), words: replaceNames(rejection.words, server) };
  });
  const why = said.map((one) => one.text.replace(/\.$/, ""));
  const change = refusal.smallestChange;
  return {
    text: { text: `${all.text}${why.length > 0 ? ` ${why.join("; ")}.` : ""}`, words: [...all.words, ...said.flatMap((one) => one.words)] },
    smallestChange: change ? { text: nameHosts(change.text, hidden), words: replaceNames(change.words, server) } : null,
  };
}
