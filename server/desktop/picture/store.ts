import { and, asc, eq, gt, inArray, isNull, lt, or, sql } from "drizzle-orm";
import { instanceObservation } from "@/db/schema/compute";
import { desktop, desktopPicture, desktopPool } from "@/db/schema/desktop";
import type { Transaction } from "@/server/platform/transaction";
import type { DesktopState } from "../types";

/** A desktop that shows something of somebody's or of nobody's yet; while it is made anew there is nothing to see. */
const SHOWN: DesktopState[] = ["ready", "in-session", "disconnected"];

/** Running desktops of pools that somebody looks at, whose picture is older than `before`; the oldest first. */
export async function selectDue(tx: Transaction, now: Date, before: Date, most: number) {
  return tx
    .select({ desktopId: desktop.id, organizationId: desktop.organizationId, instanceId: instanceObservation.instanceId, wipeGeneration: desktop.wipeGeneration })
    .from(desktop)
    .innerJoin(desktopPool, eq(desktopPool.id, desktop.poolId))
    .innerJoin(instanceObservation, eq(instanceObservation.instanceId, desktop.instanceId))
    .leftJoin(desktopPicture, eq(desktopPicture.desktopId, desktop.id))
    .where(and(gt(desktopPool.picturesUntil, now), inArray(desktop.state, SHOWN), eq(instanceObservation.state, "running"), or(isNull(desktopPicture.takenAt), lt(desktopPicture.takenAt, before))))
    .orderBy(sql`${desktopPicture.takenAt} nulls first`, asc(desktop.id))
    .limit(most);
}

/** Keeps a picture if the desktop is still the one that it was taken of: what was wiped meanwhile is not kept. Answers whether it was. */
export async function upsertPicture(tx: Transaction, seen: { readonly desktopId: string; readonly organizationId: string; readonly wipeGeneration: number }, png: string, at: Date): Promise<boolean> {
  const [still] = await tx.select({ id: desktop.id }).from(desktop).where(and(eq(desktop.id, seen.desktopId), eq(desktop.wipeGeneration, seen.wipeGeneration), inArray(desktop.state, SHOWN))).for("update");
  if (!still) return false;
  await tx.insert(desktopPicture).values({ desktopId: seen.desktopId, organizationId: seen.organizationId, png, takenAt: at }).onConflictDoUpdate({ target: desktopPicture.desktopId, set: { png, takenAt: at } });
  return true;
}

export async function deletePicture(tx: Transaction, desktopId: string): Promise<void> {
  await tx.delete(desktopPicture).where(eq(desktopPicture.desktopId, desktopId));
}

export async function selectPictures(tx: Transaction, organizationId: string, poolId: string) {
  return tx
    .select({ desktopId: desktopPicture.desktopId, png: desktopPicture.png, takenAt: desktopPicture.takenAt })
    .from(desktopPicture)
    .innerJoin(desktop, eq(desktop.id, desktopPicture.desktopId))
    .where(and(eq(desktopPicture.organizationId, organizationId), eq(desktop.poolId, poolId)));
}
