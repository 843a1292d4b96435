import { and, desc, eq, inArray, isNull } from "drizzle-orm";
import { advice } from "@/db/schema/automation";
import type { Transaction } from "@/server/platform/transaction";
import type { AdviceRow } from "../types";

export async function insertAdvice(tx: Transaction, row: AdviceRow): Promise<void> {
  await tx.insert(advice).values(row);
}

export async function lockOpenAdvice(tx: Transaction, which: { readonly clusterId: string; readonly kind: AdviceRow["kind"]; readonly hostId: string | null }): Promise<AdviceRow | null> {
  const about = which.hostId === null ? isNull(advice.hostId) : eq(advice.hostId, which.hostId);
  const [row] = await tx.select().from(advice).where(and(eq(advice.clusterId, which.clusterId), eq(advice.kind, which.kind), about, eq(advice.state, "open"))).for("update");
  return row ?? null;
}

export async function lockAdvice(tx: Transaction, adviceId: string): Promise<AdviceRow | null> {
  const [row] = await tx.select().from(advice).where(eq(advice.id, adviceId)).for("update");
  return row ?? null;
}

export async function writeAdvice(tx: Transaction, adviceId: string, change: Partial<AdviceRow>): Promise<void> {
  await tx.update(advice).set(change).where(eq(advice.id, adviceId));
}

export function adviceIn(tx: Transaction, states: readonly AdviceRow["state"][], clusterId?: string): Promise<AdviceRow[]> {
  return tx.select().from(advice).where(and(inArray(advice.state, [...states]), clusterId ? eq(advice.clusterId, clusterId) : undefined)).orderBy(desc(advice.createdAt)).limit(100);
}

export function adviceOf(tx: Transaction, clusterId: string, limit: number): Promise<AdviceRow[]> {
  return tx.select().from(advice).where(eq(advice.clusterId, clusterId)).orderBy(desc(advice.createdAt), desc(advice.id)).limit(limit);
}
