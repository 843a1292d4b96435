import type { Action, CheckResult, ClusterSnapshot, Finding, Instance, Plan } from "./types";
import { firstRefusing, PLACE_RULES, STAY_RULES } from "./constraints/index";
import { book, buildModel, hostAt, putInstance, removeInstance, type Model } from "./model/model";
import { checkCertificate } from "./check-certificate";
import { describeLoss } from "./constraints/failover-reserve";
import { findUnsurvivedLoss } from "./reserve/survive-losses";

/** Rules about the group as a whole hold at the end of a plan, not after each step: a pair moves one by one. */
const STEP_RULES = PLACE_RULES.filter((one) => one.rule !== "affinity" && one.rule !== "storage");
const END_RULES = STAY_RULES.filter((one) => one.rule !== "storage");

/**
 * Judges a plan by replaying it on the snapshot, without knowing how it was made. `newInstances` are the orders that a
 * `place` plan is about. Findings are in the order of the actions, then about the end state.
 */
export function checkPlan(snapshot: ClusterSnapshot, plan: Plan, newInstances: readonly Instance[] = []): CheckResult {
  const findings: Finding[] = [];
  const fresh = new Set(newInstances.map((one) => one.id));
  const model = buildModel(
    snapshot,
    newInstances.map((one) => ({ ...one, hostId: null })),
  );
  const report = (rule: Finding["rule"], actionIndex: number | null, text: string): void => {
    findings.push({ rule, actionIndex, text });
  };
  checkGenerations(model, snapshot, plan, report);
  const lost = new Set(plan.policy === "failover" ? plan.actions.flatMap((one) => one.fromHostId ?? []) : []);
  for (const id of lost) {
    const index = model.hostIndex.get(id);
    if (index !== undefined) model.hosts[index] = { ...hostAt(model, index), state: "down" };
  }
  const reserveBefore = snapshot.policy.failoverReserveHosts > 0 && findUnsurvivedLoss(model, snapshot.policy.failoverReserveHosts) === null;
  const moved = new Set<number>();
  const order = plan.actions.map((action, index) => ({ action, index })).toSorted((a, b) => a.action.wave - b.action.wave || a.index - b.index);
  let start = 0;
  while (start < order.length) {
    let end = start;
    while (end < order.length && order[end]?.action.wave === order[start]?.action.wave) end += 1;
    checkWave(model, order.slice(start, end), fresh, moved, report);
    start = end;
  }
  for (const instance of moved) {
    const host = model.hostOf[instance] ?? -1;
    if (host < 0) continue;
    removeInstance(model, instance);
    const refusing = firstRefusing(END_RULES, model, instance, host);
    if (refusing !== null) report(refusing.rule, null, `at the end: ${refusing.explain(model, instance, host).text}`);
    putInstance(model, instance, host);
  }
  // Evacuations and failovers may use the reserve up: that is what it is for. The others must keep it.
  const mustKeep = plan.policy === "place" || ((plan.policy === "rebalance" || plan.policy === "consolidate") && reserveBefore);
  if (mustKeep && plan.actions.length > 0) {
    const loss = findUnsurvivedLoss(model, snapshot.policy.failoverReserveHosts);
    if (loss !== null) report("failover-reserve", null, `at the end: ${describeLoss(model, loss)}`);
  }
  if (plan.certificate !== null) for (const text of checkCertificate(model, plan.certificate)) report("certificate", null, text);
  return { ok: findings.length === 0, findings };
}

type Report = (rule: Finding["rule"], actionIndex: number | null, text: string) => void;

function checkGenerations(model: Model, snapshot: ClusterSnapshot, plan: Plan, report: Report): void {
  if (plan.clusterId !== snapshot.clusterId) report("stale", null, `the plan is for ${plan.clusterId}, not for ${snapshot.clusterId}`);
  for (const [id, generation] of Object.entries(plan.basedOn.hosts)) {
    const index = model.hostIndex.get(id);
    if (index === undefined) report("unknown", null, `the plan names host ${id}, which is not there`);
    else if (hostAt(model, index).generation !== generation) report("stale", null, `host ${id} changed since the plan was made`);
  }
  for (const [id, generation] of Object.entries(plan.basedOn.instances)) {
    const index = model.instanceIndex.get(id);
    if (index === undefined) report("unknown", null, `the plan names instance ${id}, which is not there`);
    else if (model.instances[index]?.generation !== generation) report("stale", null, `instance ${id} changed since the plan was made`);
  }
}

/** One wave: arrivals are booked before departures leave, because both ends hold the memory while it is copied. */
function checkWave(
  model: Model,
  wave: { action: Action; index: number }[],
  fresh: ReadonlySet<string>,
  moved: Set<number>,
  report: Report,
): void {
  const { migrationsPerHost, migrationsAtOnce } = model.snapshot.policy;
  const perHost = new Map<string, number>();
  const seen = new Set<string>();
  const arrivals: { instance: number; from: number; to: number; index: number }[] = [];
  let copies = 0;
  for (const { action, index } of wave) {
    const to = model.hostIndex.get(action.toHostId) ?? -1;
    if (to < 0) {
      report("unknown", index, `host ${action.toHostId} is not there`);
      continue;
    }
    if (action.instanceId === null) {
      checkPower(model, action, to, index, report);
      continue;
    }
    const instance = model.instanceIndex.get(action.instanceId) ?? -1;
    if (instance < 0) {
      report("unknown", index, `instance ${action.instanceId} is not there`);
      continue;
    }
    if (seen.has(action.instanceId)) report("order", index, `${action.instanceId} is acted on twice in wave ${action.wave}`);
    seen.add(action.instanceId);
    if (action.op === "stop") continue;
    const from = model.hostOf[instance] ?? -1;
    const believed = action.fromHostId === null ? -1 : (model.hostIndex.get(action.fromHostId) ?? -2);
    if (from !== believed && !(from < 0 && fresh.has(action.instanceId) && action.fromHostId === null)) {
      report("order", index, `${action.instanceId} is not on ${action.fromHostId ?? "no host"} when this step begins`);
    }
    if (action.op === "migrate") {
      copies += 1;
      for (const host of [action.fromHostId ?? "", action.toHostId]) perHost.set(host, (perHost.get(host) ?? 0) + 1);
      if (model.instances[instance]?.canMigrate === false) {
        report("not-migratable", index, `${action.instanceId} cannot migrate live`);
      }
      const source = model.hosts[from];
      if (source !== undefined && source.state !== "up") report("host-state", index, `${source.id} is ${source.state}: nothing migrates from it`);
    }
    arrivals.push({ instance, from, to, index });
  }
  for (const [host, count] of perHost) {
    if (count > migrationsPerHost) report("concurrency", null, `${count} migrations at once on ${host}, ${migrationsPerHost} are allowed`);
  }
  if (copies > migrationsAtOnce) report("concurrency", null, `${copies} migrations at once, ${migrationsAtOnce} are allowed`);
  checkArrivals(model, arrivals, moved, report);
}

function checkArrivals(
  model: Model,
  arrivals: { instance: number; from: number; to: number; index: number }[],
  moved: Set<number>,
  report: Report,
): void {
  const stillAtSource: { instance: number; from: number }[] = [];
  for (const { instance, from, to, index } of arrivals) {
    if (from === to) {
      report("order", index, `${model.instances[instance]?.id ?? "?"} is already there`);
      continue;
    }
    removeInstance(model, instance);
    const refusing = firstRefusing(STEP_RULES, model, instance, to);
    if (refusing !== null) report(refusing.rule, index, refusing.explain(model, instance, to).text);
    putInstance(model, instance, to);
    moved.add(instance);
    if (from >= 0) {
      // Room at the source is free only when the wave is over.
      book(model, instance, from, 1);
      stillAtSource.push({ instance, from });
    }
  }
  for (const { instance, from } of stillAtSource) book(model, instance, from, -1);
}

function checkPower(model: Model, action: Action, host: number, index: number, report: Report): void {
  const one = hostAt(model, host);
  if (action.op === "power-on") model.hosts[host] = { ...one, state: "up" };
  else if (action.op === "power-off") {
    const guests = model.instancesOn[host]?.size ?? 0;
    if (guests > 0) report("host-state", index, `${one.id} still has ${guests} instances and must not be switched off`);
    model.hosts[host] = { ...one, state: "asleep" };
  } else report("order", index, `${action.op} names no instance`);
}
