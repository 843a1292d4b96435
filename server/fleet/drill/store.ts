import { desc, eq, inArray } from "drizzle-orm";
import { drill } from "@/db/schema/automation";
import type { Transaction } from "@/server/platform/transaction";
import type { DrillRow } from "../types";

const OPEN: DrillRow["state"][] = ["crashing", "watching", "restoring"];

export async function insertDrill(tx: Transaction, row: typeof drill.$inferInsert): Promise<void> {
  await tx.insert(drill).values(row);
}

export async function lockDrill(tx: Transaction, drillId: string): Promise<DrillRow | null> {
  const [row] = await tx.select().from(drill).where(eq(drill.id, drillId)).for("update");
  return row ?? null;
}

export async function writeDrill(tx: Transaction, drillId: string, change: Partial<DrillRow>): Promise<void> {
  await tx.update(drill).set(change).where(eq(drill.id, drillId));
}

export function openDrills(tx: Transaction): Promise<DrillRow[]> {
  return tx.select().from(drill).where(inArray(drill.state, OPEN));
}

export function drillsOf(tx: Transaction, clusterId: string, limit: number): Promise<DrillRow[]> {
  return tx.select().from(drill).where(eq(drill.clusterId, clusterId)).orderBy(desc(drill.orderedAt), desc(drill.id)).limit(limit);
}

export async function newestDrillOn(tx: Transaction, hostId: string): Promise<DrillRow | null> {
  const [row] = await tx.select().from(drill).where(eq(drill.hostId, hostId)).orderBy(desc(drill.orderedAt)).limit(1);
  return row ?? null;
}

export async function newestDrillIn(tx: Transaction, clusterId: string): Promise<DrillRow | null> {
  const [row] = await tx.select().from(drill).where(eq(drill.clusterId, clusterId)).orderBy(desc(drill.orderedAt)).limit(1);
  return row ?? null;
}
