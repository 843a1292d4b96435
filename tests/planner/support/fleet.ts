import type { ClusterPolicy, ClusterSnapshot, Host, Instance, InstanceClass } from "@/server/planner";

export const STANDARD: InstanceClass = {
  name: "standard",
  cpuReservationMillicoresPerVcpu: 100,
  cpuLimitMillicoresPerVcpu: 1000,
  cpuSharesPerVcpu: 1000,
  memoryReservationRatio: 0.5,
  memorySharesPerMiB: 10,
};

export function host(id: string, change: Partial<Host> = {}): Host {
  return {
    id,
    name: id,
    generation: 1,
    state: "up",
    cordoned: false,
    maintenance: false,
    cpuCores: 8,
    memoryMiB: 17408,
    systemMemoryMiB: 1024,
    cpuModels: ["x86-64-v2", "x86-64-v3"],
    storagePools: ["pool"],
    networks: ["lan"],
    ...change,
  };
}

export function instance(id: string, hostId: string | null, change: Partial<Instance> = {}): Instance {
  return {
    id,
    name: id,
    generation: 1,
    vcpus: 2,
    memoryMiB: 4096,
    instanceClass: STANDARD,
    wanted: "on",
    hostId,
    cpuModel: null,
    disks: [{ storagePoolId: "pool", sizeMiB: 10240 }],
    networks: ["lan"],
    canMigrate: true,
    ...change,
  };
}

export const POLICY: ClusterPolicy = {
  cpuRatio: 3,
  memoryRatio: 1,
  storageRatio: 2,
  storageFloorMiB: 1024,
  failoverReserveHosts: 0,
  cooldownSeconds: 3600,
  migrationsPerHost: 2,
  migrationsAtOnce: 8,
  linkMbps: 10_000,
};

export function fleet(
  hosts: Host[],
  instances: Instance[],
  change: Partial<Omit<ClusterSnapshot, "policy">> & { policy?: Partial<ClusterPolicy> } = {},
): ClusterSnapshot {
  return {
    clusterId: "cls_test",
    generation: 1,
    takenAtSeconds: 1_000_000,
    groups: [],
    hostRules: [],
    storagePools: [{ id: "pool", capacityMiB: 1_000_000, usedMiB: 1000, allocatedMiB: 1000 }],
    ...change,
    hosts,
    instances,
    policy: { ...POLICY, ...change.policy },
  };
}

/** The steps of a plan as text, for tables. */
export function steps(plan: { actions: { op: string; instanceId: string | null; fromHostId: string | null; toHostId: string; wave: number }[] }): string[] {
  return plan.actions.map((one) => `${one.wave} ${one.op} ${one.instanceId ?? "-"} ${one.fromHostId ?? "-"} -> ${one.toHostId}`);
}
