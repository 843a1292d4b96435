import type { ClusterSnapshot, HostState, LeftOut, Plan, Rejection } from "./types";
import { firstRefusing, PLACE_RULES } from "./constraints/index";
import { whyNotMovable } from "./constraints/movable";
import { chooseKeepers, fewestHosts } from "./consolidate/choose-keepers";
import { chooseSleepers, SLEEP_RULES } from "./consolidate/choose-sleepers";
import { drainGreedily } from "./consolidate/drain-greedily";
import { packInstances } from "./consolidate/pack-instances";
import { wakeAhead } from "./consolidate/wake-ahead";
import { expectDemand } from "./demand/expect-demand";
import { POWER_OFF_SECONDS, sleepHorizonSeconds } from "./demand/needs";
import { moveActions } from "./evacuate-hosts";
import { at, buildModel, hostAt, instanceAt, moveInstance, putInstance, removeInstance, type Model } from "./model/model";
import { orderMoves, type Move } from "./order-moves";
import { seededRandom, type Random } from "./random";
import { certifySleep } from "./reserve/certify-sleep";
import { sleepersOf } from "./reserve/prove-reserve";
import { scheduleWaves } from "./schedule-waves";
import { powerAction, writePlan } from "./write-plan";
import { say } from "./words";

export interface ConsolidateOptions {
  seed?: number;
  /** At most so many instances move; then hosts are freed one by one as far as that goes. */
  maxMoves?: number;
  /** Protect against the loss of any one awake host while any one sleeper fails to wake. Default true. */
  certify?: boolean;
  /** Orders of packing that are tried for each number of hosts. */
  tries?: number;
}

/** Large fleets pack like sand: another order rarely saves a host there. */
const DEFAULT_TRIES = 40;
const TRIES_WHEN_LARGE = 1;
const LARGE = 400;

/**
 * Frees as many hosts as possible and lets them sleep. Bound first: how few hosts could hold everything. Then, from that number upwards, the
 * set of hosts where most memory already is; the instances of the others are packed onto it, and if they do not fit, those of
 * the keepers are repacked too. A host sleeps only with a certificate, only if what is expected before it could be back fits without it, and only
 * if that saves more than it costs; hosts that will be needed, or without which the certificate would turn false, are switched on first.
 */
export function consolidateCluster(asked: ClusterSnapshot, options: ConsolidateOptions = {}): Plan {
  const snapshot = expectDemand(asked, sleepHorizonSeconds(asked));
  const model = buildModel(snapshot);
  const wakes = wakeAhead(model, options.certify !== false);
  const { candidates, pinned, leftOut } = findCandidates(model);
  const random = seededRandom(options.seed ?? 1);
  const start = model.hostOf.slice();
  const awakeBefore = candidates.length;
  let goal = options.maxMoves === undefined ? packFewest(model, candidates, pinned, options.tries ?? (candidates.length > LARGE ? TRIES_WHEN_LARGE : DEFAULT_TRIES), random) : null;
  if (goal === null || goal.size > (options.maxMoves ?? Infinity)) goal = drainWithin(model, candidates, pinned, options.maxMoves ?? Infinity);
  const emptied = candidates.filter((host) => !pinned.has(host) && [...(model.instancesOn[host] ?? [])].every((one) => goal.has(one)));
  const arriving = new Set(goal.values());
  const chosen = chooseSleepers(model, emptied.filter((host) => !arriving.has(host)), goal);
  leftOut.push(...chosen.leftOut);
  const { moves } = orderMoves(model, goal, Infinity);
  for (const action of wakes) setState(model, action.toHostId, "up");
  const freed = new Set(chosen.sleepers.filter((host) => (model.instancesOn[host]?.size ?? 0) === 0));
  for (const host of freed) model.hosts[host] = { ...hostAt(model, host), state: "asleep" };
  const sleepers = sleepersOf(model);
  let certificate: Plan["certificate"] = null;
  let uncovered = -1;
  if (options.certify !== false) {
    ({ certificate, uncovered } = certifySleep(model, sleepers));
    // A proof fails because there is too little room: hosts stay awake, the roomiest first, until it succeeds.
    const roomy = [...freed].toSorted((a, b) => at(model.sellableMemoryMiB, b) - at(model.sellableMemoryMiB, a) || a - b);
    for (const host of roomy) {
      if (certificate !== null) break;
      const { id } = hostAt(model, host);
      const lost = uncovered < 0 ? "?" : hostAt(model, uncovered).id;
      leftOut.push({ kind: "host", id, text: `${id} stays awake: with it asleep, the loss of ${lost} would not be survived`, words: [say("awake-for-loss", { host: id, lost })] });
      freed.delete(host);
      sleepers.delete(host);
      model.hosts[host] = { ...hostAt(model, host), state: "up" };
      ({ certificate, uncovered } = certifySleep(model, sleepers));
    }
  }
  const asleepOk = certificate !== null || options.certify === false;
  // A move that lets nobody sleep is not worth making.
  if (!asleepOk) for (const move of moves.splice(0).toReversed()) moveInstance(model, move.instance, move.from);
  const undone = undoMoves(model, moves, new Set(chosen.sleepers.filter((host) => !freed.has(host))));
  if (undone.length > 0 && certificate !== null) {
    const again = certifySleep(model, sleepers).certificate;
    if (again === null) redoMoves(model, undone, moves);
    else certificate = again;
  }
  const actions = [...wakes];
  for (const move of moves) actions.push(...moveActions(model, move.instance, move.from, move.to, `${hostAt(model, move.from).id} is emptied so that it can sleep`, say("emptied-to-sleep", { host: hostAt(model, move.from).id })));
  if (asleepOk) {
    for (const host of freed) actions.push(powerAction(model, "power-off", host, `${hostAt(model, host).id} is empty and its sleep is certified`, say("sleep-certified", { host: hostAt(model, host).id }), POWER_OFF_SECONDS));
  }
  const moved = moves.filter((move) => start[move.instance] !== model.hostOf[move.instance]);
  const summary = [
    `consolidate: ${freed.size} of ${awakeBefore} awake hosts are freed by ${moved.length} moves (score: awake hosts)`,
  ];
  if (!asleepOk) summary.push(`no host is switched off: the loss of ${uncovered < 0 ? "?" : hostAt(model, uncovered).id} would not be survived`);
  return writePlan(model, {
    policy: "consolidate",
    seed: options.seed ?? 1,
    actions: scheduleWaves(actions, snapshot.policy, snapshot.hosts, snapshot.groups),
    rejected: rejectAlternatives(model, moves, candidates.filter((host) => !freed.has(host))),
    leftOut,
    scoreBefore: awakeBefore,
    scoreAfter: awakeBefore - freed.size,
    hostsFreed: [...freed].toSorted((a, b) => a - b).map((host) => hostAt(model, host).id),
    certificate,
    summary,
  });
}

/** Hosts that may be drained or kept, and those that cannot be drained because something on them must stay. */
function findCandidates(model: Model): { candidates: number[]; pinned: Set<number>; leftOut: LeftOut[] } {
  const { takenAtSeconds, policy } = model.snapshot;
  const candidates = model.hosts.flatMap((host, index) => (host.state === "up" && !host.maintenance && !host.cordoned ? [index] : []));
  const pinned = new Set<number>();
  const leftOut: LeftOut[] = [];
  for (const host of candidates) {
    const awake = SLEEP_RULES.whyStaysAwake(model, host);
    if (awake !== null) {
      pinned.add(host);
      leftOut.push({ kind: "host", id: hostAt(model, host).id, text: awake.text, words: [awake.words] });
    }
    for (const instance of model.instancesOn[host] ?? []) {
      const why = whyNotMovable(instanceAt(model, instance), takenAtSeconds, policy, hostAt(model, host));
      const together = (model.groupsOf[instance] ?? []).some((g) => model.groups[g]?.group.kind === "together" && model.groups[g]?.group.hard);
      if (why === null && !together) continue;
      pinned.add(host);
      if (why !== null) leftOut.push({ kind: "instance", id: instanceAt(model, instance).id, text: `${why.text}, so its host stays awake`, words: [why.words, say("keeps-awake", { instance: instanceAt(model, instance).id })] });
    }
  }
  return { candidates, pinned, leftOut };
}

/** Hosts that are named for each move, and the longest plan for which they are. */
const ALTERNATIVES = 3;
const MANY_MOVES = 1000;

/** Where else each instance could have gone, judged where the plan ends: the tightest of the hosts that stay awake. */
function rejectAlternatives(model: Model, moves: readonly Move[], awake: readonly number[]): Plan["rejected"] {
  if (moves.length > MANY_MOVES) return [];
  const left = (host: number): number => Math.round(at(model.sellableMemoryMiB, host) - at(model.usedMemoryMiB, host));
  const tightest = awake.toSorted((a, b) => left(a) - left(b) || a - b).slice(0, ALTERNATIVES + 1);
  return moves.map((move) => {
    const { id } = instanceAt(model, move.instance);
    const best = hostAt(model, move.to).id;
    const rejections = tightest.filter((host) => host !== move.to && host !== move.from).slice(0, ALTERNATIVES).map((host): Rejection => {
      removeInstance(model, move.instance);
      const refusing = firstRefusing(PLACE_RULES, model, move.instance, host);
      const refusal = refusing?.explain(model, move.instance, host) ?? null;
      putInstance(model, move.instance, move.to);
      if (refusal !== null) return refusal;
      const hostId = hostAt(model, host).id;
      const text = `${id} would fit on ${hostId} too; there ${left(host)} MiB are left, on ${best} ${left(move.to)} MiB`;
      const words = [say("lower-score", { instance: id, host: hostId, score: left(host), best, bestScore: left(move.to) })];
      return { hostId, rule: "lower-score", text, words, needed: null, available: null, missing: null, unit: null, change: null };
    });
    return { instanceId: id, rejections };
  });
}

/** Takes back what emptied these hosts, the last first, where it can go home; returns what was taken back, in order. */
function undoMoves(model: Model, moves: Move[], hosts: ReadonlySet<number>): Move[] {
  const undone: Move[] = [];
  const count = new Map<number, number>();
  for (const move of moves) count.set(move.instance, (count.get(move.instance) ?? 0) + 1);
  for (const move of moves.toReversed()) {
    if (!hosts.has(move.from) || count.get(move.instance) !== 1) continue;
    moveInstance(model, move.instance, move.from);
    moves.splice(moves.indexOf(move), 1);
    undone.unshift(move);
  }
  return undone;
}

function redoMoves(model: Model, undone: readonly Move[], moves: Move[]): void {
  for (const move of undone) moveInstance(model, move.instance, move.to);
  moves.push(...undone);
}

function setState(model: Model, hostId: string, state: HostState): void {
  const host = model.hostIndex.get(hostId) ?? -1;
  model.hosts[host] = { ...hostAt(model, host), state };
}

/** The goal (instance to host) with the fewest hosts, or null if not even all hosts can be packed. The model is left as it was. */
function packFewest(model: Model, candidates: readonly number[], pinned: ReadonlySet<number>, tries: number, random: Random): Map<number, number> | null {
  const all = candidates.flatMap((host) => [...(model.instancesOn[host] ?? [])]);
  const start = new Map(all.map((instance) => [instance, model.hostOf[instance] ?? -1]));
  const needMemory = all.reduce((sum, one) => sum + at(model.memoryMiB, one), 0);
  const needVcpus = all.reduce((sum, one) => sum + at(model.vcpus, one), 0);
  const most = candidates.filter((host) => pinned.has(host) || (model.instancesOn[host]?.size ?? 0) > 0).length;
  for (let count = fewestHosts(model, candidates, pinned, needMemory, needVcpus); count < most; count += 1) {
    // Tight sets first, then sets with spare room, where fewer residents need to move or the last instances fit.
    for (const spare of [0, 0.01, 0.03]) {
      const keepers = chooseKeepers(model, candidates, pinned, count, needMemory * (1 + spare), needVcpus * (1 + spare));
      const kept = new Set(keepers);
      const moving = all.filter((instance) => !kept.has(model.hostOf[instance] ?? -1));
      for (const instance of moving) removeInstance(model, instance);
      let packed = packInstances(model, moving, keepers, tries, random);
      const loose = all.filter((instance) => !pinned.has(start.get(instance) ?? -1));
      if (!packed && spare > 0) {
        for (const instance of loose) removeInstance(model, instance);
        packed = packInstances(model, loose, keepers, tries, random);
      }
      const goal = new Map<number, number>();
      for (const instance of all) {
        const to = model.hostOf[instance] ?? -1;
        if (packed && to !== start.get(instance)) goal.set(instance, to);
        removeInstance(model, instance);
      }
      for (const [instance, host] of start) putInstance(model, instance, host);
      if (packed) return goal;
    }
  }
  return null;
}

/** With a limit on moves: the plain drain, cut where the limit is reached. The model is left as it was. */
function drainWithin(model: Model, candidates: readonly number[], pinned: ReadonlySet<number>, maxMoves: number): Map<number, number> {
  const start = model.hostOf.slice();
  const { moves } = drainGreedily(model, candidates.filter((host) => !pinned.has(host)));
  const goal = new Map<number, number>();
  const whole = new Map<number, Map<number, number>>();
  for (const move of moves) {
    const group = whole.get(move.from) ?? new Map<number, number>();
    group.set(move.instance, move.to);
    whole.set(move.from, group);
  }
  for (const group of whole.values()) {
    if (goal.size + group.size > maxMoves) break;
    for (const [instance, to] of group) goal.set(instance, to);
  }
  for (let instance = 0; instance < start.length; instance += 1) {
    const home = start[instance] ?? -1;
    if (home >= 0 && model.hostOf[instance] !== home) {
      removeInstance(model, instance);
      putInstance(model, instance, home);
    }
  }
  return goal;
}
