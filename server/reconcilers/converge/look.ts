import { getInstanceForConverge, imageSource, type DesiredInstance, type ImageSource } from "@/server/compute";
import { readPlace, type ClusterRow, type MigrationRow, type StoragePoolRow } from "@/server/fleet";
import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import type { View } from "./decide-step";

export interface FullView extends View {
  readonly cluster: ClusterRow;
  readonly pools: ReadonlyMap<string, StoragePoolRow>;
  readonly migration: MigrationRow | null;
}

/** Everything about one instance at one moment; null when it is purged or was never there. */
export function look(context: Context, instanceId: string): Promise<FullView | null> {
  return inTransaction(context, (tx) => lookIn(tx, context, instanceId), { isolation: "repeatable read", readOnly: true });
}

export async function lookIn(tx: Transaction, context: Context, instanceId: string): Promise<FullView | null> {
  const desired = await getInstanceForConverge(tx, context, instanceId);
  if (!desired) return null;
  const place = await readPlace(tx, instanceId, desired.clusterId);
  return { desired, allocation: place.allocation, host: place.host, moving: place.migration !== null, migration: place.migration, cluster: place.cluster, pools: place.pools };
}

/** True while a decision made on the first view would be made on the second. */
export function stillSo(before: FullView, now: FullView | null): now is FullView {
  return (
    now !== null &&
    now.desired.generation === before.desired.generation &&
    now.allocation?.hostId === before.allocation?.hostId &&
    now.allocation?.epoch === before.allocation?.epoch &&
    now.moving === before.moving &&
    now.host?.state === before.host?.state
  );
}

export function imageOf(context: Context, desired: DesiredInstance): Promise<ImageSource> {
  return inTransaction(context, (tx) => imageSource(tx, context, desired.imageId), { readOnly: true });
}
