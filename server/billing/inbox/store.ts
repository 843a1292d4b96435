import { and, asc, desc, eq, inArray, lte, sql } from "drizzle-orm";
import { paymentCursor, paymentEvent } from "@/db/schema/payment";
import type { Sentence } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import type { EventRow } from "./types";

/** The ids of those that were new. */
export async function insertEvents(tx: Transaction, rows: readonly EventRow[]): Promise<string[]> {
  if (rows.length === 0) return [];
  const made = await tx.insert(paymentEvent).values([...rows]).onConflictDoNothing({ target: paymentEvent.id }).returning({ id: paymentEvent.id });
  return made.map((row) => row.id);
}

export async function selectNew(tx: Transaction, now: Date, limit: number): Promise<EventRow[]> {
  return tx.select().from(paymentEvent).where(and(eq(paymentEvent.state, "new"), lte(paymentEvent.notBefore, now))).orderBy(asc(paymentEvent.notBefore), asc(paymentEvent.id)).limit(limit);
}

export async function countNew(tx: Transaction): Promise<number> {
  const [row] = await tx.select({ many: sql<number>`count(*)::int` }).from(paymentEvent).where(eq(paymentEvent.state, "new"));
  return row?.many ?? 0;
}

export async function updateEvents(tx: Transaction, ids: readonly string[], fields: Partial<EventRow>): Promise<void> {
  if (ids.length > 0) await tx.update(paymentEvent).set(fields).where(inArray(paymentEvent.id, [...ids]));
}

export async function postpone(tx: Transaction, ids: readonly string[], notBefore: Date, note: Sentence): Promise<void> {
  if (ids.length > 0) await tx.update(paymentEvent).set({ notBefore, note: note.text, noteWords: note.words, attempts: sql`${paymentEvent.attempts} + 1` }).where(inArray(paymentEvent.id, [...ids]));
}

export async function selectCursor(tx: Transaction, name: string): Promise<Date | null> {
  const [row] = await tx.select({ through: paymentCursor.through }).from(paymentCursor).where(eq(paymentCursor.name, name));
  return row?.through ?? null;
}

export async function upsertCursor(tx: Transaction, name: string, through: Date, now: Date): Promise<void> {
  await tx.insert(paymentCursor).values({ name, through, updatedAt: now }).onConflictDoUpdate({ target: paymentCursor.name, set: { through, updatedAt: now } });
}

/** How many events there are by state, and the newest. */
export async function summarizeEvents(tx: Transaction): Promise<{ readonly byState: readonly { readonly state: string; readonly many: number }[]; readonly newestAt: Date | null }> {
  const byState = await tx.select({ state: paymentEvent.state, many: sql<number>`count(*)::int` }).from(paymentEvent).groupBy(paymentEvent.state);
  const [newest] = await tx.select({ at: paymentEvent.receivedAt }).from(paymentEvent).orderBy(desc(paymentEvent.receivedAt)).limit(1);
  return { byState, newestAt: newest?.at ?? null };
}

/** Without their bodies, newest first. */
export async function selectRecent(tx: Transaction, limit: number): Promise<Omit<EventRow, "payload">[]> {
  return tx
    .select({
      id: paymentEvent.id, type: paymentEvent.type, objectKind: paymentEvent.objectKind, objectId: paymentEvent.objectId, apiVersion: paymentEvent.apiVersion, source: paymentEvent.source, occurredAt: paymentEvent.occurredAt,
      receivedAt: paymentEvent.receivedAt, state: paymentEvent.state, attempts: paymentEvent.attempts, notBefore: paymentEvent.notBefore, workedAt: paymentEvent.workedAt, note: paymentEvent.note, noteWords: paymentEvent.noteWords,
    })
    .from(paymentEvent)
    .orderBy(desc(paymentEvent.receivedAt))
    .limit(limit);
}

/** Forgets worked-off events that both happened and came before a moment, the oldest first. Answers how many. */
export async function deleteWorked(tx: Transaction, before: Date, limit: number): Promise<number> {
  const result = await tx.execute(sql`
    delete from payment_event where id in (
      select id from payment_event where state in ('done', 'kept') and received_at < ${before.toISOString()} and occurred_at < ${before.toISOString()} order by received_at limit ${limit})`);
  return result.rowCount ?? 0;
}
