import type { CheckResult, ClusterSnapshot, Finding, Instance, Plan } from "./types";
import { judgePlace, judgeStorage } from "./check/judge-place";
import { judgeWave, type Report } from "./check/judge-wave";
import { Ledger } from "./check/ledger";
import { verifyProof } from "./check/verify-proof";
import { findShortage, sleepHorizonSeconds } from "./demand/needs";
import { buildModel } from "./model/model";
import { proveReserve, sleepersOf, writeProof } from "./reserve/prove-reserve";

/**
 * Judges a plan by replaying it on the snapshot, without knowing how it was made and with rules of its own (`check/`). `newInstances` are the
 * orders that a `place` plan is about. Findings are in the order of the actions, then about the end state.
 */
export function checkPlan(snapshot: ClusterSnapshot, plan: Plan, newInstances: readonly Instance[] = []): CheckResult {
  const findings: Finding[] = [];
  const report: Report = (rule, actionIndex, text) => {
    findings.push({ rule, actionIndex, text });
  };
  const ledger = new Ledger(snapshot, newInstances);
  checkGenerations(ledger, plan, report);
  for (const id of plan.lostHostIds) {
    const host = ledger.hosts.get(id);
    if (host !== undefined) ledger.hosts.set(id, { ...host, state: "down" });
  }
  const { failoverReserveHosts } = snapshot.policy;
  const optional = plan.policy === "rebalance" || plan.policy === "consolidate";
  // Only a reserve that held can be kept; an order is refused rather than make it worse.
  const heldBefore = failoverReserveHosts > 0 && (optional || plan.stages.length > 0) && reserveFault(ledger) === null;
  const mustKeep = failoverReserveHosts > 0 && plan.actions.length > 0 && (plan.policy === "place" || (optional && heldBefore));
  const moved = new Set<string>();
  const order = plan.actions.map((action, index) => ({ action, index })).toSorted((a, b) => a.action.wave - b.action.wave || a.index - b.index);
  let start = 0;
  while (start < order.length) {
    let end = start;
    while (end < order.length && order[end]?.action.wave === order[start]?.action.wave) end += 1;
    judgeWave(ledger, plan, order.slice(start, end), moved, report);
    const wave = order[start]?.action.wave ?? 0;
    for (const stage of plan.stages) if (stage.lastWave === wave) checkStage(ledger, stage.hostIds, heldBefore, report);
    start = end;
  }
  if (plan.policy === "failover") checkDependencies(ledger, plan, report);
  for (const id of moved) {
    const instance = ledger.instances.get(id);
    const host = ledger.hostOf.get(id) ?? null;
    if (instance === undefined || host === null) continue;
    for (const fault of judgePlace(ledger, instance, host, { arrives: false, mayCrowd: plan.policy === "failover", whole: true })) {
      report(fault.rule, null, `at the end: ${fault.text}`);
    }
  }
  const placed = new Set(plan.actions.flatMap((one) => (one.op === "place" && one.fromHostId === null ? (one.instanceId ?? []) : [])));
  for (const fault of judgeStorage(ledger, [...placed].flatMap((id) => ledger.instances.get(id) ?? []))) report(fault.rule, null, fault.text);
  // Evacuations and failovers may use the reserve up: that is what it is for. The others must keep it.
  if (mustKeep) {
    const fault = reserveFault(ledger);
    if (fault !== null) report("failover-reserve", null, `at the end: ${fault}`);
  }
  if (plan.certificate !== null) for (const text of verifyProof(ledger, plan.certificate)) report("certificate", null, text);
  checkForecast(ledger, plan, report);
  return { ok: findings.length === 0, findings };
}

function checkGenerations(ledger: Ledger, plan: Plan, report: Report): void {
  const { clusterId } = ledger.snapshot;
  if (plan.clusterId !== clusterId) report("stale", null, `the plan is for ${plan.clusterId}, not for ${clusterId}`);
  for (const [id, generation] of Object.entries(plan.basedOn.hosts)) {
    const host = ledger.hosts.get(id);
    if (host === undefined) report("unknown", null, `the plan names host ${id}, which is not there`);
    else if (host.generation !== generation) report("stale", null, `host ${id} changed since the plan was made`);
  }
  for (const [id, generation] of Object.entries(plan.basedOn.instances)) {
    const instance = ledger.instances.get(id);
    if (instance === undefined) report("unknown", null, `the plan names instance ${id}, which is not there`);
    else if (instance.generation !== generation) report("stale", null, `instance ${id} changed since the plan was made`);
  }
}

/** The ledger's bookings as a snapshot; `without` are hosts that are out of service meanwhile. */
function bookings(ledger: Ledger, without: readonly string[] = []): ClusterSnapshot {
  const hosts = [...ledger.hosts.values()].map((host) => (without.includes(host.id) ? { ...host, state: "down" as const } : host));
  const instances = [...ledger.instances.values()].map((one) => ({ ...one, hostId: ledger.hostOf.get(one.id) ?? null }));
  return { ...ledger.snapshot, hosts, instances };
}

/** Asks the prover for a proof of the failover reserve, and believes only what can be verified. Null: it holds. */
function reserveFault(ledger: Ledger, without: readonly string[] = []): string | null {
  const snapshot = bookings(ledger, without);
  const model = buildModel(snapshot);
  const proof = proveReserve(model, snapshot.policy.failoverReserveHosts, sleepersOf(model));
  if (proof.unsurvived !== null) {
    const lost = proof.unsurvived.lostHosts.map((host) => model.hosts[host]?.id ?? "?").join(" and ");
    return `the loss of ${lost} would leave ${model.instances[proof.unsurvived.instance]?.id ?? "?"} without a place`;
  }
  return verifyProof(new Ledger(snapshot, []), writeProof(proof))[0] ?? null;
}

/** While the hosts of a stage are out, they are empty and the reserve holds without them. */
function checkStage(ledger: Ledger, hostIds: readonly string[], keepsReserve: boolean, report: Report): void {
  for (const id of hostIds) {
    const guests = [...(ledger.guests.get(id) ?? [])].filter((one) => ledger.instances.get(one)?.wanted === "on");
    if (guests.length > 0) report("maintenance", null, `${id} is to be updated and still has ${guests.join(", ")}`);
  }
  const fault = keepsReserve ? reserveFault(ledger, hostIds) : null;
  if (fault !== null) report("failover-reserve", null, `while ${hostIds.join(", ")} are updated: ${fault}`);
}

/** After a loss, nothing starts in the wave of something that it must follow, or before. */
function checkDependencies(ledger: Ledger, plan: Plan, report: Report): void {
  const starts = new Map(plan.actions.flatMap((one) => (one.op === "start" && one.instanceId !== null ? [[one.instanceId, one.wave] as const] : [])));
  const reaches = (from: string, to: string, seen: Set<string>): boolean => {
    if (seen.has(from)) return false;
    seen.add(from);
    return (ledger.instances.get(from)?.startAfter ?? []).some((id) => id === to || reaches(id, to, seen));
  };
  for (const [id, wave] of starts) {
    for (const earlier of ledger.instances.get(id)?.startAfter ?? []) {
      // In a circle somebody has to begin.
      if (wave <= (starts.get(earlier) ?? 0) && !reaches(earlier, id, new Set())) report("order", null, `${id} starts in wave ${wave}, not after ${earlier}`);
    }
  }
}

/** What stays awake must be enough for what is expected before a sleeper could be back. */
function checkForecast(ledger: Ledger, plan: Plan, report: Report): void {
  if (!plan.actions.some((action) => action.op === "power-off")) return;
  const { snapshot } = ledger;
  const awake = [...ledger.hosts.values()].filter((host) => host.state === "up" || host.state === "waking");
  const shortage = findShortage(snapshot, awake, snapshot.takenAtSeconds, snapshot.takenAtSeconds + sleepHorizonSeconds(snapshot));
  if (shortage !== null) report("forecast", null, `${shortage.text}, and sleepers would come too late`);
}
