import { getInstanceForConverge, imageSource, readGeneration, type DesiredInstance, type ImageSource } from "@/server/compute";
import { readPlace, type ClusterRow, type MigrationRow, type StoragePoolRow } from "@/server/fleet";
import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { isHeldByStorage, type View } from "./decide-step";
import { readFollows } from "./follow";
import { readHold } from "./go-on";

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
  const hold = isHeldByStorage(desired) ? await readHold(tx, context, desired, place) : null;
  const view = { desired, hold, allocation: place.allocation, host: place.host, moving: place.migration !== null, migration: place.migration, cluster: place.cluster, pools: place.pools };
  return { ...view, follows: await readFollows(tx, view, context.clock.nowMs()) };
}

/** True while a decision made on the view would be made again: nothing else was asked for, and the place is the same. */
export async function isStillSo(tx: Transaction, context: Context, view: FullView): Promise<boolean> {
  if ((await readGeneration(tx, context, view.desired.id)) !== view.desired.generation) return false;
  const place = await readPlace(tx, view.desired.id, view.desired.clusterId);
  return samePlace(view, place) && (place.migration !== null) === view.moving && place.host?.state === view.host?.state;
}

/** True while the instance is there, and its place is the one of the view, whatever else was asked for since. */
export async function standsThere(tx: Transaction, context: Context, view: FullView): Promise<boolean> {
  return (await readGeneration(tx, context, view.desired.id)) !== null && samePlace(view, await readPlace(tx, view.desired.id, view.desired.clusterId));
}

function samePlace(view: FullView, now: Pick<FullView, "allocation">): boolean {
  return now.allocation?.hostId === view.allocation?.hostId && now.allocation?.epoch === view.allocation?.epoch;
}

export function imageOf(context: Context, desired: DesiredInstance): Promise<ImageSource> {
  return inTransaction(context, (tx) => imageSource(tx, context, desired.imageId), { readOnly: true });
}
