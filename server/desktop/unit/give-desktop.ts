import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import type { Transaction } from "@/server/platform/transaction";
import { lockPool, updatePool } from "../pool/store";
import { COUNTED } from "../state";
import type { DesktopRow, Given, PoolRow } from "../types";
import { countInStates, insertDesktop, insertHolding, selectAssignedTo, selectFree, updateDesktop } from "./store";

export interface Gift {
  readonly desktop: DesktopRow;
  readonly given: Exclude<Given, "queued">;
}

/**
 * Decides which desktop of a pool a person gets: their own, else a free one that nobody has used since its disk was made, the quickest
 * first, else a new one, else none. The pool's row must be locked by this transaction: two people at the last
 * free one queue there.
 */
export async function giveDesktop(tx: Transaction, context: Context, pool: PoolRow, userId: string): Promise<Gift | null> {
  const own = pool.kind === "persistent" ? await selectAssignedTo(tx, pool.id, userId) : null;
  if (own) return own.state === "failed" || own.state === "resetting" ? null : take(tx, context, own, userId);
  const [free] = await selectFree(tx, pool.id);
  if (free) return take(tx, context, free, userId);
  if ((await countInStates(tx, pool.id, COUNTED)) >= pool.maximum) return null;
  return { desktop: await addDesktop(tx, context, pool.id, userId), given: "cloning" };
}

async function take(tx: Transaction, context: Context, desktop: DesktopRow, userId: string): Promise<Gift> {
  const given = desktop.state === "suspended" ? "resuming" : desktop.state === "provisioning" ? "cloning" : "running";
  const set = {
    assignedUserId: userId, usedByUserId: userId, unusedSince: null,
    ...(desktop.state === "provisioning" ? {} : { state: "in-session" as const, stateChangedAt: context.clock.now(), stateReason: null }),
  };
  await updateDesktop(tx, desktop.id, set);
  await insertHolding(tx, desktop, userId, context.clock.now());
  return { desktop: { ...desktop, ...set }, given };
}

/** One more desktop of a pool, to be ordered by the loop. The pool's row must be locked by this transaction. */
export async function addDesktop(tx: Transaction, context: Context, poolId: string, userId: string | null): Promise<DesktopRow> {
  const pool = await lockPool(tx, poolId, null);
  if (!pool) throw new Error(`the desktop pool ${poolId} is gone`);
  await updatePool(tx, poolId, { nextNumber: pool.nextNumber + 1 });
  const now = context.clock.now();
  const made = await insertDesktop(tx, {
    id: mintId("desktop", context), organizationId: pool.organizationId, poolId, number: pool.nextNumber, versionId: pool.versionId, state: "provisioning", stateChangedAt: now, assignedUserId: userId, usedByUserId: userId, createdAt: now,
  });
  if (userId !== null) await insertHolding(tx, made, userId, now);
  return made;
}
