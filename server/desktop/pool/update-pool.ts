import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { lockVersion } from "../golden/store";
import { requireOrganization } from "../rules";
import { poolRef, rollOutInput, updatePoolInput, type PoolRef, type RollOutInput, type UpdatePoolInput } from "../schema";
import type { PoolRow } from "../types";
import { requireOrder } from "./create-pool";
import { lockPool, updatePool as writePool } from "./store";

/**
 * Changes sizes and policies. A maximum below what is in use takes no desktop from anybody: those in use go when their
 * sessions end. Policies hold from the next opening on.
 */
export async function updatePool(context: Context, input: UpdatePoolInput): Promise<PoolRow> {
  const { poolId, ...asked } = updatePoolInput.parse(input);
  return change(context, poolId, "changed", (pool) => {
    requireOrder(asked.minimumReady ?? pool.minimumReady, asked.maximum ?? pool.maximum);
    return asked;
  });
}

/**
 * Makes a published version the one of the pool. New desktops are made of it at once, unused ones are made anew, those in use
 * change at their log-off, or at the deadline. An older version is a roll-back, and goes the same way.
 */
export async function rollOut(context: Context, input: RollOutInput): Promise<PoolRow> {
  const { poolId, versionId, deadline, paused } = rollOutInput.parse(input);
  return change(context, poolId, "rolled-out", async (pool, tx) => {
    const version = await lockVersion(tx, pool.organizationId, versionId);
    if (!version || version.goldenImageId !== pool.goldenImageId) throw notFound("golden image version", versionId);
    if (version.state !== "published") throw new Problem("conflict", sentence("refused-version-not-published", { version: version.number }), { versionId, state: version.state });
    return { versionId, rolloutDeadline: deadline ?? null, rolloutPaused: paused };
  });
}

/** Ends a pool: queued people are told, sessions end, its desktops are removed with their disks. */
export async function deletePool(context: Context, input: PoolRef): Promise<PoolRow> {
  const { poolId } = poolRef.parse(input);
  return change(context, poolId, "deleted", () => ({ deletedAt: context.clock.now(), minimumReady: 0 }));
}

async function change(context: Context, poolId: string, event: string, decide: (pool: PoolRow, tx: Transaction) => Promise<Partial<PoolRow>> | Partial<PoolRow>): Promise<PoolRow> {
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    const pool = await lockPool(tx, poolId, organizationId);
    if (!pool || pool.deletedAt) throw notFound("desktop pool", poolId);
    const set = { ...(await decide(pool, tx)), updatedAt: context.clock.now() };
    await writePool(tx, poolId, set);
    const before = Object.fromEntries(Object.keys(set).map((key) => [key, Reflect.get(pool, key) as unknown]));
    await recordAudit(tx, context, { action: `desktop-pool.${event}`, targetKind: "desktop-pool", targetId: poolId, before, after: set });
    await wakeAndAnnounce(tx, ["keep-desktops"], { organizationId, topic: "desktop", id: poolId });
    return { ...pool, ...set };
  });
}
