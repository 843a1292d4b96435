import { and, asc, desc, eq, isNotNull, isNull, lt, sql } from "drizzle-orm";
import { instance, instanceObservation } from "@/db/schema/compute";
import { desktop, desktopPool, desktopSession } from "@/db/schema/desktop";
import { user } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { Given, SessionRow, SessionView } from "../types";

export async function selectOpenOf(tx: Transaction, poolId: string, userId: string): Promise<SessionRow | null> {
  const [row] = await tx.select().from(desktopSession).where(and(eq(desktopSession.poolId, poolId), eq(desktopSession.userId, userId), isNull(desktopSession.endedAt))).for("update");
  return row ?? null;
}

export async function lockSession(tx: Transaction, organizationId: string, sessionId: string): Promise<SessionRow | null> {
  const [row] = await tx.select().from(desktopSession).where(and(eq(desktopSession.id, sessionId), eq(desktopSession.organizationId, organizationId))).for("update");
  return row ?? null;
}

export async function insertSession(tx: Transaction, row: typeof desktopSession.$inferInsert): Promise<SessionRow> {
  const [made] = await tx.insert(desktopSession).values(row).returning();
  if (!made) throw new Error("a desktop session was not made");
  return made;
}

export async function updateSession(tx: Transaction, sessionId: string, set: Partial<typeof desktopSession.$inferInsert>): Promise<void> {
  await tx.update(desktopSession).set(set).where(eq(desktopSession.id, sessionId));
}

/** Sessions of a pool without a desktop, first come first. */
export async function selectQueue(tx: Transaction, poolId: string): Promise<SessionRow[]> {
  return tx.select().from(desktopSession).where(and(eq(desktopSession.poolId, poolId), isNull(desktopSession.endedAt), isNull(desktopSession.desktopId))).orderBy(asc(desktopSession.askedAt), asc(desktopSession.id));
}

/** Sessions of a pool that are not over, with a desktop or waiting for one. */
export async function selectOpen(tx: Transaction, poolId: string): Promise<SessionRow[]> {
  return tx.select().from(desktopSession).where(and(eq(desktopSession.poolId, poolId), isNull(desktopSession.endedAt))).orderBy(asc(desktopSession.id));
}

/** How many wait before this one. */
export async function countAhead(tx: Transaction, session: SessionRow): Promise<number> {
  const [row] = await tx
    .select({ n: sql<number>`count(*)::int` })
    .from(desktopSession)
    .where(and(eq(desktopSession.poolId, session.poolId), isNull(desktopSession.endedAt), isNull(desktopSession.desktopId), lt(desktopSession.askedAt, session.askedAt)));
  return row?.n ?? 0;
}

/** What the last openings of each kind took in this pool, the slowest of the usual nine of ten, seconds. */
export async function selectUsualSeconds(tx: Transaction, poolId: string): Promise<ReadonlyMap<Given, number>> {
  const rows = await tx.execute<{ given: Given; seconds: number }>(sql`
    select given, ceil(percentile_cont(0.9) within group (order by extract(epoch from ready_at - asked_at)))::int as seconds
    from (select given, ready_at, asked_at, row_number() over (partition by given order by asked_at desc) as age from desktop_session where pool_id = ${poolId} and ready_at is not null) recent
    where age <= 50 group by given`);
  return new Map(rows.rows.map((row) => [row.given, row.seconds]));
}

/** Everything that a person is told about a session. */
export async function selectSession(tx: Transaction, organizationId: string, sessionId: string) {
  const [row] = await tx
    .select({ session: desktopSession, pool: desktopPool, desktop, instanceName: instance.name, instanceId: instance.id, observed: instanceObservation.state, phase: instanceObservation.phase, desiredPower: instance.desiredPower })
    .from(desktopSession)
    .innerJoin(desktopPool, eq(desktopPool.id, desktopSession.poolId))
    .leftJoin(desktop, eq(desktop.id, desktopSession.desktopId))
    .leftJoin(instance, eq(instance.id, desktop.instanceId))
    .leftJoin(instanceObservation, eq(instanceObservation.instanceId, instance.id))
    .where(and(eq(desktopSession.id, sessionId), eq(desktopSession.organizationId, organizationId)));
  return row ?? null;
}

export async function selectLastUse(tx: Transaction, organizationId: string, userId: string): Promise<ReadonlyMap<string, Date>> {
  const rows = await tx
    .select({ poolId: desktopSession.poolId, at: sql<Date>`max(coalesce(${desktopSession.endedAt}, ${desktopSession.askedAt}))`.mapWith(desktopSession.askedAt) })
    .from(desktopSession)
    .where(and(eq(desktopSession.organizationId, organizationId), eq(desktopSession.userId, userId), isNotNull(desktopSession.desktopId)))
    .groupBy(desktopSession.poolId);
  return new Map(rows.map((row) => [row.poolId, row.at]));
}

export async function selectOpenOfUser(tx: Transaction, organizationId: string, userId: string): Promise<SessionRow[]> {
  return tx.select().from(desktopSession).where(and(eq(desktopSession.organizationId, organizationId), eq(desktopSession.userId, userId), isNull(desktopSession.endedAt)));
}

/** Newest first, open ones before all. */
export async function selectSessions(tx: Transaction, organizationId: string, poolId: string | null, limit: number): Promise<SessionView[]> {
  return tx
    .select({
      id: desktopSession.id, poolName: desktopPool.name, desktopName: instance.name, userName: user.name, userEmail: user.email, given: desktopSession.given, askedAt: desktopSession.askedAt,
      readyAt: desktopSession.readyAt, firstOpenedAt: desktopSession.firstOpenedAt, endedAt: desktopSession.endedAt, endReason: desktopSession.endReason,
    })
    .from(desktopSession)
    .innerJoin(desktopPool, eq(desktopPool.id, desktopSession.poolId))
    .innerJoin(user, eq(user.id, desktopSession.userId))
    .leftJoin(desktop, eq(desktop.id, desktopSession.desktopId))
    .leftJoin(instance, eq(instance.id, desktop.instanceId))
    .where(and(eq(desktopSession.organizationId, organizationId), poolId === null ? undefined : eq(desktopSession.poolId, poolId)))
    .orderBy(sql`${desktopSession.endedAt} is not null`, desc(desktopSession.askedAt))
    .limit(limit);
}

export async function endOpenOf(tx: Transaction, desktopId: string, at: Date, reason: string): Promise<number> {
  const result = await tx.update(desktopSession).set({ endedAt: at, endReason: reason }).where(and(eq(desktopSession.desktopId, desktopId), isNull(desktopSession.endedAt)));
  return result.rowCount ?? 0;
}

export async function readRebuildGeneration(tx: Transaction, instanceId: string): Promise<number> {
  const [row] = await tx.select({ generation: instance.rebuildGeneration }).from(instance).where(eq(instance.id, instanceId));
  return row?.generation ?? 0;
}
