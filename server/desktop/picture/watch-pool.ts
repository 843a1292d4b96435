import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { lockPool, selectPool, updatePool } from "../pool/store";
import { requireOrganization } from "../rules";
import { poolRef, type PoolRef } from "../schema";
import { selectPictures } from "./store";

/** Pictures are taken for so long after somebody looked; whoever goes on looking asks again. */
const WATCH_MS = 60_000;

/**
 * Somebody who runs the pool looks at what its desktops show: small pictures are taken for a minute. The audit trail says who looked, once for
 * each time that nobody was looking.
 */
export async function watchPool(context: Context, input: PoolRef): Promise<{ readonly until: Date }> {
  const { poolId } = poolRef.parse(input);
  const organizationId = requireOrganization(context);
  const now = context.clock.now();
  const until = new Date(now.getTime() + WATCH_MS);
  await inTransaction(context, async (tx) => {
    const pool = await lockPool(tx, poolId, organizationId);
    if (!pool || pool.deletedAt) throw notFound("desktop pool", poolId);
    await updatePool(tx, poolId, { picturesUntil: until });
    if (pool.picturesUntil !== null && pool.picturesUntil > now) return;
    await recordAudit(tx, context, { action: "desktop-pool.watched", targetKind: "desktop-pool", targetId: poolId, after: { until: until.toISOString() } });
    await wakeAndAnnounce(tx, ["picture-desktops"], { organizationId, topic: "desktop", id: poolId });
  });
  return { until };
}

export interface DesktopPicture {
  readonly desktopId: string;
  /** PNG, base64. */
  readonly png: string;
  readonly takenAt: Date;
}

/** The last picture of each desktop of a pool that has one. */
export async function listPictures(context: Context, input: PoolRef): Promise<DesktopPicture[]> {
  const { poolId } = poolRef.parse(input);
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    if (!(await selectPool(tx, organizationId, poolId))) throw notFound("desktop pool", poolId);
    return selectPictures(tx, organizationId, poolId);
  }, { readOnly: true });
}
