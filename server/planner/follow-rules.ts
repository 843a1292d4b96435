import type { Action, ClusterSnapshot, Plan, Refusal, Rejection } from "./types";
import { chooseHost } from "./choose-host";
import { affinity } from "./constraints/affinity";
import { antiAffinity } from "./constraints/anti-affinity";
import { hostRule, speaksAgainst } from "./constraints/host-rule";
import { admits } from "./constraints/index";
import { moveActions } from "./evacuate-hosts";
import { buildModel, hostAt, instanceAt, putInstance, removeInstance, type Model } from "./model/model";
import { refuse } from "./place-instances";
import { scheduleWaves } from "./schedule-waves";
import { say } from "./words";
import { writePlan } from "./write-plan";

/** Rules that can become wrong while nothing moves: a peer came, a rule was written, a preferred host came back. */
const RULES = [hostRule, antiAffinity, affinity];

/**
 * Moves what stands against a rule: hard rules first, members that must be together as a whole, then preferences of hosts where
 * a better one has room. What has no admissible place stays and is named in `refusals`. Nothing else moves.
 */
export function followRules(snapshot: ClusterSnapshot): Plan {
  const model = buildModel(snapshot);
  const actions: Action[] = [];
  const rejected: Plan["rejected"] = [];
  const refusals: Refusal[] = [];
  const settled = new Set<number>();
  const order = [...model.instances.keys()].filter((instance) => placeOf(model, instance) >= 0).sort((a, b) => (instanceAt(model, a).id < instanceAt(model, b).id ? -1 : 1));

  const move = (instance: number, from: number, to: number, why: string, rejections: Rejection[]): void => {
    if (from === to) return;
    const id = instanceAt(model, instance).id;
    actions.push(...moveActions(model, instance, from, to, `the rule ${why} asks for another place`, say("follows-rule", { instance: id, rule: why })));
    rejected.push({ instanceId: id, rejections });
  };

  for (const dense of model.groups) {
    if (dense.group.kind !== "together" || !dense.group.hard) continue;
    const members = order.filter((instance) => dense.group.instanceIds.includes(instanceAt(model, instance).id));
    const homes = new Set(members.map((instance) => placeOf(model, instance)));
    if (homes.size < 2) continue;
    const from = new Map(members.map((instance) => [instance, placeOf(model, instance)]));
    const target = gatherOn(model, members, from);
    for (const instance of members) {
      settled.add(instance);
      if (target >= 0) move(instance, from.get(instance) ?? target, target, dense.group.id, []);
    }
    const [first] = members;
    if (target < 0 && first !== undefined) refusals.push({ ...refuse(model, first, []), text: `the members of ${dense.group.id} cannot be together: no host has room for all of them and may hold each` });
  }
  for (const hard of [true, false]) {
    for (const instance of order) {
      if (settled.has(instance)) continue;
      const from = placeOf(model, instance);
      removeInstance(model, instance);
      const against = hard ? hardRuleAgainst(model, instance, from) : softRuleAgainst(model, instance, from);
      const choice = against === null ? null : chooseHost(model, instance, { strategy: "spread", withReserve: false });
      const better = choice !== null && choice.host >= 0 && (hard || softCount(model, instance, choice.host) < softCount(model, instance, from));
      putInstance(model, instance, better ? choice.host : from);
      if (against === null || choice === null) continue;
      settled.add(instance);
      if (better) move(instance, from, choice.host, against, choice.rejections);
      else if (hard) refusals.push(refuse(model, instance, choice.rejections));
    }
  }
  return writePlan(model, {
    policy: "rebalance",
    actions: scheduleWaves(actions, snapshot.policy, snapshot.hosts, snapshot.groups),
    rejected,
    refusals,
    scoreBefore: actions.length + refusals.length,
    scoreAfter: refusals.length,
    summary: [`rules: ${actions.length} of ${actions.length + refusals.length} instances that stand against a rule find another place`],
  });
}

/** The host that takes all members, the one that has most of them first; -1 when none does, and then nothing has changed. */
function gatherOn(model: Model, members: readonly number[], from: ReadonlyMap<number, number>): number {
  const count = (host: number): number => members.filter((instance) => from.get(instance) === host).length;
  const hosts = [...model.hosts.keys()].sort((a, b) => count(b) - count(a) || (hostAt(model, a).id < hostAt(model, b).id ? -1 : 1));
  for (const instance of members) removeInstance(model, instance);
  for (const host of hosts) {
    const placed: number[] = [];
    for (const instance of members) {
      if (!admits(model, instance, host)) break;
      putInstance(model, instance, host);
      placed.push(instance);
    }
    if (placed.length === members.length) return host;
    for (const instance of placed) removeInstance(model, instance);
  }
  for (const instance of members) putInstance(model, instance, from.get(instance) ?? 0);
  return -1;
}

function placeOf(model: Model, instance: number): number {
  return model.hostOf[instance] ?? -1;
}

function hardRuleAgainst(model: Model, instance: number, host: number): string | null {
  const refusing = RULES.find((rule) => !rule.admits(model, instance, host));
  if (!refusing) return null;
  const ofHosts = model.rulesOf[instance]?.find((rule) => rule.hard && speaksAgainst(rule, hostAt(model, host).id));
  const group = model.groupsOf[instance]?.map((index) => model.groups[index]?.group).find((one) => one?.hard);
  return (refusing === hostRule ? ofHosts?.id : group?.id) ?? refusing.rule;
}

function softRuleAgainst(model: Model, instance: number, host: number): string | null {
  return model.rulesOf[instance]?.find((rule) => !rule.hard && speaksAgainst(rule, hostAt(model, host).id))?.id ?? null;
}

function softCount(model: Model, instance: number, host: number): number {
  return model.rulesOf[instance]?.filter((rule) => !rule.hard && speaksAgainst(rule, hostAt(model, host).id)).length ?? 0;
}
