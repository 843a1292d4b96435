import { countRecentEvents, noteApplied, recordInstanceEvents, recordObservation, type DesiredInstance } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import type { ClusterRow, StoragePoolRow } from "@/server/fleet";
import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import type { Pass } from "../types";
import { applied, conclude, Overtaken, placed, word } from "./conclude";
import { disksOf, HOLD_WINDOW_MS, isApplied, sizesStand, type StorageHold } from "./decide-step";
import { isStillSo, type FullView } from "./look";

const WENT_ON = "storage-has-room";

/** What is known of a machine that a full storage paused. */
export async function readHold(tx: Transaction, context: Context, desired: DesiredInstance, place: { readonly cluster: ClusterRow; readonly pools: ReadonlyMap<string, StoragePoolRow> }): Promise<StorageHold> {
  const tries = await countRecentEvents(tx, desired.id, WENT_ON, new Date(context.clock.nowMs() - HOLD_WINDOW_MS));
  const room = roomOf(desired, place.cluster.storageFloorFraction, place.pools);
  return { hasRoom: room === "free", isFull: room === "full", tries };
}

/** "free" when every pool of its disks was seen above its floor since the machine was paused, "full" when all were seen and one was not; null before: what was known then says nothing of now. Pure. */
export function roomOf(desired: Pick<DesiredInstance, "volumes" | "observation">, floorFraction: number, pools: ReadonlyMap<string, Pick<StoragePoolRow, "capacityMiB" | "availableMiB" | "observedAt">>): "free" | "full" | null {
  const pausedAt = desired.observation?.observedAt;
  if (!pausedAt) return null;
  const seen = disksOf(desired).map(({ poolId }) => pools.get(poolId));
  if (seen.some((pool) => pool === undefined || pool.observedAt <= pausedAt)) return null;
  return seen.every((pool) => pool !== undefined && pool.availableMiB > pool.capacityMiB * floorFraction) ? "free" : "full";
}

/** Lets a machine go on that a full storage paused, if nobody has asked for anything else since, and tells its owner how long it stood still. */
export async function goOn(pass: Pass, given: FullView): Promise<void> {
  const { context, machines } = pass;
  const view = placed(given);
  const { desired } = view;
  const still = await inTransaction(context, (tx) => isStillSo(tx, context, view), { readOnly: true });
  if (!still) throw new Overtaken(`${desired.id} changed before it went on.`);
  try {
    await machines.host(view.host).resumeDomain({ instanceId: desired.id, epoch: view.allocation.epoch });
  } catch (error) {
    // It is off, or stands still for another reason by now: the next observation says so, and what follows is decided anew.
    if (error instanceof DriverError && error.code === "invalid") throw new Overtaken(`${desired.id} is not held by its storage any more.`);
    throw error;
  }
  await conclude(pass, view, async (tx) => {
    const now = context.clock.now();
    await recordObservation(tx, context, [word(view, "running", "started", now)]);
    const stoodMs = desired.observation ? now.getTime() - desired.observation.observedAt.getTime() : 0;
    await recordInstanceEvents(tx, context, [{ instanceId: desired.id, kind: WENT_ON, detail: { stoodMs } }]);
    // What had failed while it stood still is over.
    if (isApplied(desired) && sizesStand(desired) && desired.observation?.pendingBootReason === null) await noteApplied(tx, context, applied(view));
  });
  pass.wake("observe-hosts");
}
