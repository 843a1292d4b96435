import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { requireOrganization } from "../rules";
import { poolRef, type PoolRef } from "../schema";
import type { DesktopState, PoolView } from "../types";
import { countAssigned, countDesktops, countWaiting, selectPools } from "./store";
import { wantReady } from "./want-ready";

const NONE: Readonly<Record<DesktopState, number>> = { provisioning: 0, ready: 0, "in-session": 0, disconnected: 0, suspended: 0, resetting: 0, retiring: 0, retired: 0, failed: 0 };

/** The organization's pools with what stands in them, by name. */
export async function listPools(context: Context): Promise<PoolView[]> {
  const organizationId = requireOrganization(context);
  return inTransaction(context, (tx) => readPools(tx, context, organizationId), { readOnly: true });
}

/** One pool; a foreign one looks like none. */
export async function getPool(context: Context, input: PoolRef): Promise<PoolView> {
  const { poolId } = poolRef.parse(input);
  const found = (await listPools(context)).find((pool) => pool.id === poolId);
  if (!found) throw notFound("desktop pool", poolId);
  return found;
}

async function readPools(tx: Transaction, context: Context, organizationId: string): Promise<PoolView[]> {
  const rows = await selectPools(tx, organizationId);
  const ids = rows.map(({ pool }) => pool.id);
  const counts = await countDesktops(tx, ids);
  const waiting = await countWaiting(tx, ids);
  const assigned = await countAssigned(tx, ids);
  const wanted = new Map<string, number>();
  for (const { pool, timeZone } of rows) wanted.set(pool.id, await wantReady(tx, context, pool, timeZone));
  return rows.map(({ pool: { createdBy: _by, nextNumber: _number, ...pool }, timeZone: _zone, ...names }) => {
    const own = counts.filter((count) => count.poolId === pool.id);
    return {
      ...pool,
      ...names,
      counts: own.reduce((sum, { state, n }) => ({ ...sum, [state]: sum[state] + n }), NONE),
      outdated: own.filter((count) => count.outdated && count.state !== "retired" && count.state !== "retiring").reduce((sum, { n }) => sum + n, 0),
      waiting: waiting.get(pool.id) ?? 0,
      assigned: assigned.get(pool.id) ?? 0,
      wantedReady: wanted.get(pool.id) ?? 0,
    };
  });
}
