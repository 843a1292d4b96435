import type { Action, ClusterSnapshot, LeftOut, Plan, Refusal, Stage } from "./types";
import { chooseHost } from "./choose-host";
import { describeLoss } from "./constraints/failover-reserve";
import { moveActions, refuseOrder } from "./evacuate-hosts";
import { at, buildModel, hostAt, instanceAt, moveInstance, putInstance, removeInstance, type Model } from "./model/model";
import { orderMoves, type Move } from "./order-moves";
import { refuse } from "./place-instances";
import { predictWaves } from "./predict-move";
import { findUnsurvivedLoss, type Unsurvived } from "./reserve/survive-losses";
import { scheduleWaves } from "./schedule-waves";
import { say } from "./words";
import { writePlan } from "./write-plan";

export interface UpdateOptions {
  /** So many hosts are out of service together. */
  atOnce: number;
  /** How long the update itself takes on a host. Default 600. */
  updateSeconds?: number;
}

const DEFAULT_UPDATE_SECONDS = 600;

/** What a stage would do, or why it cannot be. */
type Attempt = { moves: Move[]; rejected: Plan["rejected"] } | { refusal: Refusal | null; loss: Unsurvived | null };

/**
 * A rolling update: a few hosts at a time are emptied, updated and returned, and the failover reserve holds throughout, without the hosts that
 * are out. Where it would not, fewer go at once; a host that cannot go even alone is named with the reason, and the rest goes on. Instances go to hosts
 * that are done, or need no update, before they go to one that will be emptied too. May be aborted between any two actions.
 */
export function updateHosts(snapshot: ClusterSnapshot, hostIds: readonly string[], options: UpdateOptions): Plan {
  const model = buildModel(snapshot);
  const leftOut: LeftOut[] = [];
  const waiting: number[] = [];
  for (const id of new Set(hostIds)) {
    const host = model.hostIndex.get(id);
    if (host !== undefined && hostAt(model, host).state === "up") waiting.push(host);
    else leftOut.push({ kind: "host", id, text: host === undefined ? `host ${id} is not in the snapshot, so it is not updated` : `host ${id} is ${hostAt(model, host).state}, so it is not emptied` });
  }
  const reserve = snapshot.policy.failoverReserveHosts;
  const keepReserve = reserve > 0 && findUnsurvivedLoss(model, reserve) === null;
  const actions: Action[] = [];
  const stages: Stage[] = [];
  const refusals: Refusal[] = [];
  const rejected: Plan["rejected"] = [];
  const total = waiting.length;
  let clock = 0;
  let size = Math.max(1, options.atOnce);
  while (waiting.length > 0) {
    const batch = waiting.slice(0, size);
    const attempt = emptyHosts(model, batch, new Set(waiting), keepReserve ? reserve : 0);
    if (!("moves" in attempt)) {
      if (batch.length > 1) {
        size = batch.length - 1;
        continue;
      }
      refusals.push(refusalOf(model, batch[0] ?? -1, attempt));
      leftOut.push({ kind: "host", id: hostAt(model, batch[0] ?? -1).id, text: refusals.at(-1)?.text ?? "" });
      waiting.shift();
      size = Math.max(1, options.atOnce);
      continue;
    }
    const firstWave = (stages.at(-1)?.lastWave ?? 0) + 1;
    const names = batch.map((host) => hostAt(model, host).id);
    const steps = attempt.moves.flatMap(({ instance, from, to }) => {
      const { id } = hostAt(model, from);
      return moveActions(model, instance, from, to, `${id} is emptied for its update`, say("being-emptied", { host: id }), { stage: stages.length + 1 });
    });
    const scheduled = scheduleWaves(steps, snapshot.policy, snapshot.hosts, snapshot.groups).map((action) => ({ ...action, wave: action.wave + firstWave - 1 }));
    const seconds = predictWaves(scheduled).at(-1)?.endSeconds ?? 0;
    actions.push(...scheduled);
    rejected.push(...attempt.rejected);
    const emptySeconds = clock + seconds;
    clock = emptySeconds + (options.updateSeconds ?? DEFAULT_UPDATE_SECONDS);
    const lastWave = scheduled.reduce((most, action) => Math.max(most, action.wave), firstWave - 1);
    stages.push({ hostIds: names, firstWave, lastWave, emptySeconds, endSeconds: clock });
    waiting.splice(0, batch.length);
    size = Math.max(1, options.atOnce);
  }
  const updated = stages.reduce((sum, stage) => sum + stage.hostIds.length, 0);
  const plan = writePlan(model, { policy: "evacuate", actions, stages, rejected, refusals, leftOut, scoreBefore: total, scoreAfter: total - updated, hostsFreed: stages.flatMap((stage) => stage.hostIds), summary: [] });
  plan.predicted = { ...plan.predicted, seconds: clock };
  plan.schedule = plan.schedule.map((wave) => {
    const index = stages.findIndex((stage) => wave.wave >= stage.firstWave && wave.wave <= stage.lastWave);
    const updatesBefore = index * (options.updateSeconds ?? DEFAULT_UPDATE_SECONDS);
    return { ...wave, endSeconds: wave.endSeconds + updatesBefore };
  });
  plan.summary.push(`update: ${updated} of ${total} hosts in ${stages.length} stages, done after about ${Math.ceil(clock)} s (score: hosts not updated)`);
  stages.forEach((stage, index) => plan.summary.push(`stage ${index + 1}: ${stage.hostIds.join(", ")} empty after ${Math.ceil(stage.emptySeconds)} s, back after ${Math.ceil(stage.endSeconds)} s`));
  if (reserve > 0 && !keepReserve) plan.summary.push("the failover reserve does not hold even now, so it is not kept during the update");
  for (const { text } of refusals) plan.summary.push(text);
  return plan;
}

/** Tries to empty these hosts; on success the model stands after it, else as before. */
function emptyHosts(model: Model, batch: readonly number[], waiting: ReadonlySet<number>, reserve: number): Attempt {
  const leaving = new Set(batch);
  const instances = batch.flatMap((host) => [...(model.instancesOn[host] ?? [])]).toSorted((a, b) => at(model.memoryMiB, b) - at(model.memoryMiB, a) || a - b);
  const homes = new Map(instances.map((instance) => [instance, model.hostOf[instance] ?? -1]));
  const goal = new Map<number, number>();
  const rejected: Plan["rejected"] = [];
  for (const instance of instances) removeInstance(model, instance);
  const undo = (): void => {
    for (const [instance, home] of homes) moveInstance(model, instance, home);
  };
  for (const instance of instances) {
    let choice = chooseHost(model, instance, { strategy: "spread", withReserve: false, except: waiting });
    if (choice.host < 0) choice = chooseHost(model, instance, { strategy: "spread", withReserve: false, except: leaving });
    if (choice.host < 0) {
      const refusal = refuse(model, instance, choice.rejections);
      undo();
      return { refusal, loss: null };
    }
    putInstance(model, instance, choice.host);
    goal.set(instance, choice.host);
    rejected.push({ instanceId: instanceAt(model, instance).id, rejections: choice.rejections });
  }
  undo();
  const { moves, dropped } = orderMoves(model, goal, Infinity);
  const [stuck] = dropped;
  if (stuck !== undefined) {
    undo();
    return { refusal: refuseOrder(model, stuck), loss: null };
  }
  if (reserve > 0) {
    const states = batch.map((host) => hostAt(model, host));
    batch.forEach((host, index) => (model.hosts[host] = { ...(states[index] ?? hostAt(model, host)), state: "down" }));
    const loss = findUnsurvivedLoss(model, reserve);
    batch.forEach((host, index) => (model.hosts[host] = states[index] ?? hostAt(model, host)));
    if (loss !== null) {
      undo();
      return { refusal: null, loss };
    }
  }
  return { moves, rejected };
}

function refusalOf(model: Model, host: number, attempt: { refusal: Refusal | null; loss: Unsurvived | null }): Refusal {
  const { id } = hostAt(model, host);
  if (attempt.refusal !== null) return { ...attempt.refusal, text: `${id} cannot be emptied: ${attempt.refusal.text}` };
  const { loss } = attempt;
  const victim = loss === null ? "?" : instanceAt(model, loss.instance).id;
  const lost = loss === null ? [] : loss.lostHosts.map((one) => hostAt(model, one).id);
  const text = `${id} cannot be updated now: without it, ${loss === null ? "the reserve would not hold" : describeLoss(model, loss)}`;
  return { instanceId: victim, text, words: [say("update-breaks-reserve", { hosts: [id], lost, victim })], rejections: [], smallestChange: null, otherChanges: [] };
}
