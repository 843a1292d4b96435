import type { ClusterSnapshot } from "../types";
import { at, type Model } from "../model/model";

/**
 * Since when the score has been above the threshold without a break, or null. Callers keep the answer and give it back with the next score, and
 * put it into the snapshot (`imbalancedSinceSeconds`): a planner without memory cannot tell a passing peak from an imbalance that lasts.
 */
export function trackImbalance(previousSinceSeconds: number | null, score: number, thresholdScore: number, nowSeconds: number): number | null {
  if (!(score > thresholdScore)) return null;
  return previousSinceSeconds ?? nowSeconds;
}

/** Why a cluster with this score is left alone for now; null: it may be balanced. */
export function whyHeld(snapshot: ClusterSnapshot, score: number): string | null {
  const { imbalanceThreshold = 0, imbalanceHoldSeconds = 0 } = snapshot.policy;
  const figures = `score ${score.toFixed(8)}, threshold ${imbalanceThreshold}`;
  if (imbalanceThreshold > 0 && score <= imbalanceThreshold) return `${figures}: even enough`;
  if (imbalanceHoldSeconds <= 0) return null;
  const since = snapshot.imbalancedSinceSeconds ?? null;
  const held = since === null ? 0 : snapshot.takenAtSeconds - since;
  return held >= imbalanceHoldSeconds ? null : `${figures}: uneven for ${held} s, moves are made after ${imbalanceHoldSeconds} s`;
}

/** What the demand of the cores weighs in the score (see dimensions.ts). */
const DEMAND_WEIGHT = 2;

/**
 * The score that chance alone makes: forecasts miss by their spread, and an imbalance smaller than that is none. Without this, noise would be
 * chased for ever. Only demands that somebody forecast count; the default has no noise.
 */
export function noiseScore(model: Model, eligible: readonly number[]): number {
  let sum = 0;
  for (const host of eligible) {
    let variance = 0;
    for (const instance of model.instancesOn[host] ?? []) if (model.instances[instance]?.demand !== undefined) variance += at(model.cpuSpreadMillicores, instance) ** 2;
    sum += variance / at(model.hostCpuMillicores, host) ** 2;
  }
  return DEMAND_WEIGHT * Math.sqrt(sum / Math.max(1, eligible.length));
}
