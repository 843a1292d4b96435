import type { ClusterPolicy, ClusterSnapshot, Host, Instance, InstanceClass } from "../types";

/** `{nodes: [[memoryMiB, systemMemoryMiB, diskMiB, 0, cores, speed]], vms: [[vcpus, memoryMiB, diskMiB, node, cpuLoad]]}` */
export interface ClusterJson {
  vcpuRatio?: number;
  nodes: number[][];
  vms: number[][];
}

/** Loads as Ganeti's `-U` file has them: cpu, memory, disk, net, for each instance by name. */
export type Loads = Record<string, [number, number, number, number]>;

/** Files say nothing about promises; nothing is reserved then. */
export const PLAIN_CLASS: InstanceClass = {
  name: "plain",
  cpuReservationMillicoresPerVcpu: 0,
  cpuLimitMillicoresPerVcpu: 1000,
  cpuSharesPerVcpu: 1000,
  memoryReservationRatio: 1,
  memorySharesPerMiB: 10,
};

export const FILE_POLICY: ClusterPolicy = {
  cpuRatio: 8,
  memoryRatio: 1,
  storageRatio: 1,
  storageFloorMiB: 0,
  failoverReserveHosts: 0,
  cooldownSeconds: 0,
  migrationsPerHost: 2,
  migrationsAtOnce: 1000,
  linkMbps: 10_000,
};

const hostName = (index: number): string => `n${String(index).padStart(5, "0")}`;
const instanceName = (index: number): string => `v${String(index).padStart(6, "0")}`;

/** True if the value has the shape of the generated cluster files. */
export function isClusterJson(value: unknown): value is ClusterJson {
  return typeof value === "object" && value !== null && "nodes" in value && Array.isArray(value.nodes) && "vms" in value && Array.isArray(value.vms);
}

/** A host as files describe it: up, reaching everything. */
export function plainHost(id: string, memoryMiB: number, systemMemoryMiB: number, cpuCores: number): Host {
  return {
    id,
    name: id,
    generation: 0,
    state: "up",
    cordoned: false,
    maintenance: false,
    cpuCores,
    memoryMiB,
    systemMemoryMiB,
    cpuModels: [],
    storagePools: [],
    networks: [],
  };
}

/** An instance as files describe it: on, movable, with shared disks that do not move. */
export function plainInstance(id: string, vcpus: number, memoryMiB: number, hostId: string | null): Instance {
  return {
    id,
    name: id,
    generation: 0,
    vcpus,
    memoryMiB,
    instanceClass: PLAIN_CLASS,
    wanted: "on",
    hostId,
    cpuModel: null,
    disks: [],
    networks: [],
    canMigrate: true,
  };
}

/** Reads a generated cluster; hosts and instances get the names that their position has in the Ganeti text form. */
export function readClusterJson(json: ClusterJson): ClusterSnapshot {
  const hosts = json.nodes.map(([memoryMiB = 0, systemMemoryMiB = 0, , , cores = 0], index) =>
    plainHost(hostName(index), memoryMiB, systemMemoryMiB, cores),
  );
  const instances = json.vms.map(([vcpus = 0, memoryMiB = 0, , node = -1, load = 0], index) => ({
    ...plainInstance(instanceName(index), vcpus, memoryMiB, node < 0 ? null : hostName(node)),
    demand: { cpuMillicores: load * vcpus * 1000, cpuSpreadMillicores: 0, memoryMiB },
  }));
  return {
    clusterId: "file",
    generation: 0,
    takenAtSeconds: 0,
    hosts,
    instances,
    groups: [],
    hostRules: [],
    storagePools: [],
    policy: { ...FILE_POLICY, cpuRatio: json.vcpuRatio ?? FILE_POLICY.cpuRatio },
  };
}
