import type { ClusterSnapshot } from "../types";

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
