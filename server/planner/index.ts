export type {
  Action,
  ActionOp,
  Change,
  ChangeKind,
  ClusterHistory,
  CheckResult,
  ClusterPolicy,
  ClusterSnapshot,
  Demand,
  DemandHistory,
  Finding,
  Group,
  GroupKind,
  Host,
  HostRule,
  HostState,
  Instance,
  InstanceClass,
  InstanceDisk,
  LeftOut,
  PlacementOrder,
  Plan,
  PolicyName,
  PowerCurve,
  Prediction,
  Refusal,
  Rejection,
  ReserveProof,
  RuleName,
  SleepCertificate,
  Stage,
  StoragePool,
  TimeWindow,
  WaveForecast,
} from "./types";
export { PLANNER_WORDS, say, type PlannerCode, type PlannerValue, type PlannerWords } from "./words";
export { makePlan, type PlanRequest } from "./plan";
export { checkPlan } from "./check-plan";
export { evacuateHosts } from "./evacuate-hosts";
export { placeInstances, type PlaceOptions } from "./place-instances";
export { planFailover, type FailoverOptions } from "./plan-failover";
export { followRules } from "./follow-rules";
export { balanceScore, rebalanceCluster, type RebalanceOptions } from "./rebalance-cluster";
export { trackImbalance } from "./balance/hold";
export { consolidateCluster, type ConsolidateOptions } from "./consolidate-cluster";
export { updateHosts, type UpdateOptions } from "./update-hosts";
export { whatIfLost, whatIfPairsLost, type PairWhatIf, type WhatIf } from "./what-if";
export { SleepGuard, type GuardAnswer, type WakeAdvice } from "./reserve/sleep-guard";
export { findShortage, forecastNeed, sleepHorizonSeconds, wakeLeadSeconds, type Need, type Shortage } from "./demand/needs";
export { expectDemand } from "./demand/expect-demand";
export { estimateCorrelation } from "./demand/normal";
export { explainPlan } from "./explain";
export { computeEntitlements, type Entitlement } from "./entitlement";
export { findCertificateFaults, proveSleep } from "./sleep-certificate";
