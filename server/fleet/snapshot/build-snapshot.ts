import type { DesiredInstance } from "@/server/compute";
import type { ClusterSnapshot, Group, Host, Instance, StoragePool } from "@/server/planner/types";
import { plannerState } from "../host/state";
import { ruleFailed, ruleGroups, ruleHosts } from "../rule/build-rules";
import type { AllocationRow, Claim, ClusterRow, HostRow, MigrationRow, PlacementRuleRow, StoragePoolRow } from "../types";

export interface SnapshotSource {
  readonly cluster: ClusterRow;
  readonly hosts: readonly HostRow[];
  readonly pools: readonly StoragePoolRow[];
  readonly allocations: readonly AllocationRow[];
  readonly migrations: readonly MigrationRow[];
  /** Moves that failed a moment ago; absent: none. */
  readonly failed?: readonly MigrationRow[];
  readonly instances: readonly DesiredInstance[];
  readonly rules: readonly PlacementRuleRow[];
  readonly takenAtSeconds: number;
  /** Absent: nothing of it is known. */
  readonly seen?: SeenFacts;
  /** What owners want started before what, by instance; absent: nobody said anything. */
  readonly startAfter?: ReadonlyMap<string, readonly string[]>;
}

/** What was observed of late and stands in no row of its own. */
export interface SeenFacts {
  /** MiB/s that a guest writes to its memory, by instance, as last measured. */
  readonly dirtyMiBPerSecond: ReadonlyMap<string, number>;
  /** When each host was last put to sleep; those that never were are not there. */
  readonly lastSlept: ReadonlyMap<string, Date>;
}

/** One migration in and one out at a time keep the link's bandwidth for each, so that pre-copy converges. */
const MIGRATIONS_PER_HOST = 2;
const MIGRATIONS_AT_ONCE = 16;
/** Gigabit Ethernet, the slowest link that hosts of a cluster are expected to share. */
const LINK_MBPS = 1_000;
const COOLDOWN_SECONDS = 600;
const MIB_PER_GIB = 1_024;

/** What an instance would take on a host, by its present desired size. */
export function claimOf(instance: DesiredInstance): Claim {
  return {
    vcpus: instance.vcpus,
    memoryMiB: instance.memoryMiB,
    cpuReservationMillicores: Math.min(instance.flavor.cpuReservationMillicores, instance.vcpus * 1_000),
    memoryReservationMiB: Math.min(instance.flavor.memoryReservationMiB, instance.memoryMiB),
  };
}

/** True while an instance wants a place and has none. */
export function isWaiting(instance: DesiredInstance, allocation: AllocationRow | undefined): boolean {
  return !allocation && instance.desiredPower === "running" && instance.deletedAt === null && instance.purgedAt === null;
}

/** Rows of one moment as the planner's plain data. Pure. */
export function buildSnapshot(source: SnapshotSource): ClusterSnapshot {
  const { cluster } = source;
  const allocationOf = new Map(source.allocations.map((row) => [row.instanceId, row]));
  const moving = new Set(source.migrations.map((row) => row.instanceId));
  const hosts = source.hosts.filter((host) => host.state !== "retired" && host.state !== "enrolling");
  const known = new Set(hosts.map((host) => host.id));
  const poolIds = source.pools.map((pool) => pool.id);
  const instances: Instance[] = [];
  const usual = usualPriorities(source.instances);
  for (const instance of source.instances) {
    const allocation = allocationOf.get(instance.id);
    if (allocation ? known.has(allocation.hostId) : isWaiting(instance, allocation)) {
      instances.push(plannerInstance(instance, allocation, cluster, { moving: moving.has(instance.id), dirtyMiBPerSecond: source.seen?.dirtyMiBPerSecond.get(instance.id), startAfter: source.startAfter?.get(instance.id), usualPriority: usual.get(instance.organizationId) ?? instance.haPriority }));
    }
  }
  // Room that an incoming migration has claimed is taken, though its instance still stands on the other host.
  for (const move of source.migrations) instances.push(claimedRoom(move));
  const present = new Set(instances.map((instance) => instance.id));
  const capacityMiB = Math.max(0, ...source.pools.map((pool) => pool.capacityMiB));
  return {
    clusterId: cluster.id,
    generation: cluster.generation,
    takenAtSeconds: source.takenAtSeconds,
    hosts: hosts.map((host) => plannerHost(host, poolIds, source.seen?.lastSlept.get(host.id))),
    instances,
    groups: [...groupsOf(source.instances, present), ...ruleGroups(source.rules, present)],
    hostRules: [...ruleHosts(source.rules), ...ruleFailed(source.failed ?? [], source.allocations)],
    storagePools: source.pools.map((pool) => plannerPool(pool, source.instances, allocationOf)),
    policy: {
      cpuRatio: cluster.cpuRatio,
      memoryRatio: cluster.memoryRatio,
      storageRatio: cluster.storageRatio,
      storageFloorMiB: Math.round(capacityMiB * cluster.storageFloorFraction),
      // Hosts may sleep only while any one loss is survived although any one of them fails to wake: whatever is placed keeps it so.
      failoverReserveHosts: Math.max(cluster.failoverHosts, hosts.some((host) => host.state === "asleep") ? 1 : 0),
      cooldownSeconds: COOLDOWN_SECONDS,
      migrationsPerHost: MIGRATIONS_PER_HOST,
      migrationsAtOnce: MIGRATIONS_AT_ONCE,
      linkMbps: LINK_MBPS,
    },
  };
}

function plannerHost(host: HostRow, poolIds: readonly string[], lastSlept: Date | undefined): Host {
  return {
    id: host.id,
    name: host.name,
    generation: host.generation,
    state: host.state === "asleep" && host.powerState === "waking" ? "waking" : plannerState(host.state),
    cordoned: host.cordoned || host.drainRequestedAt !== null,
    maintenance: host.maintenance,
    cpuCores: host.cores,
    memoryMiB: host.memoryMiB,
    systemMemoryMiB: host.systemMemoryMiB,
    cpuModels: host.usableCpuModels,
    storagePools: [...poolIds],
    networks: [],
    ...(host.failureDomain === "" ? {} : { failureDomains: { zone: host.failureDomain } }),
    ...(host.powerCurve ? { power: host.powerCurve } : {}),
    ...(host.wakeSeconds === null ? {} : { wakeSeconds: Math.ceil(host.wakeSeconds) }),
    ...(host.linkMbps === null ? {} : { linkMbps: host.linkMbps }),
    ...(host.powerStateChangedAt ? { stateSinceSeconds: Math.floor(host.powerStateChangedAt.getTime() / 1_000) } : {}),
    ...(lastSlept ? { lastSleptSeconds: Math.floor(lastSlept.getTime() / 1_000) } : {}),
  };
}

interface Now {
  readonly moving: boolean;
  readonly dirtyMiBPerSecond: number | undefined;
  readonly startAfter: readonly string[] | undefined;
  readonly usualPriority: number;
}

/** The mean priority that each organization gave to its own machines that should run. */
function usualPriorities(instances: readonly DesiredInstance[]): Map<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { organizationId, haPriority, desiredPower, deletedAt } of instances) {
    if (desiredPower !== "running" || deletedAt !== null) continue;
    const { sum, count } = sums.get(organizationId) ?? { sum: 0, count: 0 };
    sums.set(organizationId, { sum: sum + haPriority, count: count + 1 });
  }
  return new Map([...sums].map(([organizationId, { sum, count }]) => [organizationId, sum / count]));
}

/** Between organizations everybody's usual machine is worth the same: whoever calls all of them urgent would else restart before all others. */
const USUAL_PRIORITY = 100;

function plannerInstance(instance: DesiredInstance, allocation: AllocationRow | undefined, cluster: ClusterRow, now: Now): Instance {
  const claim = allocation ?? claimOf(instance);
  const fresh = instance.volumes.filter((volume) => volume.state === "wanted");
  return {
    id: instance.id,
    name: instance.name,
    generation: instance.generation,
    vcpus: claim.vcpus,
    memoryMiB: claim.memoryMiB,
    instanceClass: {
      name: instance.flavor.class,
      cpuReservationMillicoresPerVcpu: claim.cpuReservationMillicores / claim.vcpus,
      cpuLimitMillicoresPerVcpu: Math.min(1_000, (instance.flavor.cpuLimitMillicores ?? claim.vcpus * 1_000) / claim.vcpus),
      cpuSharesPerVcpu: instance.flavor.cpuShares,
      memoryReservationRatio: claim.memoryReservationMiB / claim.memoryMiB,
      memorySharesPerMiB: 1,
    },
    wanted: instance.desiredPower === "running" && instance.deletedAt === null ? "on" : "off",
    hostId: allocation?.hostId ?? null,
    cpuModel: cluster.cpuModel,
    // Disks that stand on the storage already are counted there and bring nothing new.
    disks: allocation ? [] : fresh.map((volume) => ({ storagePoolId: volume.poolId, sizeMiB: volume.sizeGiB * MIB_PER_GIB })),
    networks: [],
    canMigrate: instance.movable && !now.moving && instance.observation?.state === "running",
    priority: Math.round(USUAL_PRIORITY + instance.haPriority - now.usualPriority),
    ...(now.startAfter === undefined ? {} : { startAfter: [...now.startAfter] }),
    ...(now.dirtyMiBPerSecond === undefined ? {} : { dirtyMiBPerSecond: now.dirtyMiBPerSecond }),
  };
}

function claimedRoom(move: MigrationRow): Instance {
  return {
    id: move.id,
    name: `room claimed for ${move.instanceId}`,
    generation: 1,
    vcpus: move.vcpus,
    memoryMiB: move.memoryMiB,
    instanceClass: {
      name: "claimed",
      cpuReservationMillicoresPerVcpu: move.cpuReservationMillicores / move.vcpus,
      cpuLimitMillicoresPerVcpu: 1_000,
      cpuSharesPerVcpu: 1_024,
      memoryReservationRatio: move.memoryReservationMiB / move.memoryMiB,
      memorySharesPerMiB: 1,
    },
    // Off: it takes room, and a loss of the target host would not have to restart it.
    wanted: "off",
    hostId: move.toHostId,
    cpuModel: null,
    disks: [],
    networks: [],
    canMigrate: false,
  };
}

function groupsOf(instances: readonly DesiredInstance[], present: ReadonlySet<string>): Group[] {
  const members = new Map<string, string[]>();
  for (const instance of instances) {
    if (instance.antiAffinityGroup === null || !present.has(instance.id)) continue;
    const id = `${instance.organizationId}/${instance.antiAffinityGroup}`;
    members.set(id, [...(members.get(id) ?? []), instance.id]);
  }
  return [...members].map(([id, instanceIds]) => ({ id, kind: "apart" as const, hard: true, scope: "host", instanceIds }));
}

function plannerPool(pool: StoragePoolRow, instances: readonly DesiredInstance[], allocationOf: ReadonlyMap<string, AllocationRow>): StoragePool {
  let soldGiB = 0;
  for (const instance of instances) {
    for (const volume of instance.volumes) {
      // What waits for a place is not sold yet; the planner adds it when it tries.
      if (volume.poolId === pool.id && (volume.state !== "wanted" || allocationOf.has(instance.id))) soldGiB += volume.sizeGiB;
    }
  }
  return { id: pool.id, capacityMiB: pool.capacityMiB, usedMiB: Math.max(0, pool.capacityMiB - pool.availableMiB), allocatedMiB: soldGiB * MIB_PER_GIB };
}
