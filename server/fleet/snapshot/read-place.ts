import type { Transaction } from "@/server/platform/transaction";
import { findAllocation } from "../allocation/store";
import { findCluster, poolsOf } from "../cluster/store";
import { findHost, hostsIn } from "../host/store";
import { findOpenMigrationOf } from "../migration/store";
import type { AllocationRow, ClusterRow, HostRow, MigrationRow, StoragePoolRow } from "../types";

export interface Place {
  readonly allocation: AllocationRow | null;
  readonly host: HostRow | null;
  readonly cluster: ClusterRow;
  readonly migration: MigrationRow | null;
  readonly pools: ReadonlyMap<string, StoragePoolRow>;
}

/** Where one instance stands now; in the transaction of whoever acts on it. */
export async function readPlace(tx: Transaction, instanceId: string, clusterId: string): Promise<Place> {
  const cluster = await findCluster(tx, clusterId);
  if (!cluster) throw new Error(`The cluster ${clusterId} of ${instanceId} does not exist.`);
  const allocation = await findAllocation(tx, instanceId);
  const host = allocation ? await findHost(tx, allocation.hostId) : null;
  const migration = await findOpenMigrationOf(tx, instanceId);
  const pools = new Map((await poolsOf(tx, clusterId)).map((pool) => [pool.id, pool]));
  return { allocation, host, cluster, migration, pools };
}

/** A host that can reach the shared storage of a cluster now; for volumes of instances that have no host. */
export async function anyHostUp(tx: Transaction, clusterId: string): Promise<HostRow | null> {
  const up = await hostsIn(tx, ["up"]);
  return up.find((host) => host.clusterId === clusterId && !host.maintenance) ?? up.find((host) => host.clusterId === clusterId) ?? null;
}

/** True while something of an instance may be on a host. */
export async function hasPlace(tx: Transaction, instanceId: string): Promise<boolean> {
  return (await findAllocation(tx, instanceId)) !== null;
}
