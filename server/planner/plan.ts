import type { ClusterSnapshot, PlacementOrder, Plan, PolicyName } from "./types";
import type { BalanceScore } from "./balance/dimensions";
import { consolidateCluster } from "./consolidate-cluster";
import { evacuateHosts } from "./evacuate-hosts";
import { placeInstances } from "./place-instances";
import { planFailover } from "./plan-failover";
import type { Loads } from "./read/read-cluster-json";
import { rebalanceCluster } from "./rebalance-cluster";
import { updateHosts } from "./update-hosts";

/** What is asked of the planner; fields that a policy does not know are ignored by it. */
export interface PlanRequest {
  policy: PolicyName;
  /** place */
  orders?: readonly PlacementOrder[];
  /** evacuate: the hosts to empty; failover: the hosts that are known to be dead. */
  hostIds?: readonly string[];
  /** evacuate: so many hosts at a time, each updated and returned before the next ones go. Absent: all at once, for good. */
  atOnce?: number;
  /** rebalance, consolidate */
  seed?: number;
  maxMoves?: number;
  /** rebalance */
  score?: BalanceScore;
  loads?: Loads;
}

/**
 * The planner in one function. Every policy does the same four things:
 *
 * 1. `buildModel` turns the snapshot into arrays and leaves out, by name, what makes no sense.
 * 2. The policy searches. It may only put an instance where all of `constraints/` admit it, and prefers what `scoring/` (or
 *    the policy's own score) says is better.
 * 3. `orderMoves` and `scheduleWaves` turn the goal into steps that each have room when they are made.
 * 4. `writePlan` adds reasons, predictions, and the generations that the plan is based on.
 *
 * `checkPlan` judges the result without knowing any of this, with rules of its own.
 */
export function makePlan(snapshot: ClusterSnapshot, request: PlanRequest): Plan {
  const { seed, maxMoves } = request;
  switch (request.policy) {
    case "place":
      return placeInstances(snapshot, request.orders ?? []);
    case "rebalance":
      return rebalanceCluster(snapshot, { seed, maxMoves, score: request.score, loads: request.loads });
    case "consolidate":
      return consolidateCluster(snapshot, { seed, maxMoves });
    case "evacuate":
      if (request.atOnce !== undefined) return updateHosts(snapshot, request.hostIds ?? [], { atOnce: request.atOnce });
      return evacuateHosts(snapshot, request.hostIds ?? []);
    case "failover":
      return planFailover(snapshot, request.hostIds ?? [], { wake: true });
  }
}
