import type { Instance, RuleName } from "../types";
import type { Ledger } from "./ledger";

export interface Fault {
  rule: RuleName;
  text: string;
}

const EPSILON = 1e-6;

/** What a judgment is about. An instance that stays is not sent away by a cordon. */
export interface Scope {
  arrives: boolean;
  /** A restart after a loss may wake its host first. */
  mayWake?: boolean;
  /** After a loss, contention for a while is better than being off. */
  mayCrowd?: boolean;
  /** Rules about a group as a whole: judged when a plan is over, because a pair moves one by one. */
  whole?: boolean;
}

/** Every rule about one instance on one host, restated from the snapshot's own fields. */
export function judgePlace(ledger: Ledger, instance: Instance, hostId: string, scope: Scope): Fault[] {
  const host = ledger.hosts.get(hostId);
  if (host === undefined) return [{ rule: "host-state", text: `${hostId} is not there` }];
  const faults: Fault[] = [];
  const fault = (rule: RuleName, text: string): void => {
    faults.push({ rule, text: `${instance.id} on ${hostId}: ${text}` });
  };
  const { policy } = ledger.snapshot;
  if (scope.mayWake === true ? host.state === "down" : host.state !== "up") fault("host-state", `the host is ${host.state}`);
  if (host.maintenance) fault("maintenance", "the host is in maintenance");
  if (host.cordoned && scope.arrives) fault("cordoned", "the host is cordoned");
  const memory = host.memoryMiB - host.systemMemoryMiB;
  if (instance.vcpus > host.cpuCores) fault("capacity", `${instance.vcpus} vCPUs on ${host.cpuCores} cores`);
  if (instance.memoryMiB > memory) fault("capacity", `${instance.memoryMiB} MiB on ${memory} MiB`);
  if (instance.cpuModel !== null && !host.cpuModels.includes(instance.cpuModel)) fault("cpu-model", `the host does not offer ${instance.cpuModel}`);
  for (const disk of instance.disks) if (!host.storagePools.includes(disk.storagePoolId)) fault("reachability", `the host does not reach ${disk.storagePoolId}`);
  for (const network of instance.networks) if (!host.networks.includes(network)) fault("reachability", `the host does not reach ${network}`);
  for (const rule of ledger.rulesOf.get(instance.id) ?? []) {
    const named = rule.hostIds.includes(hostId);
    if (rule.hard && (rule.kind === "only" ? !named : named)) fault("host-rule", `rule ${rule.id} says ${rule.kind} ${rule.hostIds.join(", ")}`);
  }
  judgeGroups(ledger, instance, hostId, scope, fault);
  const others = ledger.on(hostId, instance.id);
  const sum = (of: (one: Instance) => number): number => others.reduce((total, one) => total + of(one), of(instance));
  const vcpus = sum((one) => one.vcpus);
  const sold = sum((one) => one.memoryMiB);
  if (vcpus > host.cpuCores * policy.cpuRatio + EPSILON) fault("overcommit", `${vcpus} vCPUs sold on ${host.cpuCores} cores at ratio ${policy.cpuRatio}`);
  if (sold > memory * policy.memoryRatio + EPSILON) fault("overcommit", `${sold} MiB sold on ${memory} MiB at ratio ${policy.memoryRatio}`);
  const reservedCpu = sum((one) => one.vcpus * one.instanceClass.cpuReservationMillicoresPerVcpu);
  const reservedMiB = sum((one) => one.memoryMiB * one.instanceClass.memoryReservationRatio);
  if (reservedCpu > host.cpuCores * 1000 + EPSILON) fault("reservation", `${reservedCpu} millicores reserved on ${host.cpuCores} cores`);
  if (reservedMiB > memory + EPSILON) fault("reservation", `${reservedMiB} MiB reserved on ${memory} MiB`);
  if (scope.mayCrowd !== true) judgeContention(ledger, [...others, instance], host.cpuCores, fault);
  return faults;
}

type Report = (rule: RuleName, text: string) => void;

function judgeGroups(ledger: Ledger, instance: Instance, hostId: string, scope: Scope, fault: Report): void {
  for (const group of ledger.groupsOf.get(instance.id) ?? []) {
    if (!group.hard) continue;
    const members = ledger.members.get(group.id) ?? new Set<string>();
    const domain = ledger.domain(hostId, group.scope);
    // What is booked on a dead host runs nowhere.
    const near = (domain ?? []).filter((host) => ledger.hosts.get(host)?.state !== "down").flatMap((host) => ledger.on(host, instance.id)).filter((one) => members.has(one.id));
    if (group.kind === "apart") {
      if (domain === null) fault("anti-affinity", `the host has no ${group.scope}, which group ${group.id} goes by`);
      else if (near.length > 0) fault("anti-affinity", `${near[0]?.id ?? "?"} of group ${group.id} is there`);
    } else if (scope.whole === true) {
      const placed = [...members].filter((id) => id !== instance.id && (ledger.hosts.get(ledger.hostOf.get(id) ?? "")?.state ?? "down") !== "down");
      const here = new Set(near.map((one) => one.id));
      const away = placed.find((id) => !here.has(id));
      if (away !== undefined) fault("affinity", `${away} of group ${group.id} is elsewhere`);
    }
  }
}

/** Demand of one instance within its limit: mean and one standard deviation, in millicores. */
function demandOf(one: Instance): { mean: number; spread: number } {
  if (one.wanted === "off") return { mean: 0, spread: 0 };
  const limit = one.vcpus * one.instanceClass.cpuLimitMillicoresPerVcpu;
  const mean = Math.min(limit, one.demand?.cpuMillicores ?? one.vcpus * 250);
  return { mean, spread: one.demand === undefined ? mean / 2 : one.demand.cpuSpreadMillicores };
}

/** The part of minutes in which a normal sum of correlated demands exceeds the cores stays below what the policy allows. */
function judgeContention(ledger: Ledger, guests: Instance[], cores: number, fault: Report): void {
  const allowed = ledger.snapshot.policy.maxContentionPart;
  if (allowed === undefined) return;
  const correlation = ledger.snapshot.policy.demandCorrelation ?? 0.1;
  let mean = 0;
  let spreads = 0;
  let squares = 0;
  for (const one of guests) {
    const demand = demandOf(one);
    mean += demand.mean;
    spreads += demand.spread;
    squares += demand.spread ** 2;
  }
  const deviation = Math.sqrt((1 - correlation) * squares + correlation * spreads ** 2);
  const risk = deviation > 0 ? upperTail((cores * 1000 - mean) / deviation) : mean > cores * 1000 + EPSILON ? 1 : 0;
  if (risk > allowed + 1e-4) fault("contention", `the cores are wanted beyond their number in ${(risk * 100).toFixed(1)} % of minutes, ${allowed * 100} % are allowed`);
}

/** P(Z > z) of the standard normal, by Simpson's rule over its density: slow and plain, for the judge. */
function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  if (z > 8) return 0;
  const steps = 400;
  const width = (8 - z) / steps;
  const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(z) + density(8);
  for (let step = 1; step < steps; step += 1) sum += density(z + step * width) * (step % 2 === 1 ? 4 : 2);
  return (sum * width) / 3;
}

/** All new disks of a plan together against what each pool may still sell and hold. */
export function judgeStorage(ledger: Ledger, placed: readonly Instance[]): Fault[] {
  const { policy, storagePools } = ledger.snapshot;
  return storagePools.flatMap((pool): Fault[] => {
    const disks = placed.flatMap((one) => one.disks.filter((disk) => disk.storagePoolId === pool.id));
    if (disks.length === 0) return [];
    const size = disks.reduce((sum, disk) => sum + disk.sizeMiB, 0);
    const written = disks.reduce((sum, disk) => sum + (disk.usedMiB ?? 0), 0);
    const space = pool.capacityMiB - pool.usedMiB - policy.storageFloorMiB;
    if (space <= 0 || written > space) return [{ rule: "storage", text: `${pool.id}: ${written} MiB more would fall below its floor` }];
    const sellable = pool.capacityMiB * policy.storageRatio - pool.allocatedMiB;
    return size > sellable + EPSILON ? [{ rule: "storage", text: `${pool.id}: ${size} MiB more are sold than the ${sellable} MiB left` }] : [];
  });
}
