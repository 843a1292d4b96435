import { listInstancesForCluster, listNotRunning, readStartAfter, type DesiredInstance } from "@/server/compute";
import type { ClusterSnapshot } from "@/server/planner/types";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { allocationsFor, allocationsOf } from "../allocation/store";
import { findCluster, poolsOf } from "../cluster/store";
import { hostsOf } from "../host/store";
import { movesOfCluster } from "../migration/store";
import { selectDirtyRates } from "../move/store";
import { lastSleeps } from "../power/store";
import { rulesOf } from "../rule/store";
import type { AllocationRow, ClusterRow, HostRow, MigrationRow, StoragePoolRow } from "../types";
import { buildSnapshot, isWaiting } from "./build-snapshot";
import { inOwnersOrder } from "./owners-order";

/** A pair of hosts between which a move failed is left alone for so long where there is another target. */
const AVOIDED_MS = 600_000;

/** One moment of a cluster: the planner's view, and the rows that it was made from. */
export interface FleetSnapshot {
  readonly cluster: ClusterRow;
  readonly hosts: ReadonlyMap<string, HostRow>;
  readonly pools: readonly StoragePoolRow[];
  readonly allocations: ReadonlyMap<string, AllocationRow>;
  readonly migrations: readonly MigrationRow[];
  readonly instances: ReadonlyMap<string, DesiredInstance>;
  /** Instances that want a place and have none: each organization's turns by age, filled by the priority that it gave its own. */
  readonly waiting: readonly DesiredInstance[];
  readonly planner: ClusterSnapshot;
  /** Names of hosts, instances and pools by id, for sentences. */
  readonly names: ReadonlyMap<string, string>;
}

/** Reads one cluster in one repeatable-read transaction: everything in it is of the same moment. */
export function takeSnapshot(context: Context, clusterId: string): Promise<FleetSnapshot> {
  return inTransaction(context, (tx) => snapshotIn(tx, context, clusterId), { isolation: "repeatable read", readOnly: true });
}

export async function snapshotIn(tx: Transaction, context: Context, clusterId: string): Promise<FleetSnapshot> {
  const cluster = await findCluster(tx, clusterId);
  if (!cluster) throw notFound("cluster", clusterId);
  const hosts = await hostsOf(tx, clusterId);
  const pools = await poolsOf(tx, clusterId);
  const allocations = await allocationsOf(tx, clusterId);
  const nowMs = context.clock.nowMs();
  // The moment is rounded, so that the question is the same for a while.
  const moves = await movesOfCluster(tx, clusterId, new Date(Math.floor(nowMs / AVOIDED_MS) * AVOIDED_MS - AVOIDED_MS));
  const migrations = moves.filter((move) => move.state !== "failed");
  const failed = moves.filter((move) => move.state === "failed" && nowMs - (move.finishedAt?.getTime() ?? 0) < AVOIDED_MS);
  const instances = await listInstancesForCluster(tx, context, clusterId);
  const rules = await rulesOf(tx, clusterId);
  const startAfter = await readStartAfter(tx, clusterId);
  // Most clusters never let a host sleep: then there is nothing to read.
  const lastSlept = hosts.some((host) => host.powerStateChangedAt !== null) ? await lastSleeps(tx, clusterId) : new Map<string, Date>();
  const seen = { dirtyMiBPerSecond: await selectDirtyRates(tx, clusterId), lastSlept };
  const byInstance = new Map(allocations.map((row) => [row.instanceId, row]));
  const waiting = instances.filter((instance) => isWaiting(instance, byInstance.get(instance.id)));
  waiting.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
  return {
    cluster,
    hosts: new Map(hosts.map((host) => [host.id, host])),
    pools,
    allocations: byInstance,
    migrations,
    instances: new Map(instances.map((instance) => [instance.id, instance])),
    waiting: inOwnersOrder(waiting, ({ organizationId, haPriority }) => ({ organizationId, priority: haPriority })),
    planner: buildSnapshot({ cluster, hosts, pools, allocations, migrations, failed, instances, rules, seen, startAfter, takenAtSeconds: Math.floor(context.clock.nowMs() / 1_000) }),
    names: new Map([...hosts.map((host) => [host.id, host.name] as const), ...pools.map((pool) => [pool.id, pool.name] as const), ...instances.map((instance) => [instance.id, instance.name] as const)]),
  };
}

/** True when somebody in the cluster wants a place and has none; cheap, so that a fleet at rest needs no snapshot. */
export function hasWaiting(context: Context, clusterId: string): Promise<boolean> {
  return inTransaction(
    context,
    async (tx) => {
      const ids = await listNotRunning(tx, context, clusterId);
      return ids.length > 0 && (await allocationsFor(tx, ids)).length < ids.length;
    },
    { readOnly: true },
  );
}
