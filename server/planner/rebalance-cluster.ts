import type { ClusterSnapshot, LeftOut, Plan } from "./types";
import { anneal } from "./balance/anneal";
import type { BalanceState } from "./balance/balance-state";
import { balanceState, type BalanceScore } from "./balance/dimensions";
import { descend, type SearchLimits } from "./balance/search";
import { firstRefusing, PLACE_RULES } from "./constraints/index";
import { whyNotMovable } from "./constraints/movable";
import { moveActions } from "./evacuate-hosts";
import { buildModel, hostAt, instanceAt, type Model } from "./model/model";
import { orderMoves, takeBackUntil } from "./order-moves";
import { seededRandom } from "./random";
import type { Loads } from "./read/read-cluster-json";
import { findUnsurvivedLoss } from "./reserve/survive-losses";
import { scheduleWaves } from "./schedule-waves";
import { writePlan } from "./write-plan";
import { say } from "./words";

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

/** Rules that do not depend on who else is where, so that the search can ask them at any moment. */
const FIXED_RULES = PLACE_RULES.filter((one) =>
  ["host-state", "maintenance", "cordoned", "capacity", "cpu-model", "reachability", "host-rule"].includes(one.rule),
);

/**
 * Evens the cluster out with few moves. First a cheap descent of single moves and swaps, then annealing within the limit of moves; each
 * instance ends at most once away from where it was. Moves are ordered so that each has room, and taken back from the end if the
 * failover reserve held before and would not after.
 */
export function rebalanceCluster(snapshot: ClusterSnapshot, options: RebalanceOptions = {}): Plan {
  const model = buildModel(snapshot);
  const eligible = model.hosts.flatMap((host, index) => (host.state === "up" && !host.maintenance && host.cpuCores > 0 && host.memoryMiB > 0 ? [index] : []));
  const kind = options.score ?? "demand";
  const { state, instances } = balanceState(model, eligible, kind, options.loads ?? {});
  const scoreBefore = state.score();
  const { movable, leftOut } = findMovable(model, instances);
  const hostCount = Math.max(1, eligible.length);
  const limits: SearchLimits = {
    maxDisplaced: Math.min(options.maxMoves ?? Infinity, instances.length),
    minGainPerMove: options.minGainPerMove ?? (options.maxMoves === undefined ? 0.02 / hostCount : 0),
    proposals: options.proposals ?? defaultProposals(hostCount),
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
  const reserve = snapshot.policy.failoverReserveHosts;
  const reserveHeld = reserve > 0 && findUnsurvivedLoss(model, reserve) === null;
  const { moves } = orderMoves(model, goal, options.maxMoves ?? Infinity);
  const kept = reserveHeld ? takeBackUntil(model, moves, () => findUnsurvivedLoss(model, reserve) === null) : moves.length;
  moves.length = kept;
  const scoreAfter = balanceState(model, eligible, kind, options.loads ?? {}).state.score();
  const enough = moves.length > 0 && scoreBefore - scoreAfter >= (options.minImprovement ?? 0.1) * scoreBefore;
  const actions = enough ? moves.flatMap((move) => moveActions(model, move.instance, move.from, move.to, reasonOf(model, move.from, move.to), say("closer-to-mean", { from: hostAt(model, move.from).id, to: hostAt(model, move.to).id }))) : [];
  const words = enough
    ? `rebalance: ${moves.length} moves bring the score from ${scoreBefore.toFixed(8)} to ${scoreAfter.toFixed(8)} (${kind}; 0 is even)`
    : `rebalance: score ${scoreBefore.toFixed(8)} (${kind}); no moves are worth their cost`;
  return writePlan(model, {
    policy: "rebalance",
    seed: options.seed ?? 1,
    actions: scheduleWaves(actions, snapshot.policy),
    leftOut,
    scoreBefore,
    scoreAfter: enough ? scoreAfter : scoreBefore,
    summary: [words],
  });
}

/** Small clusters are searched thoroughly; large ones gain little beyond the descent. Each proposal costs about a microsecond. */
function defaultProposals(hostCount: number): number {
  if (hostCount <= 200) return 20_000_000;
  return hostCount <= 500 ? 300_000 : 0;
}

function findMovable(model: Model, instances: number[]): { movable: Uint8Array; leftOut: LeftOut[] } {
  const { takenAtSeconds, policy } = model.snapshot;
  const leftOut: LeftOut[] = [];
  const movable = Uint8Array.from(instances, (index) => {
    const instance = instanceAt(model, index);
    const why = whyNotMovable(instance, takenAtSeconds, policy, model.hosts[model.hostOf[index] ?? -1]);
    if (why !== null) leftOut.push({ kind: "instance", id: instance.id, text: why.text });
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

function reasonOf(model: Model, from: number, to: number): string {
  return `${hostAt(model, from).id} and ${hostAt(model, to).id} come closer to the mean`;
}
