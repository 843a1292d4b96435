import { and, asc, desc, eq, isNull } from "drizzle-orm";
import { fencing } from "@/db/schema/fleet";
import type { Transaction } from "@/server/platform/transaction";
import type { FencingRow } from "../types";

export async function insertFencing(tx: Transaction, row: typeof fencing.$inferInsert): Promise<void> {
  await tx.insert(fencing).values(row);
}

export function openFencings(tx: Transaction): Promise<FencingRow[]> {
  return tx.select().from(fencing).where(isNull(fencing.closedAt)).orderBy(asc(fencing.requestedAt));
}

/** The open fencing of a host, locked. */
export async function lockOpenFencing(tx: Transaction, hostId: string): Promise<FencingRow | null> {
  const [row] = await tx.select().from(fencing).where(and(eq(fencing.hostId, hostId), isNull(fencing.closedAt))).for("update");
  return row ?? null;
}

export async function writeFencing(tx: Transaction, fencingId: string, change: Partial<typeof fencing.$inferInsert>): Promise<void> {
  await tx.update(fencing).set(change).where(eq(fencing.id, fencingId));
}

export function fencingsOf(tx: Transaction, hostId: string, limit: number): Promise<FencingRow[]> {
  return tx.select().from(fencing).where(eq(fencing.hostId, hostId)).orderBy(desc(fencing.id)).limit(limit);
}
