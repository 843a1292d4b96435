import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import { flavor } from "@/db/schema/catalog";
import { desktop, desktopAssignment, desktopPool, desktopSession, goldenImage, goldenVersion } from "@/db/schema/desktop";
import { network } from "@/db/schema/compute";
import { cluster } from "@/db/schema/fleet";
import { organization } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { DesktopState, PoolRow } from "../types";

export async function insertPool(tx: Transaction, row: typeof desktopPool.$inferInsert): Promise<PoolRow> {
  const [made] = await tx.insert(desktopPool).values(row).returning();
  if (!made) throw new Error("a desktop pool was not made");
  return made;
}

export async function selectPool(tx: Transaction, organizationId: string, poolId: string): Promise<PoolRow | null> {
  const [row] = await tx.select().from(desktopPool).where(and(eq(desktopPool.id, poolId), eq(desktopPool.organizationId, organizationId), isNull(desktopPool.deletedAt)));
  return row ?? null;
}

/** Every decision about who gets which desktop of a pool queues at its row. */
export async function lockPool(tx: Transaction, poolId: string, organizationId: string | null): Promise<PoolRow | null> {
  const [row] = await tx
    .select()
    .from(desktopPool)
    .where(and(eq(desktopPool.id, poolId), organizationId === null ? undefined : eq(desktopPool.organizationId, organizationId)))
    .for("update");
  return row ?? null;
}

export async function updatePool(tx: Transaction, poolId: string, set: Partial<typeof desktopPool.$inferInsert>): Promise<void> {
  await tx.update(desktopPool).set(set).where(eq(desktopPool.id, poolId));
}

/** Pools of an organization with the names that stand beside them; all organizations' for null, deleted ones with desktops too. */
export async function selectPools(tx: Transaction, organizationId: string | null) {
  return tx
    .select({ pool: desktopPool, goldenImageName: goldenImage.name, versionNumber: goldenVersion.number, flavorName: flavor.name, networkName: network.name, timeZone: organization.timeZone })
    .from(desktopPool)
    .innerJoin(goldenImage, eq(goldenImage.id, desktopPool.goldenImageId))
    .innerJoin(goldenVersion, eq(goldenVersion.id, desktopPool.versionId))
    .innerJoin(flavor, eq(flavor.id, desktopPool.flavorId))
    .innerJoin(organization, eq(organization.id, desktopPool.organizationId))
    .leftJoin(network, eq(network.id, desktopPool.networkId))
    .where(organizationId === null ? undefined : and(eq(desktopPool.organizationId, organizationId), isNull(desktopPool.deletedAt)))
    .orderBy(asc(desktopPool.name), asc(desktopPool.id));
}

export interface PoolCounts {
  readonly poolId: string;
  readonly state: DesktopState;
  readonly outdated: boolean;
  readonly n: number;
}

export async function countDesktops(tx: Transaction, poolIds: readonly string[]): Promise<PoolCounts[]> {
  if (poolIds.length === 0) return [];
  return tx
    .select({ poolId: desktop.poolId, state: desktop.state, outdated: sql<boolean>`${desktop.versionId} <> ${desktopPool.versionId}`, n: sql<number>`count(*)::int` })
    .from(desktop)
    .innerJoin(desktopPool, eq(desktopPool.id, desktop.poolId))
    .where(inArray(desktop.poolId, [...poolIds]))
    .groupBy(desktop.poolId, desktop.state, sql`3`);
}

export async function countWaiting(tx: Transaction, poolIds: readonly string[]): Promise<Map<string, number>> {
  if (poolIds.length === 0) return new Map();
  const rows = await tx
    .select({ poolId: desktopSession.poolId, n: sql<number>`count(*)::int` })
    .from(desktopSession)
    .where(and(inArray(desktopSession.poolId, [...poolIds]), isNull(desktopSession.endedAt), isNull(desktopSession.desktopId)))
    .groupBy(desktopSession.poolId);
  return new Map(rows.map((row) => [row.poolId, row.n]));
}

export async function countAssigned(tx: Transaction, poolIds: readonly string[]): Promise<Map<string, number>> {
  if (poolIds.length === 0) return new Map();
  const rows = await tx.select({ poolId: desktopAssignment.poolId, n: sql<number>`count(*)::int` }).from(desktopAssignment).where(inArray(desktopAssignment.poolId, [...poolIds])).groupBy(desktopAssignment.poolId);
  return new Map(rows.map((row) => [row.poolId, row.n]));
}

/** Log-ons by calendar day of the zone, of those whose minute of the day lies in a half-open stretch; it ends with the day. */
export async function countLogOns(tx: Transaction, poolId: string, within: { readonly since: Date; readonly timeZone: string; readonly fromMinute: number; readonly toMinute: number }): Promise<ReadonlyMap<string, number>> {
  const { rows } = await tx.execute<{ day: string; n: number }>(sql`
    select to_char(local, 'YYYY-MM-DD') as day, count(*)::int as n
    from (select asked_at at time zone ${within.timeZone} as local from desktop_session where pool_id = ${poolId} and asked_at >= ${within.since.toISOString()}) log_on
    where extract(hour from local) * 60 + extract(minute from local) >= ${within.fromMinute} and extract(hour from local) * 60 + extract(minute from local) < ${within.toMinute}
    group by day`);
  return new Map(rows.map((row) => [row.day, row.n]));
}

export async function selectFlavor(tx: Transaction, flavorId: string) {
  const [row] = await tx.select({ id: flavor.id, name: flavor.name, onSale: flavor.onSale, memoryMiB: flavor.memoryMiB, diskGiB: flavor.diskGiB }).from(flavor).where(eq(flavor.id, flavorId));
  return row ?? null;
}

export async function firstCluster(tx: Transaction): Promise<string | null> {
  const [row] = await tx.select({ id: cluster.id }).from(cluster).orderBy(asc(cluster.id)).limit(1);
  return row?.id ?? null;
}
