import { and, asc, desc, eq, gte, inArray, lt, or, sql } from "drizzle-orm";
import { decision, migration } from "@/db/schema/fleet";
import type { Transaction } from "@/server/platform/transaction";
import type { MigrationRow } from "../types";

export const OPEN_MIGRATIONS: MigrationRow["state"][] = ["planned", "running"];

export async function insertMigration(tx: Transaction, row: typeof migration.$inferInsert): Promise<void> {
  await tx.insert(migration).values(row);
}

export function openMigrations(tx: Transaction): Promise<MigrationRow[]> {
  return tx.select().from(migration).where(inArray(migration.state, OPEN_MIGRATIONS)).orderBy(asc(migration.wave), asc(migration.id));
}

/** Open moves of a cluster, and those that failed since a moment. */
export function movesOfCluster(tx: Transaction, clusterId: string, failedSince: Date): Promise<MigrationRow[]> {
  const failed = and(eq(migration.state, "failed"), gte(migration.finishedAt, failedSince));
  return tx.select().from(migration).where(and(eq(migration.clusterId, clusterId), or(inArray(migration.state, OPEN_MIGRATIONS), failed))).orderBy(asc(migration.wave), asc(migration.id));
}

export function openMigrationsTouching(tx: Transaction, hostId: string): Promise<MigrationRow[]> {
  return tx.select().from(migration).where(and(inArray(migration.state, OPEN_MIGRATIONS), or(eq(migration.fromHostId, hostId), eq(migration.toHostId, hostId))));
}

export async function lockMigration(tx: Transaction, migrationId: string): Promise<MigrationRow | null> {
  const [row] = await tx.select().from(migration).where(eq(migration.id, migrationId)).for("update");
  return row ?? null;
}

export async function findOpenMigrationOf(tx: Transaction, instanceId: string): Promise<MigrationRow | null> {
  const [row] = await tx.select().from(migration).where(and(eq(migration.instanceId, instanceId), inArray(migration.state, OPEN_MIGRATIONS)));
  return row ?? null;
}

export async function writeMigration(tx: Transaction, migrationId: string, change: Partial<typeof migration.$inferInsert>): Promise<void> {
  await tx.update(migration).set(change).where(eq(migration.id, migrationId));
}

export function newestMigrations(tx: Transaction, instanceId: string, limit: number): Promise<MigrationRow[]> {
  return tx.select().from(migration).where(eq(migration.instanceId, instanceId)).orderBy(desc(migration.id)).limit(limit);
}

/** Moves of one cause that ended in [from, to). */
export async function finishedMoves(tx: Transaction, clusterId: string, cause: string, from: Date, to: Date): Promise<MigrationRow[]> {
  const rows = await tx
    .select({ move: migration })
    .from(migration)
    .innerJoin(decision, eq(decision.id, migration.decisionId))
    .where(and(eq(migration.clusterId, clusterId), eq(migration.state, "done"), gte(migration.finishedAt, from), lt(migration.finishedAt, to), sql`${decision.chosen}->>'cause' = ${cause}`));
  return rows.map((row) => row.move);
}

/** Moves away from some hosts that ended since a moment. */
export function movesAwayFrom(tx: Transaction, hostIds: readonly string[], since: Date): Promise<MigrationRow[]> {
  return tx.select().from(migration).where(and(inArray(migration.fromHostId, [...hostIds]), eq(migration.state, "done"), gte(migration.finishedAt, since)));
}

/** Median of taken over predicted time of a cluster's finished moves since a moment; null below three of them. */
export async function medianPace(tx: Transaction, clusterId: string, since: Date): Promise<number | null> {
  const result = await tx.execute<{ pace: number | null; moves: string }>(sql`
    select percentile_cont(0.5) within group (order by m.total_ms / 1000.0 / (d.predicted->>'seconds')::float8) as pace, count(*) as moves
    from migration m join decision d on d.id = m.decision_id
    where m.cluster_id = ${clusterId} and m.state = 'done' and m.total_ms is not null and m.finished_at >= ${since.toISOString()} and (d.predicted->>'seconds')::float8 > 0`);
  const row = result.rows[0];
  return row && row.pace !== null && Number(row.moves) >= 3 ? Number(row.pace) : null;
}
