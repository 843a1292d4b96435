import type { Action, ClusterSnapshot, LeftOut, Plan, Refusal, Rejection } from "./types";
import { chooseHost } from "./choose-host";
import { MOVE_RULES } from "./constraints/movable";
import { at, buildModel, hostAt, instanceAt, moveInstance, putInstance, removeInstance, type Model } from "./model/model";
import { orderMoves } from "./order-moves";
import { refuse } from "./place-instances";
import { predictMigration, predictPostCopy, predictRestart } from "./predict-move";
import { scheduleWaves } from "./schedule-waves";
import { instanceAction, writePlan } from "./write-plan";
import { say, type PlannerWords } from "./words";

/**
 * Empties hosts that are up: each instance migrates live to the best other host, or stops and starts there if it cannot.
 * An instance without a place is a blocker: it stays, is named in `refusals`, and the rest goes on. The plan may be aborted between any
 * two actions. The failover reserve does not hold an evacuation back; whether it still holds is said in `summary` by the caller's check.
 */
export function evacuateHosts(snapshot: ClusterSnapshot, hostIds: readonly string[]): Plan {
  const model = buildModel(snapshot);
  const leaving = new Set<number>();
  const leftOut: LeftOut[] = [];
  for (const id of hostIds) {
    const host = model.hostIndex.get(id);
    if (host !== undefined) leaving.add(host);
    else leftOut.push({ kind: "host", id, text: `host ${id} is not in the snapshot, so it is not evacuated` });
  }
  const instances = [...leaving].flatMap((host) => [...(model.instancesOn[host] ?? [])]);
  instances.sort((a, b) => at(model.memoryMiB, b) - at(model.memoryMiB, a) || a - b);
  const fromOf = new Map(instances.map((instance) => [instance, model.hostOf[instance] ?? -1]));
  for (const instance of instances) removeInstance(model, instance);

  const goal = new Map<number, number>();
  const actions: Action[] = [];
  const rejected: Plan["rejected"] = [];
  const refusals: Refusal[] = [];
  for (const unit of unitsOf(model, instances)) {
    const { done, refusal } = placeUnit(model, unit, leaving);
    if (refusal !== null) {
      // Nobody leaves the others of a group behind; what stays keeps its place in the books.
      for (const instance of unit) putInstance(model, instance, fromOf.get(instance) ?? -1);
      for (const instance of unit) {
        const { id } = instanceAt(model, instance);
        const culprit = refusal.instanceId;
        refusals.push(id === culprit ? refusal : { ...refusal, instanceId: id, text: `${id} stays together with ${culprit}: ${refusal.text}`, rejections: [] });
      }
      continue;
    }
    for (const { instance, rejections } of done) {
      goal.set(instance, model.hostOf[instance] ?? -1);
      rejected.push({ instanceId: instanceAt(model, instance).id, rejections });
    }
  }
  for (const instance of goal.keys()) moveInstance(model, instance, fromOf.get(instance) ?? -1);
  const { moves, dropped } = orderMoves(model, goal, Infinity);
  for (const { instance, from, to } of moves) {
    actions.push(...moveActions(model, instance, from, to, `${hostAt(model, from).id} is being emptied`, say("being-emptied", { host: hostAt(model, from).id })));
  }
  for (const instance of dropped) refusals.push(refuseOrder(model, instance));
  const blockers = refusals.map((one) => one.instanceId);
  const freed = [...leaving].filter((host) => (model.instancesOn[host]?.size ?? 0) === 0);
  const scheduled = scheduleWaves(actions, snapshot.policy, snapshot.hosts, snapshot.groups);
  const plan = writePlan(model, {
    policy: "evacuate",
    actions: scheduled,
    rejected,
    refusals,
    leftOut,
    scoreBefore: instances.length,
    scoreAfter: blockers.length,
    hostsFreed: freed.map((host) => hostAt(model, host).id),
    summary: [],
  });
  const evacuates = say("evacuates", { leaving: instances.length - blockers.length, total: instances.length, hosts: hostIds, waves: plan.waves, seconds: Math.ceil(plan.predicted.seconds) });
  plan.summaryWords = blockers.length > 0 ? [evacuates, say("cannot-leave", { instances: blockers })] : [evacuates];
  plan.summary.push(
    `evacuate: ${instances.length - blockers.length} of ${instances.length} instances leave ${hostIds.join(", ")} ` +
      `in ${plan.waves} waves, about ${Math.ceil(plan.predicted.seconds)} s (score: instances still there)`,
  );
  if (blockers.length > 0) plan.summary.push(`blockers: ${blockers.join(", ")}`);
  for (const { text } of refusals) plan.summary.push(text);
  return plan;
}

interface Placed {
  readonly done: readonly { readonly instance: number; readonly rejections: Rejection[] }[];
  readonly refusal: Refusal | null;
}

/** Puts all of a unit onto one host, or none: where one of several finds no room beside the first, the next best host for the first is tried. */
function placeUnit(model: Model, unit: readonly number[], leaving: ReadonlySet<number>): Placed {
  const except = new Set(leaving);
  let refusal: Refusal | null = null;
  for (;;) {
    const done: { instance: number; rejections: Rejection[] }[] = [];
    let failed = false;
    for (const instance of unit) {
      const choice = chooseHost(model, instance, { strategy: "spread", withReserve: false, except });
      failed = choice.host < 0;
      if (failed) {
        // The best host's reason is the one that an operator can act on.
        refusal ??= refuse(model, instance, choice.rejections);
        break;
      }
      putInstance(model, instance, choice.host);
      done.push({ instance, rejections: choice.rejections });
    }
    if (!failed) return { done, refusal: null };
    const tried = done[0] === undefined ? undefined : model.hostOf[done[0].instance];
    for (const { instance } of done) removeInstance(model, instance);
    if (tried === undefined) return { done: [], refusal };
    except.add(tried);
  }
}

/** It has a place, but the others would have to leave before, and they wait for it. */
export function refuseOrder(model: Model, instance: number): Refusal {
  const { id } = instanceAt(model, instance);
  return { instanceId: id, text: `${id} cannot leave yet: it and others wait for each other's places`, words: [], rejections: [], smallestChange: null, otherChanges: [] };
}

/** Instances one by one, but those of a hard "together" group as one. */
function unitsOf(model: Model, instances: readonly number[]): number[][] {
  const units: number[][] = [];
  const unitOfGroup = new Map<number, number[]>();
  for (const instance of instances) {
    const group = (model.groupsOf[instance] ?? []).find((one) => model.groups[one]?.group.hard === true && model.groups[one]?.group.kind === "together");
    const known = group === undefined ? undefined : unitOfGroup.get(group);
    if (known !== undefined) {
      known.push(instance);
      continue;
    }
    const unit = [instance];
    units.push(unit);
    if (group !== undefined) unitOfGroup.set(group, unit);
  }
  return units;
}

/** The steps that bring an instance from one live host to another. */
export function moveActions(model: Model, instance: number, from: number, to: number, why: string, whyWords: PlannerWords, numbers: Record<string, number> = {}): Action[] {
  const one = instanceAt(model, instance);
  const source = hostAt(model, from);
  const target = hostAt(model, to);
  const figures = { ...numbers, memoryMiB: one.memoryMiB, vcpus: one.vcpus };
  if (one.wanted === "off") {
    return [instanceAction(model, "place", instance, from, to, `${why}; ${one.id} is off, only its place moves to ${target.id}`, [whyWords, say("place-moves", { instance: one.id, host: target.id })], figures)];
  }
  const tooFast = MOVE_RULES.dirtiesTooFast(one, source, target, model.snapshot.policy);
  const postCopy = model.snapshot.policy.postCopy === true && MOVE_RULES.dirtiesTooFast(one, source, target, { ...model.snapshot.policy, postCopy: false }) !== null;
  if (one.canMigrate && postCopy) {
    const predicted = predictPostCopy(one, source, target, model.snapshot.policy.linkMbps);
    const reason = `${why}; ${one.id} writes its memory faster than the link copies, so it goes to ${target.id} post-copy, about ${Math.ceil(predicted.seconds)} s`;
    return [instanceAction(model, "migrate", instance, from, to, reason, [whyWords, say("moves-post-copy", { instance: one.id, host: target.id, seconds: Math.ceil(predicted.seconds) })], { ...figures, postCopy: 1 }, predicted)];
  }
  if (one.canMigrate && tooFast === null) {
    const predicted = predictMigration(one, source, target, model.snapshot.policy.linkMbps);
    const reason = `${why}; ${one.id} goes to ${target.id} live, about ${Math.ceil(predicted.seconds)} s`;
    return [instanceAction(model, "migrate", instance, from, to, reason, [whyWords, say("moves-live", { instance: one.id, host: target.id, seconds: Math.ceil(predicted.seconds) })], figures, predicted)];
  }
  const predicted = predictRestart(one);
  return [
    instanceAction(model, "stop", instance, from, from, `${why}; ${tooFast === null || !one.canMigrate ? `${one.id} cannot migrate` : tooFast.text}, so it stops`, [whyWords, say("stops-to-move", { instance: one.id })], figures),
    instanceAction(model, "start", instance, from, to, `${one.id} starts again on ${target.id}`, [whyWords, say("starts-again", { instance: one.id, host: target.id })], figures, predicted),
  ];
}
