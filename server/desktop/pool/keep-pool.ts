import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { selectEntitled } from "../assignment/store";
import { endSessionIn } from "../session/end-session";
import { lockSession, selectOpen, selectQueue, updateSession } from "../session/store";
import { stillBoots } from "../rules";
import { COUNTED } from "../state";
import type { DesktopWork, PoolRow } from "../types";
import { addDesktop, giveDesktop } from "../unit/give-desktop";
import { countInStates, countUnassigned, selectLivePoolIds } from "../unit/store";
import { lockPool, selectPools } from "./store";
import { wantReady } from "./want-ready";

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
 * Ends the sessions of people who have no right any more, serves the queue, first come first, then makes as many desktops as should stand
 * ready. Answers how many people wait on.
 */
export async function keepPool(given: Context, { pool: seen, timeZone }: PoolAtWork): Promise<number> {
  const context: Context = { ...given, organizationId: seen.organizationId };
  return inTransaction(context, async (tx) => {
    const pool = await lockPool(tx, seen.id, null);
    if (!pool) return 0;
    let changed = await endWithoutRight(tx, context, pool);
    let waiting = 0;
    for (const session of await selectQueue(tx, pool.id)) {
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
      const wanted = await wantReady(tx, context, row, timeZone);
      const counted = await countInStates(tx, row.id, COUNTED);
      // Everything that nobody is in, or that will be so by itself, stands ready or is on the way to it; those put aside are woken before new ones are made.
      const standing = await countUnassigned(tx, row.id);
      const missing = Math.min(wanted - standing, row.maximum - counted, MOST_ADDED);
      for (let added = 0; added < missing; added++) await addDesktop(tx, context, row.id, null);
      return missing > 0;
    }
  });
}

/**
 * Who was taken off the list, left a group or the organization works on in no desktop: the session is over, and what follows is what follows a log-off.
 * Of a pool that was removed only those who wait are told here; the loop ends the others desktop by desktop.
 */
async function endWithoutRight(tx: Transaction, context: Context, pool: PoolRow): Promise<boolean> {
  const open = await selectOpen(tx, pool.id);
  if (open.length === 0) return false;
  const entitled = pool.deletedAt ? new Set<string>() : await selectEntitled(tx, pool.id);
  let ended = false;
  for (const session of open) {
    if (entitled.has(session.userId) || (pool.deletedAt && session.desktopId !== null)) continue;
    const held = await lockSession(tx, pool.organizationId, session.id);
    if (!held || held.endedAt) continue;
    await endSessionIn(tx, context, held, pool.deletedAt ? "pool-deleted" : "right-removed");
    ended = true;
  }
  return ended;
}

/** Free desktops that are more than a pool may have since it was made smaller, the newest first. Nobody in one loses it: it goes when it is free. */
export function excess(work: readonly DesktopWork[], maximum: number): DesktopWork[] {
  const counted = work.filter(({ desktop }) => COUNTED.includes(desktop.state)).length;
  const free = work.filter(({ desktop, session }) => desktop.assignedUserId === null && !session && (desktop.state === "ready" || desktop.state === "suspended" || desktop.state === "provisioning"));
  return free.toSorted((a, b) => b.desktop.number - a.desktop.number).slice(0, Math.max(0, counted - maximum));
}

/** Free desktops that were put aside and are to be woken, because fewer than wanted stand ready or are on the way to it; the lowest number first. */
export function wakeable(work: readonly DesktopWork[], wanted: number): DesktopWork[] {
  const free = work.filter(({ desktop, session }) => desktop.assignedUserId === null && desktop.usedByUserId === null && !session);
  const coming = free.filter(({ desktop, instance }) => desktop.state === "ready" || desktop.state === "provisioning" || (desktop.state === "suspended" && instance?.desiredPower === "running")).length + work.filter(({ desktop }) => desktop.state === "resetting").length;
  return free.filter(({ desktop, instance }) => desktop.state === "suspended" && instance?.desiredPower === "suspended").toSorted((a, b) => a.desktop.number - b.desktop.number).slice(0, Math.max(0, wanted - coming));
}

/** Free desktops that are more than should stand ready, the longest unused first: they are put aside after the idle time. */
export function surplus(work: readonly DesktopWork[], wanted: number, nowMs: number): DesktopWork[] {
  const free = work.filter(({ desktop, session }) => desktop.state === "ready" && desktop.assignedUserId === null && desktop.usedByUserId === null && !session);
  return free
    .toSorted((a, b) => (a.desktop.unusedSince?.getTime() ?? nowMs) - (b.desktop.unusedSince?.getTime() ?? nowMs))
    .slice(0, Math.max(0, free.length - wanted))
    .filter(({ desktop, pool, instance }) => desktop.unusedSince !== null && !stillBoots(desktop.personalisedAt, instance?.runningSince ?? null, nowMs) && nowMs - desktop.unusedSince.getTime() >= pool.idleMinutes * 60_000);
}
