import type { Rejection } from "../types";
import { upperTail } from "../demand/normal";
import { at, hostAt, instanceAt, type Model } from "../model/model";
import { predictMigration, predictPostCopy } from "../predict-move";
import { dirtiesTooFast } from "../constraints/bandwidth";
import { say } from "../words";
import type { BalanceState } from "./balance-state";

/** Without a policy's word, a balance is expected to last an hour. */
const DEFAULT_HORIZON_SECONDS = 3600;
/** Demand beyond this part of the cores means waiting: short peaks need the rest. */
const COMFORTABLE = 0.8;
/** A core by which the cluster is uneven costs this part of a core: room that a new instance or a peak may want. */
const EVENNESS = 0.01;
/** Copying keeps about one core busy at each end, and slows the guest by a tenth (its pages are write-protected again and again). */
const COPY_CORES = 2;
const SLOWDOWN = 0.1;
/** A pause is felt more than the same time at half speed. */
const PAUSE_WEIGHT = 10;
/** Below the rounding of sums over many instances. */
const EPSILON = 1e-9;

export interface WeighedMove {
  instance: number;
  from: number;
  to: number;
  costCoreSeconds: number;
  benefitCoreSeconds: number;
}

/** Mean excess of a normal demand over a level: how many cores are wanted beyond what is comfortable, on average. */
function expectedExcess(mean: number, deviation: number, level: number): number {
  if (deviation <= EPSILON) return Math.max(0, mean - level);
  const z = (level - mean) / deviation;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  return Math.max(0, deviation * (density - z * upperTail(z)));
}

/** Cores wanted beyond the comfortable on a host, with (1), without (-1) or as it is (0) one instance more. */
function excessOn(model: Model, host: number, instance: number, sign: -1 | 0 | 1): number {
  const spread = at(model.cpuSpreadMillicores, instance);
  const mean = at(model.demandCpuMillicores, host) + sign * at(model.cpuDemandMillicores, instance);
  const correlation = model.snapshot.policy.demandCorrelation ?? 0.1;
  const squares = at(model.spreadSquares, host) + sign * spread * spread;
  const spreads = at(model.spreadSum, host) + sign * spread;
  const deviation = Math.sqrt(Math.max(0, (1 - correlation) * squares + correlation * spreads * spreads));
  return expectedExcess(mean, deviation, at(model.hostCpuMillicores, host) * COMFORTABLE) / 1000;
}

/** What a move costs: cores busy with copying, the guest slower meanwhile, and its pause. In core-seconds. */
export function costOfMove(model: Model, instance: number, from: number, to: number): number {
  const one = instanceAt(model, instance);
  if (one.wanted === "off") return 0;
  const { policy } = model.snapshot;
  const source = hostAt(model, from);
  const target = hostAt(model, to);
  const postCopy = policy.postCopy === true && dirtiesTooFast(one, source, target, { ...policy, postCopy: false }) !== null;
  const predicted = (postCopy ? predictPostCopy : predictMigration)(one, source, target, policy.linkMbps);
  const slowed = (SLOWDOWN * at(model.cpuDemandMillicores, instance)) / 1000;
  return predicted.seconds * (COPY_CORES + slowed) + (predicted.downtimeMs / 1000) * one.vcpus * PAUSE_WEIGHT;
}

/**
 * Takes out of a goal what does not pay: the balance that a move adds over the horizon (less waiting for cores, a more even cluster), in
 * core-seconds, against what it costs. The worst goes first, because the others gain when it stays. `state` stands at the goal and
 * follows; the model stands at the start. Returns the moves that are not made.
 */
export function dropUnpaid(model: Model, state: BalanceState, eligible: readonly number[], instances: readonly number[], goal: Map<number, number>): WeighedMove[] {
  const horizon = model.snapshot.policy.horizonSeconds ?? DEFAULT_HORIZON_SECONDS;
  const cores = eligible.reduce((sum, host) => sum + hostAt(model, host).cpuCores, 0);
  const localOf = new Map(instances.map((instance, local) => [instance, local]));
  const localHost = new Map(eligible.map((host, local) => [host, local]));
  const dropped: WeighedMove[] = [];
  const weigh = (instance: number, to: number, score: number): WeighedMove => {
    const local = localOf.get(instance) ?? -1;
    const from = model.hostOf[instance] ?? -1;
    const even = state.scoreOfExchange(local, -1, localHost.get(from) ?? -1) - score;
    const calm = excessOn(model, from, instance, 0) - excessOn(model, from, instance, -1) - (excessOn(model, to, instance, 1) - excessOn(model, to, instance, 0));
    const benefit = horizon * (EVENNESS * cores * even + Math.max(0, calm));
    return { instance, from, to, costCoreSeconds: costOfMove(model, instance, from, to), benefitCoreSeconds: Math.max(0, benefit) };
  };
  for (let round = 0; round < 50; round += 1) {
    const score = state.score();
    const unpaid = [...goal]
      .map(([instance, to]) => weigh(instance, to, score))
      .filter((one) => one.benefitCoreSeconds < one.costCoreSeconds)
      .toSorted((a, b) => a.benefitCoreSeconds - a.costCoreSeconds - (b.benefitCoreSeconds - b.costCoreSeconds) || a.instance - b.instance);
    let changed = false;
    // Many at once where there are many, so that a large plan is not weighed a thousand times.
    for (const one of unpaid.slice(0, Math.max(1, unpaid.length >> 2))) {
      const local = localOf.get(one.instance) ?? -1;
      const home = localHost.get(one.from) ?? -1;
      if (!state.hasRoom(local, home, -1)) continue;
      state.move(local, home);
      goal.delete(one.instance);
      dropped.push(one);
      changed = true;
    }
    if (!changed) break;
  }
  return dropped;
}

/** The moves that are not made, as rejections with their figures. */
export function explainDropped(model: Model, dropped: readonly WeighedMove[]): { instanceId: string; rejections: Rejection[] }[] {
  return dropped.map(({ instance, to, costCoreSeconds, benefitCoreSeconds }) => {
    const instanceId = instanceAt(model, instance).id;
    const hostId = hostAt(model, to).id;
    const cost = Math.round(costCoreSeconds * 10) / 10;
    const benefit = Math.round(benefitCoreSeconds * 10) / 10;
    const text = `moving ${instanceId} to ${hostId} would cost ${cost} core-seconds and gain ${benefit} over the horizon`;
    const words = [say("not-worth-cost", { instance: instanceId, host: hostId, costCoreSeconds: cost, benefitCoreSeconds: benefit })];
    return { instanceId, rejections: [{ hostId, rule: "cost", text, words, needed: cost, available: benefit, missing: cost - benefit, unit: "core-seconds", change: null }] };
  });
}

