import type { ClusterSnapshot, Group, Host, HostRule, Instance, LeftOut } from "../types";
import { findOddHost, findOddInstance } from "./find-odd";

/** A hard or soft group in dense form. `domainOfHost[h]` is -1 where the host has no such failure domain. */
export interface DenseGroup {
  group: Group;
  domainOfHost: Int32Array;
  /** Members on each domain. */
  countByDomain: Int32Array;
  memberCount: number;
}

/**
 * The snapshot as arrays: hosts and instances become small integers, so that the inner loops of the policies touch
 * only typed arrays. Odd hosts and instances are not in it; they are named in `leftOut` and never stop the rest.
 */
export interface Model {
  snapshot: ClusterSnapshot;
  hosts: Host[];
  instances: Instance[];
  hostIndex: Map<string, number>;
  instanceIndex: Map<string, number>;
  leftOut: LeftOut[];

  /** Physical, per host: cores in thousandths, memory without the host's own. */
  hostCpuMillicores: Float64Array;
  hostMemoryMiB: Float64Array;
  /** What may be sold, per host: physical times ratio. */
  sellableVcpus: Float64Array;
  sellableMemoryMiB: Float64Array;

  /** Sold and reserved so far, per host. */
  usedVcpus: Float64Array;
  usedMemoryMiB: Float64Array;
  reservedCpuMillicores: Float64Array;
  reservedMemoryMiB: Float64Array;
  demandCpuMillicores: Float64Array;
  /** Spreads of the demands on each host: their sum, and the sum of their squares (see constraints/contention.ts). */
  spreadSum: Float64Array;
  spreadSquares: Float64Array;

  vcpus: Float64Array;
  memoryMiB: Float64Array;
  cpuReservationMillicores: Float64Array;
  memoryReservationMiB: Float64Array;
  cpuDemandMillicores: Float64Array;
  cpuSpreadMillicores: Float64Array;
  /** 1 for instances without a place that bring disks. */
  bringsDisks: Uint8Array;
  /** New disks of instances that had no place, by storage pool: what this plan has sold so far. */
  newDisks: Map<string, { sizeMiB: number; usedMiB: number }>;
  /** Host of each instance, -1 for none. */
  hostOf: Int32Array;
  instancesOn: Set<number>[];

  groups: DenseGroup[];
  /** For each instance its groups as indices into `groups`. */
  groupsOf: number[][];
  rulesOf: HostRule[][];
}

/** Demand if nobody forecast it: a quarter of the vCPUs, the mean of desktops and small servers under light use. */
const DEFAULT_DEMAND_MILLICORES_PER_VCPU = 250;

/** CPU wanted by an instance, in thousandths of a core, within its limit. */
export function demandOf(instance: Instance): number {
  if (instance.wanted === "off") return 0;
  const limit = instance.vcpus * instance.instanceClass.cpuLimitMillicoresPerVcpu;
  const wanted = instance.demand?.cpuMillicores ?? instance.vcpus * DEFAULT_DEMAND_MILLICORES_PER_VCPU;
  return Math.min(limit, wanted);
}

/** One standard deviation of that demand. Where nobody forecast it, half of the mean: quiet and busy hours differ about so much. */
export function spreadOf(instance: Instance): number {
  if (instance.wanted === "off") return 0;
  return instance.demand === undefined ? demandOf(instance) / 2 : instance.demand.cpuSpreadMillicores;
}

/** Builds the dense model. `extra` are instances beyond the snapshot (orders); one with a known id replaces it. */
export function buildModel(snapshot: ClusterSnapshot, extra: readonly Instance[] = []): Model {
  const leftOut: LeftOut[] = [];
  const hosts: Host[] = [];
  const hostIndex = new Map<string, number>();
  for (const host of snapshot.hosts) {
    const odd = hostIndex.has(host.id) ? `host ${host.id} appears twice` : findOddHost(host);
    if (odd !== null) leftOut.push({ kind: "host", id: host.id, text: odd });
    else {
      hostIndex.set(host.id, hosts.length);
      hosts.push(host);
    }
  }
  const oddHosts = new Set(leftOut.map((one) => one.id));
  const replaced = new Set(extra.map((instance) => instance.id));
  const instances: Instance[] = [];
  const instanceIndex = new Map<string, number>();
  const candidates = [...snapshot.instances.filter((instance) => !replaced.has(instance.id)), ...extra];
  for (const instance of candidates) {
    let odd = instanceIndex.has(instance.id) ? `instance ${instance.id} appears twice` : findOddInstance(instance);
    if (odd === null && instance.hostId !== null && !hostIndex.has(instance.hostId)) {
      odd = oddHosts.has(instance.hostId)
        ? `instance ${instance.id} is on host ${instance.hostId}, which is left out`
        : `instance ${instance.id} is on host ${instance.hostId}, which the snapshot does not know`;
    }
    if (odd !== null) leftOut.push({ kind: "instance", id: instance.id, text: odd });
    else {
      instanceIndex.set(instance.id, instances.length);
      instances.push(instance);
    }
  }

  const hostCount = hosts.length;
  const instanceCount = instances.length;
  const { policy } = snapshot;
  const model: Model = {
    snapshot,
    hosts,
    instances,
    hostIndex,
    instanceIndex,
    leftOut,
    hostCpuMillicores: Float64Array.from(hosts, (host) => host.cpuCores * 1000),
    hostMemoryMiB: Float64Array.from(hosts, (host) => host.memoryMiB - host.systemMemoryMiB),
    sellableVcpus: Float64Array.from(hosts, (host) => host.cpuCores * policy.cpuRatio),
    sellableMemoryMiB: Float64Array.from(hosts, (host) => (host.memoryMiB - host.systemMemoryMiB) * policy.memoryRatio),
    usedVcpus: new Float64Array(hostCount),
    usedMemoryMiB: new Float64Array(hostCount),
    reservedCpuMillicores: new Float64Array(hostCount),
    reservedMemoryMiB: new Float64Array(hostCount),
    demandCpuMillicores: new Float64Array(hostCount),
    spreadSum: new Float64Array(hostCount),
    spreadSquares: new Float64Array(hostCount),
    vcpus: Float64Array.from(instances, (instance) => instance.vcpus),
    memoryMiB: Float64Array.from(instances, (instance) => instance.memoryMiB),
    cpuReservationMillicores: Float64Array.from(
      instances,
      (instance) => instance.vcpus * instance.instanceClass.cpuReservationMillicoresPerVcpu,
    ),
    memoryReservationMiB: Float64Array.from(
      instances,
      (instance) => instance.memoryMiB * instance.instanceClass.memoryReservationRatio,
    ),
    cpuDemandMillicores: Float64Array.from(instances, demandOf),
    cpuSpreadMillicores: Float64Array.from(instances, spreadOf),
    bringsDisks: Uint8Array.from(instances, bringsDisks),
    newDisks: new Map(),
    hostOf: new Int32Array(instanceCount).fill(-1),
    instancesOn: Array.from({ length: hostCount }, () => new Set<number>()),
    groups: [],
    groupsOf: Array.from({ length: instanceCount }, () => []),
    rulesOf: Array.from({ length: instanceCount }, () => []),
  };
  addGroups(model);
  instances.forEach((instance, index) => {
    const host = instance.hostId === null ? undefined : hostIndex.get(instance.hostId);
    if (host !== undefined) putInstance(model, index, host);
  });
  return model;
}

function addGroups(model: Model): void {
  for (const group of model.snapshot.groups) {
    const domains = new Map<string, number>();
    const domainOfHost = Int32Array.from(model.hosts, (host, index) => {
      if (group.scope === "host") return index;
      const name = host.failureDomains?.[group.scope];
      if (name === undefined) return -1;
      const known = domains.get(name);
      if (known !== undefined) return known;
      domains.set(name, domains.size);
      return domains.size - 1;
    });
    const domainCount = group.scope === "host" ? model.hosts.length : domains.size;
    const index = model.groups.length;
    let memberCount = 0;
    for (const id of new Set(group.instanceIds)) {
      const member = model.instanceIndex.get(id);
      if (member === undefined) continue;
      memberCount += 1;
      model.groupsOf[member]?.push(index);
    }
    model.groups.push({ group, domainOfHost, countByDomain: new Int32Array(domainCount), memberCount });
  }
  for (const rule of model.snapshot.hostRules) {
    for (const id of new Set(rule.instanceIds)) {
      const member = model.instanceIndex.get(id);
      if (member !== undefined) model.rulesOf[member]?.push(rule);
    }
  }
}

/** Books an instance on a host. It must not be booked elsewhere. */
export function putInstance(model: Model, instance: number, host: number): void {
  model.hostOf[instance] = host;
  model.instancesOn[host]?.add(instance);
  book(model, instance, host, 1);
  sellDisks(model, instance, 1);
}

/** Takes an instance from its host; no-op without one. */
export function removeInstance(model: Model, instance: number): void {
  const host = model.hostOf[instance] ?? -1;
  if (host < 0) return;
  model.hostOf[instance] = -1;
  model.instancesOn[host]?.delete(instance);
  book(model, instance, host, -1);
  sellDisks(model, instance, -1);
}

/** Only an instance without a place brings new disks; one that moves or restarts has its disks already. */
export function bringsDisks(instance: Instance): 0 | 1 {
  return instance.hostId === null && instance.disks.length > 0 ? 1 : 0;
}

function sellDisks(model: Model, instance: number, sign: 1 | -1): void {
  if (model.bringsDisks[instance] !== 1) return;
  for (const disk of instanceAt(model, instance).disks) {
    const sold = model.newDisks.get(disk.storagePoolId) ?? { sizeMiB: 0, usedMiB: 0 };
    sold.sizeMiB += sign * disk.sizeMiB;
    sold.usedMiB += sign * (disk.usedMiB ?? 0);
    model.newDisks.set(disk.storagePoolId, sold);
  }
}

/** Moves the booking of an instance. */
export function moveInstance(model: Model, instance: number, host: number): void {
  removeInstance(model, instance);
  putInstance(model, instance, host);
}

/** Adds (sign 1) or takes (sign -1) the size of an instance on a host without touching where it is booked. */
export function book(model: Model, instance: number, host: number, sign: 1 | -1): void {
  add(model.usedVcpus, host, sign * at(model.vcpus, instance));
  add(model.usedMemoryMiB, host, sign * at(model.memoryMiB, instance));
  add(model.reservedCpuMillicores, host, sign * at(model.cpuReservationMillicores, instance));
  add(model.reservedMemoryMiB, host, sign * at(model.memoryReservationMiB, instance));
  add(model.demandCpuMillicores, host, sign * at(model.cpuDemandMillicores, instance));
  const spread = at(model.cpuSpreadMillicores, instance);
  add(model.spreadSum, host, sign * spread);
  add(model.spreadSquares, host, sign * spread * spread);
  const groups = model.groupsOf[instance];
  if (groups === undefined) return;
  for (const index of groups) {
    const dense = model.groups[index];
    if (dense === undefined) continue;
    const domain = dense.domainOfHost[host] ?? -1;
    if (domain >= 0) dense.countByDomain[domain] = (dense.countByDomain[domain] ?? 0) + sign;
  }
}

/** Reads a typed array where the index is known to be inside. */
export function at(array: Float64Array, index: number): number {
  return array[index] ?? 0;
}

function add(array: Float64Array, index: number, amount: number): void {
  array[index] = (array[index] ?? 0) + amount;
}

/** The host by index; the caller got the index from the model, so a miss is a bug in the planner. */
export function hostAt(model: Model, index: number): Host {
  const host = model.hosts[index];
  if (host === undefined) throw new RangeError(`the model has no host at position ${index} (it has ${model.hosts.length})`);
  return host;
}

/** The instance by index, as `hostAt`. */
export function instanceAt(model: Model, index: number): Instance {
  const instance = model.instances[index];
  if (instance === undefined) {
    throw new RangeError(`the model has no instance at position ${index} (it has ${model.instances.length})`);
  }
  return instance;
}
