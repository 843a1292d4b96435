import type { Transaction } from "@/server/platform/transaction";
import { findAllocation } from "../allocation/store";
import { poolsOf } from "../cluster/store";
import { hostsIn } from "../host/store";
import type { HostRow, StoragePoolRow } from "../types";
import { selectPlace, type PlaceRows } from "./store";

export interface Place extends PlaceRows {
  readonly pools: ReadonlyMap<string, StoragePoolRow>;
}

/** Where one instance stands now; in the transaction of whoever acts on it. */
export async function readPlace(tx: Transaction, instanceId: string, clusterId: string): Promise<Place> {
  const rows = await selectPlace(tx, instanceId, clusterId);
  if (!rows) throw new Error(`The cluster ${clusterId} of ${instanceId} does not exist.`);
  return { ...rows, pools: new Map((await poolsOf(tx, clusterId)).map((pool) => [pool.id, pool])) };
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
