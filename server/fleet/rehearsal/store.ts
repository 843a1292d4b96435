import { and, asc, desc, eq, isNull, lte, ne } from "drizzle-orm";
import { rehearsal } from "@/db/schema/automation";
import type { Transaction } from "@/server/platform/transaction";
import type { RehearsalRow } from "./types";

export async function insertRehearsal(tx: Transaction, row: typeof rehearsal.$inferInsert): Promise<void> {
  await tx.insert(rehearsal).values(row);
}

export async function findRehearsal(tx: Transaction, rehearsalId: string): Promise<RehearsalRow | null> {
  const [row] = await tx.select().from(rehearsal).where(eq(rehearsal.id, rehearsalId));
  return row ?? null;
}

export async function lockRehearsal(tx: Transaction, rehearsalId: string): Promise<RehearsalRow | null> {
  const [row] = await tx.select().from(rehearsal).where(eq(rehearsal.id, rehearsalId)).for("update");
  return row ?? null;
}

export async function writeRehearsal(tx: Transaction, rehearsalId: string, change: Partial<RehearsalRow>): Promise<void> {
  await tx.update(rehearsal).set(change).where(eq(rehearsal.id, rehearsalId));
}

export function rehearsalsOf(tx: Transaction, clusterId: string, limit: number): Promise<RehearsalRow[]> {
  return tx.select().from(rehearsal).where(eq(rehearsal.clusterId, clusterId)).orderBy(desc(rehearsal.askedAt), desc(rehearsal.id)).limit(limit);
}

/** Those that nobody has played yet, oldest first. */
export function askedRehearsals(tx: Transaction): Promise<RehearsalRow[]> {
  return tx.select().from(rehearsal).where(eq(rehearsal.state, "asked")).orderBy(asc(rehearsal.askedAt), asc(rehearsal.id));
}

/** Those whose time has come to be compared with what happened. */
export function dueRehearsals(tx: Transaction, now: Date): Promise<RehearsalRow[]> {
  return tx.select().from(rehearsal).where(and(lte(rehearsal.compareAt, now), isNull(rehearsal.measuredAt), ne(rehearsal.state, "failed"))).orderBy(asc(rehearsal.compareAt)).limit(100);
}
