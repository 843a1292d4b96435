import type { Action, ClusterSnapshot, LeftOut, Plan, Refusal, Rejection, SleepCertificate } from "./types";
import { chooseHost } from "./choose-host";
import { rulesWithout } from "./constraints/index";
import { DEFAULT_WAKE_SECONDS } from "./demand/needs";
import { dependenciesOf, orderRestarts, startWaves } from "./failover/order-restarts";
import { buildModel, hostAt, instanceAt, putInstance, removeInstance, type Model } from "./model/model";
import { refuse } from "./place-instances";
import { predictRestart } from "./predict-move";
import { restartElsewhere } from "./reserve/restart-elsewhere";
import { say } from "./words";
import { instanceAction, powerAction, writePlan } from "./write-plan";

export interface FailoverOptions {
  /** Switch sleeping hosts on where the others have no room. Default false: the caller must be able to wake them. */
  wake?: boolean;
  /** What starts after something that finds no place: refused with it (the default), or placed all the same, for a caller that lets it wait for a while. */
  followers?: "refuse" | "place";
  /** The stored certificate: where its restarts serve more than what is found here, they are taken. */
  certificate?: SleepCertificate | null;
}

/** Contention for a while is better than being off. */
const RULES = rulesWithout("contention");
const RULES_WITH_WAKING = rulesWithout("contention", "host-state");

interface Outcome {
  hostOf: Map<number, number>;
  scores: Map<number, number>;
  rejections: Map<number, Rejection[]>;
  refusals: Refusal[];
}

/**
 * Restart plan after the loss of hosts that are known to be dead (fencing is confirmed by the caller, never here). The higher priority goes first,
 * and what it depends on before it; an instance starts in a later wave than those that it must follow, and is refused with them unless the caller says otherwise. What finds no
 * place is refused with the reason; lower priorities that do fit are still restarted, and the summary says so. Instances that are off only
 * get a new place. If spreading leaves somebody out, a tight packing and the certificate are tried before that is said.
 */
export function planFailover(snapshot: ClusterSnapshot, lostHostIds: readonly string[], options: FailoverOptions = {}): Plan {
  const lostIds = new Set(lostHostIds);
  const hosts = snapshot.hosts.map((host) => (lostIds.has(host.id) ? { ...host, state: "down" as const } : host));
  const model = buildModel({ ...snapshot, hosts });
  const leftOut: LeftOut[] = [];
  const lost: number[] = [];
  for (const id of lostIds) {
    const host = model.hostIndex.get(id);
    if (host === undefined) leftOut.push({ kind: "host", id, text: `host ${id} is not in the snapshot, nothing to restart from it` });
    else lost.push(host);
  }
  const order = orderRestarts(model, lost.flatMap((host) => [...(model.instancesOn[host] ?? [])]));
  const fromOf = new Map(order.map((instance) => [instance, model.hostOf[instance] ?? -1]));
  const packed = restartElsewhere(model, new Set(lost), options.wake === true ? new Set() : notUp(model));
  for (const instance of order) removeInstance(model, instance);
  const goals = [packed.failed < 0 ? new Map(packed.placements.map((one) => [one.instance, one.host])) : null, certified(model, order, lostIds, options)];
  const dead = new Set(lost);
  let outcome = place(model, order, null, dead, options);
  for (const goal of goals) {
    if (outcome.refusals.length === 0 || goal === null) continue;
    for (const instance of outcome.hostOf.keys()) removeInstance(model, instance);
    const other = place(model, order, goal, dead, options);
    if (other.refusals.length < outcome.refusals.length) outcome = other;
    else {
      for (const instance of other.hostOf.keys()) removeInstance(model, instance);
      for (const [instance, host] of outcome.hostOf) putInstance(model, instance, host);
    }
  }
  const actions = writeActions(model, order, fromOf, outcome);
  const { refusals } = outcome;
  const moved = actions.filter((one) => one.instanceId !== null).length;
  const summary = [`failover of ${[...lostIds].join(", ")}: ${moved} of ${order.length} instances have a new place (score: instances without one)`];
  if (refusals.length > 0) summary.push("best effort: not everything fits; higher priorities were placed first");
  for (const { text } of refusals) summary.push(text);
  return writePlan(model, {
    policy: "failover",
    lostHostIds: [...lostIds].filter((id) => model.hostIndex.has(id)),
    actions,
    rejected: order.flatMap((instance) => (outcome.hostOf.has(instance) ? [{ instanceId: instanceAt(model, instance).id, rejections: outcome.rejections.get(instance) ?? [] }] : [])),
    refusals,
    leftOut,
    scoreBefore: order.length,
    scoreAfter: refusals.length,
    summary,
  });
}

function notUp(model: Model): Set<number> {
  return new Set(model.hosts.flatMap((host, index) => (host.state === "up" ? [] : [index])));
}

/** What the certificate says about this loss, as a goal; null without one. Only a hint: every place is judged again. */
function certified(model: Model, order: readonly number[], lostIds: ReadonlySet<string>, options: FailoverOptions): Map<number, number> | null {
  const { certificate } = options;
  if (certificate === null || certificate === undefined || options.wake !== true) return null;
  const same = certificate.cases.find((one) => one.lostHostIds.length === lostIds.size && one.lostHostIds.every((id) => lostIds.has(id)));
  const said = new Map(same?.placements.map((one) => [one.instanceId, one.hostId]));
  for (const one of certificate.backups) {
    const first = one.hostIds.find((id) => !lostIds.has(id));
    if (first !== undefined && !said.has(one.instanceId)) said.set(one.instanceId, first);
  }
  return new Map(order.map((instance) => [instance, model.hostIndex.get(said.get(instanceAt(model, instance).id) ?? "") ?? -1]));
}

/** Gives each instance its place in turn: the one of the goal where that is allowed, else the best that is up, else one that must be woken. */
function place(model: Model, order: readonly number[], goal: ReadonlyMap<number, number> | null, dead: ReadonlySet<number>, { wake = false, followers = "refuse" }: FailoverOptions): Outcome {
  const outcome: Outcome = { hostOf: new Map(), scores: new Map(), rejections: new Map(), refusals: [] };
  const among = new Set(order);
  const refused = new Set<number>();
  const asleep = new Set(model.hosts.flatMap((host, index) => (host.state === "asleep" || host.state === "waking" ? [index] : [])));
  for (const instance of order) {
    const missing = followers === "place" ? undefined : dependenciesOf(model, instance, among).find((one) => refused.has(one));
    if (missing !== undefined && instanceAt(model, instance).wanted === "on") {
      refused.add(instance);
      outcome.refusals.push(followsRefused(model, instance, missing));
      continue;
    }
    const wanted = goal?.get(instance) ?? -1;
    const others = wanted < 0 ? dead : new Set([...model.hosts.keys()].filter((host) => host !== wanted));
    let choice = chooseHost(model, instance, { strategy: "spread", withReserve: false, rules: asleep.has(wanted) ? RULES_WITH_WAKING : RULES, except: others });
    if (choice.host < 0 && wanted >= 0) choice = chooseHost(model, instance, { strategy: "spread", withReserve: false, rules: RULES, except: dead });
    if (choice.host < 0 && wake) {
      const awake = new Set([...model.hosts.keys()].filter((host) => !asleep.has(host)));
      const woken = chooseHost(model, instance, { strategy: "pack", withReserve: false, rules: RULES_WITH_WAKING, except: awake });
      if (woken.host >= 0) choice = { ...woken, rejections: choice.rejections.filter((one) => one.hostId !== hostAt(model, woken.host).id) };
    }
    if (choice.host < 0) {
      refused.add(instance);
      outcome.refusals.push(refuse(model, instance, choice.rejections));
      continue;
    }
    putInstance(model, instance, choice.host);
    outcome.hostOf.set(instance, choice.host);
    outcome.scores.set(instance, choice.score);
    outcome.rejections.set(instance, choice.rejections);
  }
  return outcome;
}

function followsRefused(model: Model, instance: number, missing: number): Refusal {
  const { id } = instanceAt(model, instance);
  const dependency = instanceAt(model, missing).id;
  const text = `${id} waits: it starts after ${dependency}, which has no place`;
  return { instanceId: id, text, words: [say("follows-refused", { instance: id, dependency })], rejections: [], smallestChange: null, otherChanges: [] };
}

function writeActions(model: Model, order: readonly number[], fromOf: ReadonlyMap<number, number>, outcome: Outcome): Action[] {
  const woken = new Map<number, string[]>();
  for (const [instance, host] of outcome.hostOf) if (hostAt(model, host).state !== "up") woken.set(host, [...(woken.get(host) ?? []), instanceAt(model, instance).id]);
  const placed = order.filter((instance) => outcome.hostOf.has(instance));
  const waves = startWaves(model, placed, outcome.hostOf, new Set(woken.keys()));
  const actions: Action[] = [];
  for (const [host, instances] of woken) {
    const { id, state, wakeSeconds } = hostAt(model, host);
    if (state !== "asleep") continue;
    const few = instances.length > 5 ? `${instances.slice(0, 5).join(", ")} and ${instances.length - 5} more` : instances.join(", ");
    const reason = `${id} is switched on: the hosts that are awake have no place for ${few}`;
    actions.push(powerAction(model, "power-on", host, reason, say("wakes-for-restarts", { host: id, instances }), wakeSeconds ?? DEFAULT_WAKE_SECONDS));
  }
  for (const instance of placed) {
    const one = instanceAt(model, instance);
    const from = fromOf.get(instance) ?? -1;
    const host = outcome.hostOf.get(instance) ?? -1;
    const target = hostAt(model, host).id;
    const figures = { priority: one.priority ?? 0, memoryMiB: one.memoryMiB, vcpus: one.vcpus, score: outcome.scores.get(instance) ?? 0 };
    const lost = `${hostAt(model, from).id} is lost`;
    const lostWords = say("host-lost", { host: hostAt(model, from).id });
    const action =
      one.wanted === "on"
        ? instanceAction(model, "start", instance, from, host, `${lost}; ${one.id} restarts on ${target}`, [lostWords, say("restarts-on", { instance: one.id, host: target })], figures, predictRestart(one))
        : instanceAction(model, "place", instance, from, host, `${lost}; ${one.id} is off and gets its place on ${target}`, [lostWords, say("place-on", { instance: one.id, host: target })], figures);
    actions.push({ ...action, wave: waves.get(instance) ?? 1 });
  }
  return actions.toSorted((a, b) => a.wave - b.wave);
}
