import type { Action, Finding, Instance, Plan } from "../types";
import { judgePlace } from "./judge-place";
import type { Ledger } from "./ledger";

export type Report = (rule: Finding["rule"], actionIndex: number | null, text: string) => void;

export interface Step {
  action: Action;
  index: number;
}

interface Arrival {
  instance: Instance;
  from: string | null;
  to: string;
  index: number;
}

/** Guests that dirty more than this part of what the link copies do not finish a live migration in any useful time. */
const NEVER_ENDS = 0.9;
const DEFAULT_DIRTY_MIB_PER_SECOND = 16;
const MIB_PER_MBIT = 1 / 8.388608;

/**
 * One wave: nothing in it may rely on what another step of it frees, because both ends hold the memory while it is copied; a host that is switched
 * on can be used from the next wave on.
 */
export function judgeWave(ledger: Ledger, plan: Plan, steps: readonly Step[], moved: Set<string>, report: Report): void {
  const seen = new Set<string>();
  const arrivals: Arrival[] = [];
  const waking: string[] = [];
  const migrations: { from: string; to: string }[] = [];
  const optional = plan.policy === "rebalance" || plan.policy === "consolidate";
  for (const { action, index } of steps) {
    if (!ledger.hosts.has(action.toHostId)) {
      report("unknown", index, `host ${action.toHostId} is not there`);
      continue;
    }
    if (action.instanceId === null) {
      judgePower(ledger, plan, action, index, waking, report);
      continue;
    }
    const instance = ledger.instances.get(action.instanceId);
    if (instance === undefined) {
      report("unknown", index, `instance ${action.instanceId} is not there`);
      continue;
    }
    if (seen.has(instance.id)) report("order", index, `${instance.id} is acted on twice in wave ${action.wave}`);
    seen.add(instance.id);
    const from = ledger.hostOf.get(instance.id) ?? null;
    if (action.op === "stop") {
      if (from !== action.toHostId) report("order", index, `${instance.id} is to stop on ${action.toHostId} and is not there`);
      if (optional) report("not-migratable", index, `${instance.id} would be stopped for a move that need not be`);
      continue;
    }
    if (from !== action.fromHostId) report("order", index, `${instance.id} is not on ${action.fromHostId ?? "no host"} when this step begins`);
    if (action.op === "start" && from !== null && plan.policy === "failover" && !plan.lostHostIds.includes(from)) {
      report("order", index, `${instance.id} would start elsewhere though its host ${from} is not lost`);
    }
    if (optional) judgeConsent(ledger, instance, index, report);
    if (action.op === "migrate") {
      judgeMigration(ledger, instance, action, index, report);
      if (action.fromHostId !== null) migrations.push({ from: action.fromHostId, to: action.toHostId });
    }
    arrivals.push({ instance, from, to: action.toHostId, index });
  }
  judgeConcurrency(ledger, migrations, steps, report);
  judgeArrivals(ledger, plan, arrivals, moved, report);
  for (const id of waking) {
    const host = ledger.hosts.get(id);
    if (host !== undefined) ledger.hosts.set(id, { ...host, state: "up" });
  }
}

function judgeArrivals(ledger: Ledger, plan: Plan, arrivals: readonly Arrival[], moved: Set<string>, report: Report): void {
  for (const { instance, from, to, index } of arrivals) {
    if (from === to) {
      report("order", index, `${instance.id} is already there`);
      continue;
    }
    for (const fault of judgePlace(ledger, instance, to, { arrives: true, mayCrowd: plan.policy === "failover" })) report(fault.rule, index, fault.text);
    ledger.move(instance.id, to);
    moved.add(instance.id);
    // Room at the source is free only when the wave is over.
    if (from !== null && ledger.hosts.get(from)?.state !== "down") ledger.leaving.set(from, [...(ledger.leaving.get(from) ?? []), instance.id]);
  }
  ledger.leaving.clear();
}

/** Owners who do not agree, and instances that were moved a short while ago, are left alone by moves that need not be. */
function judgeConsent(ledger: Ledger, instance: Instance, index: number, report: Report): void {
  const { takenAtSeconds, policy } = ledger.snapshot;
  if (instance.lastMovedSeconds !== undefined && takenAtSeconds - instance.lastMovedSeconds < policy.cooldownSeconds) {
    report("cooldown", index, `${instance.id} was moved ${takenAtSeconds - instance.lastMovedSeconds} s ago`);
  }
  const agreed = instance.consentWindows?.some((one) => takenAtSeconds >= one.fromSeconds && takenAtSeconds < one.toSeconds) ?? true;
  if (!agreed) report("consent", index, `the owner of ${instance.id} does not agree to a move now`);
}

function judgeMigration(ledger: Ledger, instance: Instance, action: Action, index: number, report: Report): void {
  if (!instance.canMigrate) report("not-migratable", index, `${instance.id} cannot migrate live`);
  const source = ledger.hosts.get(action.fromHostId ?? "");
  const target = ledger.hosts.get(action.toHostId);
  if (source === undefined || target === undefined) return;
  if (source.state !== "up") report("host-state", index, `${source.id} is ${source.state}: nothing migrates from it`);
  const { policy } = ledger.snapshot;
  const copies = Math.min(source.linkMbps ?? policy.linkMbps, target.linkMbps ?? policy.linkMbps) * MIB_PER_MBIT;
  const dirties = instance.wanted === "off" ? 0 : (instance.dirtyMiBPerSecond ?? DEFAULT_DIRTY_MIB_PER_SECOND);
  if (policy.postCopy !== true && dirties >= copies * NEVER_ENDS) report("bandwidth", index, `${instance.id} writes ${dirties} MiB/s, the link copies ${copies.toFixed(0)}`);
}

function judgeConcurrency(ledger: Ledger, migrations: readonly { from: string; to: string }[], steps: readonly Step[], report: Report): void {
  const { migrationsPerHost, migrationsAtOnce, migrationsPerLink, startsPerHost } = ledger.snapshot.policy;
  const most = (names: string[], limit: number, what: (name: string) => string): void => {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const [name, count] of counts) if (count > Math.max(1, limit)) report("concurrency", null, `${count} ${what(name)}, ${limit} are allowed`);
  };
  most(migrations.flatMap(({ from, to }) => [from, to]), migrationsPerHost, (host) => `migrations at once on ${host}`);
  if (migrations.length > Math.max(1, migrationsAtOnce)) report("concurrency", null, `${migrations.length} migrations at once, ${migrationsAtOnce} are allowed`);
  const link = (host: string): string | undefined => ledger.hosts.get(host)?.link;
  const crossing = migrations.filter(({ from, to }) => link(from) !== link(to)).flatMap(({ from, to }) => [link(from), link(to)].filter((one) => one !== undefined));
  most(crossing, migrationsPerLink ?? Infinity, (name) => `migrations at once over link ${name}`);
  const starts = steps.filter(({ action }) => action.op === "start").map(({ action }) => action.toHostId);
  most(starts, startsPerHost ?? Infinity, (host) => `starts at once on ${host}`);
}

function judgePower(ledger: Ledger, plan: Plan, action: Action, index: number, waking: string[], report: Report): void {
  const host = ledger.hosts.get(action.toHostId);
  if (host === undefined) return;
  if (action.op === "power-on") {
    if (host.state !== "asleep") report("order", index, `${host.id} is ${host.state}: only a sleeping host is woken`);
    waking.push(host.id);
    return;
  }
  if (action.op !== "power-off") {
    report("order", index, `${action.op} names no instance`);
    return;
  }
  const { takenAtSeconds, policy } = ledger.snapshot;
  if (host.state !== "up") report("order", index, `${host.id} is ${host.state}: only a host that is up is put to sleep`);
  const guests = ledger.guests.get(host.id)?.size ?? 0;
  if (guests > 0) report("host-state", index, `${host.id} still has ${guests} instances and must not be switched off`);
  const awake = takenAtSeconds - (host.stateSinceSeconds ?? -Infinity);
  if (awake < (policy.minAwakeSeconds ?? 0)) report("power-cycle", index, `${host.id} woke ${awake} s ago and stays awake for at least ${policy.minAwakeSeconds ?? 0} s`);
  const slept = takenAtSeconds - (host.lastSleptSeconds ?? -Infinity);
  const cycle = policy.powerCycleSeconds ?? 28_800;
  if (slept < cycle) report("power-cycle", index, `${host.id} was put to sleep ${slept} s ago; once in ${cycle} s is allowed`);
  if (plan.certificate?.asleepHostIds.includes(host.id) !== true && plan.policy === "consolidate") report("certificate", index, `${host.id} sleeps without a certificate`);
  ledger.hosts.set(host.id, { ...host, state: "asleep" });
}
