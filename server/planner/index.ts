export type {
  Action,
  ActionOp,
  Change,
  ChangeKind,
  CheckResult,
  ClusterPolicy,
  ClusterSnapshot,
  Demand,
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
  RuleName,
  SleepCertificate,
  StoragePool,
  TimeWindow,
} from "./types";
export { PLANNER_WORDS, say, type PlannerCode, type PlannerValue, type PlannerWords } from "./words";
export { makePlan, type PlanRequest } from "./plan";
export { checkPlan } from "./check-plan";
export { evacuateHosts } from "./evacuate-hosts";
export { placeInstances, type PlaceOptions } from "./place-instances";
export { planFailover } from "./plan-failover";
export { followRules } from "./follow-rules";
export { rebalanceCluster, type RebalanceOptions } from "./rebalance-cluster";
export { consolidateCluster, type ConsolidateOptions } from "./consolidate-cluster";
export { whatIfLost, type WhatIf } from "./what-if";
export { explainPlan } from "./explain";
export { computeEntitlements, type Entitlement } from "./entitlement";
export { findCertificateFaults, proveSleep } from "./sleep-certificate";
