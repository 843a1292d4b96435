import type { Action, ClusterSnapshot, LeftOut, Plan, Rejection } from "./types";
import { anneal } from "./balance/anneal";
import type { BalanceState } from "./balance/balance-state";
import { balanceState, type BalanceScore } from "./balance/dimensions";
import { noiseScore, whyHeld } from "./balance/hold";
import { orderByGain } from "./balance/order-by-gain";
import { descend, type SearchLimits } from "./balance/search";
import { dropUnpaid, explainDropped, type WeighedMove } from "./balance/weigh-moves";
import { firstRefusing, PLACE_RULES } from "./constraints/index";
import { whyNotMovable } from "./constraints/movable";
import { expectDemand } from "./demand/expect-demand";
import { moveActions } from "./evacuate-hosts";
import { at, buildModel, hostAt, instanceAt, moveInstance, putInstance, removeInstance, type Model } from "./model/model";
import { orderMoves, takeBackUntil, type Move } from "./order-moves";
import { seededRandom } from "./random";
import type { Loads } from "./read/read-cluster-json";
import { findUnsurvivedLoss } from "./reserve/survive-losses";
import { scheduleWaves } from "./schedule-waves";
import { writePlan } from "./write-plan";
import { say, type PlannerWords } from "./words";

export interface RebalanceOptions {
  score?: BalanceScore;
  loads?: Loads;
  maxMoves?: number;
  seed?: number;
  /** No plan unless the score falls by this part. Keeps a balanced cluster still. Default 0.1. */
  minImprovement?: number;
  /** Score that one moved instance must be worth. Default 0.02 / hosts; where the caller limits the moves himself, any gain counts. */
  minGainPerMove?: number;
  /** Effort of the second phase, in proposals. Default: by size of the cluster. */
  proposals?: number;
}

/** No plan below this part of the score: keeps a balanced cluster still. */
const MIN_IMPROVEMENT = 0.1;
const LARGE = 500;

/** Rules that do not depend on who else is where, so that the search can ask them at any moment. */
const FIXED_RULES = PLACE_RULES.filter((one) =>
  ["host-state", "maintenance", "cordoned", "capacity", "cpu-model", "reachability", "host-rule"].includes(one.rule),
);

/** A search for a fixed point ends after so many rounds; two are the rule. */
const MAX_ROUNDS = 5;

/** The score of a cluster as it stands; 0 is even. Cheap: for loops that watch it. */
export function balanceScore(snapshot: ClusterSnapshot): number {
  const model = buildModel(snapshot);
  return balanceState(model, eligibleHosts(model), "demand", {}).state.score();
}

function eligibleHosts(model: Model): number[] {
  return model.hosts.flatMap((host, index) => (host.state === "up" && !host.maintenance && host.cpuCores > 0 && host.memoryMiB > 0 ? [index] : []));
}

/**
 * Evens the cluster out with few moves. First a cheap descent of single moves and swaps, then annealing within the limit of moves; each instance
 * ends at most once away from where it was. On live fleets (score `demand`) moves that do not pay are taken out, and the search is repeated from its
 * own result until it finds nothing more: a second run on a flat load makes no move. Moves are ordered so that each has room, the best first, and
 * taken back from the end if the failover reserve held before and would not after.
 */
export function rebalanceCluster(asked: ClusterSnapshot, options: RebalanceOptions = {}): Plan {
  const snapshot = expectDemand(asked, asked.policy.horizonSeconds ?? 3600);
  const model = buildModel(snapshot);
  const eligible = eligibleHosts(model);
  const kind = options.score ?? "demand";
  const scoreBefore = balanceState(model, eligible, kind, options.loads ?? {}).state.score();
  const held = whyHeld(snapshot, scoreBefore);
  if (held !== null) return writePlan(model, { policy: "rebalance", seed: options.seed ?? 1, actions: [], scoreBefore, scoreAfter: scoreBefore, summary: [`rebalance: ${held}`] });
  const noise = kind === "demand" ? noiseScore(model, eligible) : 0;
  const { goal, dropped, leftOut } = findGoal(model, eligible, kind, noise, options);
  const reserve = snapshot.policy.failoverReserveHosts;
  const reserveHeld = reserve > 0 && findUnsurvivedLoss(model, reserve) === null;
  const { state, instances } = balanceState(model, eligible, kind, options.loads ?? {});
  const inRoom = orderMoves(model, goal, options.maxMoves ?? Infinity).moves;
  inRoom.length = reserveHeld ? takeBackUntil(model, inRoom, () => findUnsurvivedLoss(model, reserve) === null) : inRoom.length;
  const { moves, curve } = orderByGain(model, state, eligible, instances, inRoom);
  const scoreAfter = curve.at(-1) ?? scoreBefore;
  const enough = moves.length > 0 && scoreBefore - scoreAfter >= leastImprovement(scoreBefore, noise, options);
  const actions = !enough
    ? []
    : moves.flatMap((move, index) => {
        const { reason, words } = reasonOf(model, move.from, move.to);
        return moveActions(model, move.instance, move.from, move.to, reason, words, { scoreAfter: curve[index] ?? scoreAfter });
      });
  const scheduled = scheduleWaves(actions, snapshot.policy, snapshot.hosts, snapshot.groups);
  // Waves bring forward what waits for nobody; the curve is that of the plan as it is carried out.
  const scoreCurve = enough ? curveOf(model, eligible, kind, options, moves, scheduled) : [];
  const summary = enough
    ? [`rebalance: ${moves.length} moves bring the score from ${scoreBefore.toFixed(8)} to ${scoreAfter.toFixed(8)} (${kind}; 0 is even)`]
    : [`rebalance: score ${scoreBefore.toFixed(8)} (${kind}); no moves are worth their cost`];
  if (dropped.length > 0) summary.push(`${dropped.length} moves would even it out further and do not pay`);
  return writePlan(model, {
    policy: "rebalance",
    seed: options.seed ?? 1,
    actions: scheduled,
    rejected: [...(enough ? rejectAlternatives(model, state, eligible, instances, moves) : []), ...explainDropped(model, dropped)],
    leftOut,
    scoreBefore,
    scoreAfter: enough ? scoreAfter : scoreBefore,
    scoreCurve,
    summary,
  });
}

/** What a plan must gain: a part of the score, and more than what chance makes. */
function leastImprovement(before: number, noise: number, options: RebalanceOptions): number {
  return Math.max((options.minImprovement ?? MIN_IMPROVEMENT) * before, noise);
}

/** The score after each action that moves something, in the order of the waves. */
function curveOf(model: Model, eligible: readonly number[], kind: BalanceScore, options: RebalanceOptions, moves: readonly Move[], scheduled: readonly Action[]): number[] {
  for (const move of moves.toReversed()) moveInstance(model, move.instance, move.from);
  const { state, instances } = balanceState(model, eligible, kind, options.loads ?? {});
  for (const move of moves) moveInstance(model, move.instance, move.to);
  const localOf = localIndex(instances);
  const localHost = new Map(eligible.map((host, local) => [hostAt(model, host).id, local]));
  return scheduled.map((action) => {
    const local = localOf.get(model.instanceIndex.get(action.instanceId ?? "") ?? -1) ?? -1;
    const to = localHost.get(action.toHostId) ?? -1;
    if (action.op !== "stop" && local >= 0 && to >= 0) state.move(local, to);
    return state.score();
  });
}

/** Where everything should be: one search for files that are compared with other tools, rounds up to a fixed point for live fleets. */
function findGoal(model: Model, eligible: readonly number[], kind: BalanceScore, noise: number, options: RebalanceOptions): { goal: Map<number, number>; dropped: WeighedMove[]; leftOut: LeftOut[] } {
  const start = model.hostOf.slice();
  const weighs = kind === "demand" || model.snapshot.policy.horizonSeconds !== undefined;
  let leftOut: LeftOut[] = [];
  let dropped: WeighedMove[] = [];
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { state, instances } = balanceState(model, eligible, kind, options.loads ?? {});
    const before = state.score();
    const { movable, leftOut: alone } = findMovable(model, instances);
    if (round === 0) leftOut = alone;
    const hostCount = Math.max(1, eligible.length);
    const limits: SearchLimits = {
      maxDisplaced: Math.min(options.maxMoves ?? Infinity, instances.length),
      minGainPerMove: options.minGainPerMove ?? (options.maxMoves === undefined ? 0.02 / hostCount : 0),
      proposals: options.proposals ?? defaultProposals(hostCount, kind),
      forbids: needsRules(model) ? (instance, host) => forbids(model, state, eligible, instances, instance, host) : null,
      movable,
    };
    const random = seededRandom(options.seed ?? 1);
    descend(state, limits, random);
    anneal(state, limits, random);
    const goal = new Map<number, number>();
    instances.forEach((instance, local) => {
      const to = eligible[state.hostOf[local] ?? -1];
      if (to !== undefined && model.hostOf[instance] !== to) goal.set(instance, to);
    });
    if (weighs) {
      const unpaid = dropUnpaid(model, state, eligible, instances, goal);
      if (round === 0) dropped = unpaid;
      if (goal.size === 0 || before - state.score() < leastImprovement(before, noise, options)) break;
    }
    for (const [instance, to] of goal) moveInstance(model, instance, to);
    if (!weighs || options.maxMoves !== undefined) break;
  }
  const goal = new Map<number, number>();
  model.instances.forEach((_, instance) => {
    const home = start[instance] ?? -1;
    const to = model.hostOf[instance] ?? -1;
    if (home >= 0 && to !== home) goal.set(instance, to);
  });
  for (const instance of goal.keys()) moveInstance(model, instance, start[instance] ?? -1);
  return { goal, dropped: dropped.filter((one) => !goal.has(one.instance)), leftOut };
}

/** Small clusters are searched thoroughly; large ones gain little beyond the descent. Each proposal costs a fifth of a microsecond. */
function defaultProposals(hostCount: number, kind: BalanceScore): number {
  // A loop that looks every few minutes has no seconds to spend on the last percent.
  if (kind === "demand") return hostCount <= LARGE ? 300_000 : 0;
  if (hostCount <= 200) return Math.min(40_000_000, 600_000 * Math.max(20, hostCount));
  return hostCount <= 500 ? 600_000 : 0;
}

function findMovable(model: Model, instances: number[]): { movable: Uint8Array; leftOut: LeftOut[] } {
  const { takenAtSeconds, policy } = model.snapshot;
  const leftOut: LeftOut[] = [];
  const movable = Uint8Array.from(instances, (index) => {
    const instance = instanceAt(model, index);
    const why = whyNotMovable(instance, takenAtSeconds, policy, model.hosts[model.hostOf[index] ?? -1]);
    if (why !== null) leftOut.push({ kind: "instance", id: instance.id, text: why.text, words: [why.words] });
    const together = (model.groupsOf[index] ?? []).some((g) => model.groups[g]?.group.kind === "together" && model.groups[g]?.group.hard);
    return why === null && !together ? 1 : 0;
  });
  return { movable, leftOut };
}

function needsRules(model: Model): boolean {
  return (
    model.groups.length > 0 ||
    model.snapshot.hostRules.length > 0 ||
    model.hosts.some((host) => host.cordoned || host.storagePools.length > 0 || host.networks.length > 0 || host.cpuModels.length > 0)
  );
}

function forbids(model: Model, state: BalanceState, eligible: readonly number[], instances: readonly number[], local: number, localHost: number): boolean {
  const instance = instances[local] ?? -1;
  const host = eligible[localHost] ?? -1;
  if (firstRefusing(FIXED_RULES, model, instance, host) !== null) return true;
  const groups = model.groupsOf[instance];
  if (groups === undefined || groups.length === 0) return false;
  const localOf = localIndex(instances);
  return groups.some((index) => {
    const dense = model.groups[index];
    if (dense === undefined || !dense.group.hard || dense.group.kind !== "apart") return false;
    const domain = dense.domainOfHost[host] ?? -1;
    return dense.group.instanceIds.some((id) => {
      const peer = model.instanceIndex.get(id);
      if (peer === undefined || peer === instance) return false;
      const peerLocal = localOf.get(peer);
      const on = peerLocal === undefined ? (model.hostOf[peer] ?? -1) : (eligible[state.hostOf[peerLocal] ?? -1] ?? -1);
      return on >= 0 && dense.domainOfHost[on] === domain;
    });
  });
}

const localIndexes = new WeakMap<readonly number[], Map<number, number>>();

/** Position of each instance in the search's own numbering, made once per search. */
function localIndex(instances: readonly number[]): Map<number, number> {
  const known = localIndexes.get(instances);
  if (known !== undefined) return known;
  const made = new Map(instances.map((instance, local) => [instance, local]));
  localIndexes.set(instances, made);
  return made;
}

function reasonOf(model: Model, from: number, to: number): { reason: string; words: PlannerWords } {
  const ends = { from: hostAt(model, from).id, to: hostAt(model, to).id };
  return { reason: `${ends.from} and ${ends.to} come closer to the mean`, words: say("closer-to-mean", ends) };
}

/** Other hosts that are named for each move: where it was, and the two that are emptiest in the end. */
const ALTERNATIVES = 2;
/** In plans longer than this only the host where it was is named. */
const MANY_MOVES = 1000;

/** What else could have been done with each instance, judged where the plan ends. `state` stands there. */
function rejectAlternatives(model: Model, state: BalanceState, eligible: readonly number[], instances: readonly number[], moves: readonly Move[]): Plan["rejected"] {
  const localOf = localIndex(instances);
  const localHost = new Map(eligible.map((host, index) => [host, index]));
  const score = state.score();
  const emptiest = moves.length > MANY_MOVES ? [] : [...eligible.keys()].toSorted((a, b) => at(model.usedMemoryMiB, eligible[a] ?? 0) - at(model.usedMemoryMiB, eligible[b] ?? 0) || a - b).slice(0, ALTERNATIVES + 1);
  return moves.map((move) => {
    const instanceId = instanceAt(model, move.instance).id;
    const local = localOf.get(move.instance) ?? -1;
    const others = [localHost.get(move.from) ?? -1, ...emptiest].filter((one) => one >= 0 && eligible[one] !== move.to);
    const rejections = [...new Set(others)].slice(0, ALTERNATIVES + 1).map((other): Rejection => {
      const host = eligible[other] ?? -1;
      removeInstance(model, move.instance);
      const refusing = firstRefusing(PLACE_RULES, model, move.instance, host);
      const refusal = refusing?.explain(model, move.instance, host) ?? null;
      putInstance(model, move.instance, move.to);
      if (refusal !== null) return refusal;
      const elsewhere = state.scoreOfExchange(local, -1, other);
      const ids = { instance: instanceId, host: hostAt(model, host).id, best: hostAt(model, move.to).id };
      const text = `with ${instanceId} on ${ids.host} the score would end at ${elsewhere.toFixed(8)}, with it on ${ids.best} it ends at ${score.toFixed(8)}`;
      return { hostId: ids.host, rule: "lower-score", text, words: [say("lower-score", { ...ids, score: elsewhere, bestScore: score })], needed: null, available: null, missing: null, unit: null, change: null };
    });
    return { instanceId, rejections };
  });
}
