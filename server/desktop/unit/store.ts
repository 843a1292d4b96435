import { and, asc, desc, eq, inArray, isNull, ne, or, sql } from "drizzle-orm";
import { instance, instanceObservation, volume } from "@/db/schema/compute";
import { consoleSession } from "@/db/schema/console";
import { desktop, desktopHolding, desktopPool, desktopSession, goldenVersion } from "@/db/schema/desktop";
import { user } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { DesktopRow, DesktopState, DesktopWork } from "../types";

export async function insertDesktop(tx: Transaction, row: typeof desktop.$inferInsert): Promise<DesktopRow> {
  const [made] = await tx.insert(desktop).values(row).returning();
  if (!made) throw new Error("a desktop was not made");
  return made;
}

export async function lockDesktop(tx: Transaction, desktopId: string): Promise<DesktopRow | null> {
  const [row] = await tx.select().from(desktop).where(eq(desktop.id, desktopId)).for("update");
  return row ?? null;
}

export async function selectDesktop(tx: Transaction, organizationId: string, desktopId: string): Promise<DesktopRow | null> {
  const [row] = await tx.select().from(desktop).where(and(eq(desktop.id, desktopId), eq(desktop.organizationId, organizationId)));
  return row ?? null;
}

export async function updateDesktop(tx: Transaction, desktopId: string, set: Partial<typeof desktop.$inferInsert>): Promise<void> {
  await tx.update(desktop).set(set).where(eq(desktop.id, desktopId));
}

export async function selectDesktops(tx: Transaction, organizationId: string, poolId: string) {
  return tx
    .select({ desktop, poolName: desktopPool.name, poolVersionId: desktopPool.versionId, versionNumber: goldenVersion.number, userName: user.name, userEmail: user.email })
    .from(desktop)
    .innerJoin(desktopPool, eq(desktopPool.id, desktop.poolId))
    .innerJoin(goldenVersion, eq(goldenVersion.id, desktop.versionId))
    .leftJoin(user, eq(user.id, desktop.assignedUserId))
    .where(and(eq(desktop.organizationId, organizationId), eq(desktop.poolId, poolId), ne(desktop.state, "retired")))
    .orderBy(asc(desktop.number));
}

/** It is theirs from now on; what is theirs already stays so since when it was. */
export async function insertHolding(tx: Transaction, row: { readonly organizationId: string; readonly id: string }, userId: string, at: Date): Promise<void> {
  await tx.insert(desktopHolding).values({ organizationId: row.organizationId, desktopId: row.id, userId, startedAt: at }).onConflictDoNothing({ target: desktopHolding.desktopId, where: sql`ended_at is null` });
}

/** It is nobody's from now on. */
export async function endHolding(tx: Transaction, desktopId: string, at: Date): Promise<void> {
  await tx.update(desktopHolding).set({ endedAt: at }).where(and(eq(desktopHolding.desktopId, desktopId), isNull(desktopHolding.endedAt)));
}

/** Free ones of a pool, the quickest to open first; nobody is assigned and nobody has used them. */
export async function selectFree(tx: Transaction, poolId: string): Promise<DesktopRow[]> {
  return tx
    .select()
    .from(desktop)
    .where(and(eq(desktop.poolId, poolId), isNull(desktop.assignedUserId), isNull(desktop.usedByUserId), inArray(desktop.state, ["ready", "suspended", "provisioning"])))
    .orderBy(sql`case ${desktop.state} when 'ready' then 0 when 'suspended' then 1 else 2 end`, asc(desktop.number))
    .limit(1)
    .for("update");
}

export async function selectAssignedTo(tx: Transaction, poolId: string, userId: string): Promise<DesktopRow | null> {
  const [row] = await tx
    .select()
    .from(desktop)
    .where(and(eq(desktop.poolId, poolId), eq(desktop.assignedUserId, userId), ne(desktop.state, "retired"), ne(desktop.state, "retiring")))
    .orderBy(asc(desktop.number))
    .limit(1)
    .for("update");
  return row ?? null;
}

export async function countInStates(tx: Transaction, poolId: string, states: readonly DesktopState[]): Promise<number> {
  const [row] = await tx.select({ n: sql<number>`count(*)::int` }).from(desktop).where(and(eq(desktop.poolId, poolId), inArray(desktop.state, [...states])));
  return row?.n ?? 0;
}

const wantedVersion = sql`(select image_id from golden_version g where g.id = ${desktopPool.versionId})`;

/** Everything that the loop decides about, of pools that are not gone for good; thousands of rows, three statements. */
export async function selectWork(tx: Transaction, poolIds: readonly string[] | null): Promise<DesktopWork[]> {
  const rows = await tx
    .select({
      desktop,
      pool: desktopPool,
      imageId: goldenVersion.imageId,
      wantedImageId: sql<string>`${wantedVersion}`,
      session: desktopSession,
      personName: user.name,
      personLocale: user.locale,
      personDesktopLocale: user.desktopLocale,
      personKeyboard: user.keyboard,
      instanceId: instance.id,
      desiredPower: instance.desiredPower,
      deletedAt: instance.deletedAt,
      purgedAt: instance.purgedAt,
      rebuildGeneration: instance.rebuildGeneration,
      observedRebuildGeneration: instanceObservation.rebuildGeneration,
      state: instanceObservation.state,
      failures: instanceObservation.failures,
      runningSince: instanceObservation.runningSince,
      hasMemory: sql<boolean>`exists (select 1 from ${volume} v where v.instance_id = ${instance.id} and v.kind = 'memory' and v.state = 'present')`,
    })
    .from(desktop)
    .innerJoin(desktopPool, eq(desktopPool.id, desktop.poolId))
    .innerJoin(goldenVersion, eq(goldenVersion.id, desktop.versionId))
    .leftJoin(instance, eq(instance.id, desktop.instanceId))
    .leftJoin(instanceObservation, eq(instanceObservation.instanceId, desktop.instanceId))
    .leftJoin(desktopSession, and(eq(desktopSession.desktopId, desktop.id), isNull(desktopSession.endedAt)))
    .leftJoin(user, eq(user.id, desktop.assignedUserId))
    .where(and(ne(desktop.state, "retired"), poolIds === null ? undefined : inArray(desktop.poolId, [...poolIds])))
    .orderBy(asc(desktop.id));
  const consoles = await selectConsoles(tx, rows.flatMap((row) => (row.instanceId === null ? [] : [row.instanceId])));
  return rows.map((row) => ({
    desktop: row.desktop,
    pool: row.pool,
    imageId: row.imageId,
    wantedImageId: row.wantedImageId,
    session: row.session,
    person: row.personName === null || row.personLocale === null ? null : { name: row.personName, locale: row.personLocale, desktopLocale: row.personDesktopLocale, keyboard: row.personKeyboard },
    instance: row.instanceId === null || row.desiredPower === null || row.rebuildGeneration === null ? null : {
      id: row.instanceId,
      desiredPower: row.desiredPower,
      deleted: row.deletedAt !== null,
      purged: row.purgedAt !== null,
      rebuildGeneration: row.rebuildGeneration,
      observedRebuildGeneration: row.observedRebuildGeneration ?? 0,
      state: row.state ?? "absent",
      failures: row.failures ?? 0,
      hasMemory: row.hasMemory,
      runningSince: row.runningSince,
    },
    openConsoles: consoles.get(row.instanceId ?? "")?.open ?? 0,
    lastConsoleAt: consoles.get(row.instanceId ?? "")?.lastAt ?? null,
  }));
}

async function selectConsoles(tx: Transaction, instanceIds: readonly string[]): Promise<Map<string, { readonly open: number; readonly lastAt: Date | null }>> {
  if (instanceIds.length === 0) return new Map();
  const rows = await tx
    .select({ instanceId: consoleSession.instanceId, open: sql<number>`count(*) filter (where ${consoleSession.endedAt} is null)::int`, lastAt: sql<Date | null>`max(coalesce(${consoleSession.endedAt}, ${consoleSession.startedAt}))`.mapWith(consoleSession.startedAt) })
    .from(consoleSession)
    .where(inArray(consoleSession.instanceId, [...instanceIds]))
    .groupBy(consoleSession.instanceId);
  return new Map(rows.map((row) => [row.instanceId, { open: row.open, lastAt: row.lastAt }]));
}

/** Whether somebody looks at an instance now. */
export async function hasOpenConsole(tx: Transaction, instanceId: string): Promise<boolean> {
  const rows = await tx.select({ id: consoleSession.id }).from(consoleSession).where(and(eq(consoleSession.instanceId, instanceId), isNull(consoleSession.endedAt))).limit(1);
  return rows.length > 0;
}

/** Ends the consoles of an instance that one person has open; the gateway obeys within seconds. */
export async function endConsoles(tx: Transaction, instanceId: string, at: Date, reason: string): Promise<number> {
  const result = await tx.update(consoleSession).set({ endedAt: at, endReason: reason }).where(and(eq(consoleSession.instanceId, instanceId), isNull(consoleSession.endedAt)));
  return result.rowCount ?? 0;
}

/** Pools with what there is to do in them: live ones, and ended ones that still have desktops or sessions. */
export async function selectLivePoolIds(tx: Transaction): Promise<string[]> {
  const rows = await tx
    .select({ id: desktopPool.id })
    .from(desktopPool)
    .where(or(isNull(desktopPool.deletedAt), sql`exists (select 1 from ${desktop} d where d.pool_id = ${desktopPool.id} and d.state <> 'retired')`))
    .orderBy(desc(desktopPool.createdAt));
  return rows.map((row) => row.id);
}

/** Desktops that are a person's own now. */
export async function selectOwnOf(tx: Transaction, organizationId: string, userId: string): Promise<DesktopRow[]> {
  return tx.select().from(desktop).where(and(eq(desktop.organizationId, organizationId), eq(desktop.assignedUserId, userId), inArray(desktop.state, ["provisioning", "ready", "in-session", "disconnected", "suspended", "failed"])));
}

/** Desktops that are nobody's and are ready, will be by themselves, or were put aside and can be woken. */
export async function countUnassigned(tx: Transaction, poolId: string): Promise<number> {
  const [row] = await tx.select({ n: sql<number>`count(*)::int` }).from(desktop).where(and(eq(desktop.poolId, poolId), isNull(desktop.assignedUserId), inArray(desktop.state, ["provisioning", "ready", "resetting", "suspended"])));
  return row?.n ?? 0;
}
