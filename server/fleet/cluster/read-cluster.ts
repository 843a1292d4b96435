import { listInstancesForCluster, type DesiredInstance } from "@/server/compute";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { sentence, sentences, type Said, type Words } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { allocationsOf } from "../allocation/store";
import { hostsOf } from "../host/store";
import { summarizeHost, type HostSummary } from "../host/summarize-host";
import { noRoomOf } from "../incident/note-no-room";
import { openIncidents } from "../incident/store";
import { isWaiting } from "../snapshot/build-snapshot";
import type { AllocationRow, ClusterRow, HostRow, IncidentRow, Page, StoragePoolRow } from "../types";
import { allClusters, findCluster, poolsOf, selectClusterIds } from "./store";

/** One resource of a cluster: what there is, what may be sold of it, what is sold, what is promised as a floor. */
export interface CapacityLine {
  readonly physical: number;
  /** Physical times the policy's ratio, over the hosts that are up. */
  readonly sellable: number;
  readonly committed: number;
  readonly reserved: number;
}

export interface ClusterCapacity {
  readonly vcpus: CapacityLine;
  readonly memoryMiB: CapacityLine;
  readonly storageMiB: CapacityLine;
}

export interface ClusterPolicyView {
  readonly cpuRatio: number;
  readonly memoryRatio: number;
  readonly storageRatio: number;
  readonly storageFloorFraction: number;
  readonly failoverHosts: number;
  readonly suspectAfterSeconds: number;
  readonly fenceAfterSeconds: number;
  readonly fenceBrakeFraction: number;
}

export interface ClusterSummary {
  readonly id: string;
  readonly name: string;
  readonly hypervisor: ClusterRow["hypervisor"];
  readonly cpuModel: string;
  readonly generation: number;
  readonly hostsTotal: number;
  readonly hostsUp: number;
  readonly instances: number;
  readonly capacity: ClusterCapacity;
  readonly policy: ClusterPolicyView;
  /** What an operator should look at, in sentences. */
  readonly warnings: readonly Said[];
}

export interface ClusterView extends ClusterSummary {
  readonly hosts: readonly HostSummary[];
  readonly pools: readonly StoragePoolRow[];
  readonly waiting: readonly { readonly instanceId: string; readonly name: string; readonly organizationId: string; readonly since: Date; readonly text: string | null; readonly words: readonly Words[] | null }[];
}

/** A pool that full is worth a warning well before the floor refuses new disks. */
const POOL_WARNING_FACTOR = 2;

/** Ids of all clusters, by name; for loops that go through them one by one. */
export function listClusterIds(context: Context): Promise<string[]> {
  return inTransaction(context, selectClusterIds, { readOnly: true });
}

export function listClusters(context: Context): Promise<Page<ClusterSummary>> {
  return inTransaction(context, async (tx) => {
    const clusters = await allClusters(tx);
    const hosts = await hostsOf(tx);
    const pools = await poolsOf(tx);
    const allocations = await allocationsOf(tx);
    const incidents = await openIncidents(tx);
    const items: ClusterSummary[] = [];
    for (const cluster of clusters) {
      const own = <T extends { readonly clusterId: string }>(rows: readonly T[]): T[] => rows.filter((row) => row.clusterId === cluster.id);
      items.push(summarizeCluster(cluster, own(hosts), own(pools), own(allocations), await listInstancesForCluster(tx, context, cluster.id), own(incidents), context.clock.nowMs()));
    }
    return { items, nextCursor: null, total: items.length };
  });
}

export function getCluster(context: Context, clusterId: string): Promise<ClusterView> {
  return inTransaction(context, async (tx) => {
    const cluster = await findCluster(tx, clusterId);
    if (!cluster) throw notFound("cluster", clusterId);
    const hosts = await hostsOf(tx, clusterId);
    const pools = await poolsOf(tx, clusterId);
    const allocations = await allocationsOf(tx, clusterId);
    const instances = await listInstancesForCluster(tx, context, clusterId);
    const placed = new Map(allocations.map((row) => [row.instanceId, row]));
    const counts = new Map<string, number>();
    for (const row of allocations) counts.set(row.hostId, (counts.get(row.hostId) ?? 0) + 1);
    return {
      ...summarizeCluster(cluster, hosts, pools, allocations, instances, (await openIncidents(tx)).filter((one) => one.clusterId === clusterId), context.clock.nowMs()),
      hosts: hosts.map((host) => summarizeHost(host, cluster, counts.get(host.id) ?? 0)),
      pools,
      waiting: instances
        .filter((one) => isWaiting(one, placed.get(one.id)))
        .map((one) => ({ instanceId: one.id, name: one.name, organizationId: one.organizationId, since: one.observation?.phaseChangedAt ?? one.updatedAt, text: one.observation?.waiting?.text ?? null, words: one.observation?.waiting?.words ?? null })),
    };
  });
}

function soldStorageMiB(instances: readonly DesiredInstance[]): number {
  return instances.reduce((sum, one) => sum + one.volumes.reduce((size, volume) => size + volume.sizeGiB * 1_024, 0), 0);
}

export function policyOf(cluster: ClusterRow): ClusterPolicyView {
  const { cpuRatio, memoryRatio, storageRatio, storageFloorFraction, failoverHosts, suspectAfterSeconds, fenceAfterSeconds, fenceBrakeFraction } = cluster;
  return { cpuRatio, memoryRatio, storageRatio, storageFloorFraction, failoverHosts, suspectAfterSeconds, fenceAfterSeconds, fenceBrakeFraction };
}

export function summarizeCluster(cluster: ClusterRow, hosts: readonly HostRow[], pools: readonly StoragePoolRow[], allocations: readonly AllocationRow[], instances: readonly DesiredInstance[], incidents: readonly IncidentRow[], nowMs: number): ClusterSummary {
  const up = hosts.filter((host) => host.state === "up" && !host.maintenance);
  const sum = (of: readonly HostRow[], value: (host: HostRow) => number): number => of.reduce((total, host) => total + value(host), 0);
  const usable = (host: HostRow): number => host.memoryMiB - host.systemMemoryMiB;
  const poolMiB = pools.reduce((total, pool) => total + pool.capacityMiB, 0);
  const usedMiB = pools.reduce((total, pool) => total + pool.capacityMiB - pool.availableMiB, 0);
  return {
    id: cluster.id,
    name: cluster.name,
    hypervisor: cluster.hypervisor,
    cpuModel: cluster.cpuModel,
    generation: cluster.generation,
    hostsTotal: hosts.length,
    hostsUp: hosts.filter((host) => host.state === "up").length,
    instances: allocations.length,
    capacity: {
      vcpus: { physical: sum(up, (host) => host.cores), sellable: Math.floor(sum(up, (host) => host.cores) * cluster.cpuRatio), committed: sum(hosts, (host) => host.committedVcpus), reserved: Math.ceil(sum(hosts, (host) => host.reservedCpuMillicores) / 1_000) },
      memoryMiB: { physical: sum(up, usable), sellable: Math.floor(sum(up, usable) * cluster.memoryRatio), committed: sum(hosts, (host) => host.committedMemoryMiB), reserved: sum(hosts, (host) => host.reservedMemoryMiB) },
      storageMiB: { physical: poolMiB, sellable: Math.floor(poolMiB * cluster.storageRatio), committed: soldStorageMiB(instances), reserved: usedMiB },
    },
    policy: policyOf(cluster),
    warnings: [...warningsOf(cluster, hosts, pools, incidents), ...standstill(instances, nowMs)],
  };
}

function warningsOf(cluster: ClusterRow, hosts: readonly HostRow[], pools: readonly StoragePoolRow[], incidents: readonly IncidentRow[]): Said[] {
  const warnings: Said[] = [];
  for (const pool of pools) {
    const free = pool.capacityMiB === 0 ? 1 : pool.availableMiB / pool.capacityMiB;
    const percent = Math.round(free * 100);
    const figures = { pool: pool.name, freePercent: percent, floorPercent: Math.round(cluster.storageFloorFraction * 100) };
    if (free <= cluster.storageFloorFraction) warnings.push(sentence("pool-at-floor", figures));
    else if (free <= cluster.storageFloorFraction * POOL_WARNING_FACTOR) warnings.push(sentence("pool-near-floor", figures));
  }
  for (const incident of incidents) {
    const full = noRoomOf(incident);
    if (full) warnings.push(sentence("pool-takes-no-memory", full));
  }
  for (const host of hosts) {
    if (host.state !== "unreachable" && host.state !== "quarantined") continue;
    const is = sentence(host.state === "unreachable" ? "host-is-unreachable" : "host-is-quarantined", { host: host.name });
    warnings.push(host.stateWords ? sentences(is, { text: host.stateReason, words: host.stateWords }) : `${is.text} ${host.stateReason}`);
  }
  return warnings;
}

/** A pause between two looks is a move's last step or the end of a process; one that lasts is worth a look. */
const STANDSTILL_MS = 60_000;
/** A full storage has warnings of its own; the two others end by themselves. */
const PASSING: readonly (string | null)[] = ["io-error", "migrating", "saved"];
const NAMES_SHOWN = 5;

/** Machines that should run and that their hosts have kept paused; told while it is so, and forgotten with the first run. */
function standstill(instances: readonly DesiredInstance[], nowMs: number): Said[] {
  const still = instances.filter(({ desiredPower, deletedAt, observation }) => desiredPower !== "stopped" && deletedAt === null && observation?.state === "paused" && !PASSING.includes(observation.reason) && nowMs - observation.observedAt.getTime() >= STANDSTILL_MS);
  if (still.length === 0) return [];
  const names = still.slice(0, NAMES_SHOWN).map((one) => one.name).join(", ");
  return [sentence("machines-stand-still", { machines: still.length, names: still.length > NAMES_SHOWN ? `${names}, ...` : names })];
}
