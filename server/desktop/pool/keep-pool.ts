import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { selectRights } from "../assignment/store";
import { isHoliday, localMoment, wantedReady } from "../rules";
import { selectQueue, updateSession } from "../session/store";
import { COUNTED } from "../state";
import type { DesktopWork, PoolRow } from "../types";
import { addDesktop, giveDesktop } from "../unit/give-desktop";
import { countInStates, countUnassigned, selectLivePoolIds } from "../unit/store";
import { lockPool, selectPools } from "./store";

/** So many new ones a pass: the loop comes again, and a mistake in a number is seen before it has cost a fleet. */
const MOST_ADDED = 10;

export interface PoolAtWork {
  readonly pool: PoolRow;
  readonly timeZone: string;
}

/** Pools that have something to be looked after, ended ones with desktops included. */
export async function listPoolsAtWork(context: Context): Promise<PoolAtWork[]> {
  return inTransaction(context, async (tx) => {
    const live = new Set(await selectLivePoolIds(tx));
    return (await selectPools(tx, null)).filter(({ pool }) => live.has(pool.id)).map(({ pool, timeZone }) => ({ pool, timeZone }));
  }, { readOnly: true });
}

/**
 * Serves the queue, first come first, then makes as many desktops as should stand ready. Ends the waiting of people whose right was
 * taken away. Answers how many people wait on.
 */
export async function keepPool(given: Context, { pool: seen, timeZone }: PoolAtWork): Promise<number> {
  const context: Context = { ...given, organizationId: seen.organizationId };
  return inTransaction(context, async (tx) => {
    const pool = await lockPool(tx, seen.id, null);
    if (!pool) return 0;
    const queue = await selectQueue(tx, pool.id);
    let waiting = 0;
    let changed = false;
    for (const session of queue) {
      const over = pool.deletedAt ? "pool-deleted" : (await selectRights(tx, pool.organizationId, session.userId)).has(pool.id) ? null : "right-removed";
      if (over !== null) {
        await updateSession(tx, session.id, { endedAt: context.clock.now(), endReason: over });
        changed = true;
        continue;
      }
      const gift = await giveDesktop(tx, context, pool, session.userId);
      if (!gift) {
        waiting += 1;
        continue;
      }
      await updateSession(tx, session.id, { desktopId: gift.desktop.id, given: gift.given });
      changed = true;
    }
    if (!pool.deletedAt) changed = (await fill(pool)) || changed;
    if (changed) await wakeAndAnnounce(tx, ["keep-desktops"], { organizationId: pool.organizationId, topic: "desktop", id: pool.id });
    return waiting;

    async function fill(row: PoolRow): Promise<boolean> {
      const now = localMoment(context.clock.now(), timeZone);
      const wanted = wantedReady(row, now, isHoliday(now.date, timeZone));
      const counted = await countInStates(tx, row.id, COUNTED);
      // Everything that nobody is in, or that will be so by itself, stands ready or is on the way to it.
      const standing = await countUnassigned(tx, row.id);
      const missing = Math.min(wanted - standing, row.maximum - counted, MOST_ADDED);
      for (let added = 0; added < missing; added++) await addDesktop(tx, context, row.id, null);
      return missing > 0;
    }
  });
}

/** Free desktops that are more than a pool may have since it was made smaller, the newest first. Nobody in one loses it: it goes when it is free. */
export function excess(work: readonly DesktopWork[], maximum: number): DesktopWork[] {
  const counted = work.filter(({ desktop }) => COUNTED.includes(desktop.state)).length;
  const free = work.filter(({ desktop, session }) => desktop.assignedUserId === null && !session && (desktop.state === "ready" || desktop.state === "suspended" || desktop.state === "provisioning"));
  return free.toSorted((a, b) => b.desktop.number - a.desktop.number).slice(0, Math.max(0, counted - maximum));
}

/** Free desktops that are more than should stand ready, the longest unused first: they are put aside after the idle time. */
export function surplus(work: readonly DesktopWork[], wanted: number, nowMs: number): DesktopWork[] {
  const free = work.filter(({ desktop, session }) => desktop.state === "ready" && desktop.assignedUserId === null && desktop.usedByUserId === null && !session);
  return free
    .toSorted((a, b) => (a.desktop.unusedSince?.getTime() ?? nowMs) - (b.desktop.unusedSince?.getTime() ?? nowMs))
    .slice(0, Math.max(0, free.length - wanted))
    .filter(({ desktop, pool }) => desktop.unusedSince !== null && nowMs - desktop.unusedSince.getTime() >= pool.idleMinutes * 60_000);
}
