import { eq } from "drizzle-orm";
import { clusterAutomation } from "@/db/schema/automation";
import type { Transaction } from "@/server/platform/transaction";
import type { AutomationRow } from "../types";

export function automationRows(tx: Transaction): Promise<AutomationRow[]> {
  return tx.select().from(clusterAutomation);
}

export async function findAutomation(tx: Transaction, clusterId: string): Promise<AutomationRow | null> {
  const [row] = await tx.select().from(clusterAutomation).where(eq(clusterAutomation.clusterId, clusterId));
  return row ?? null;
}

export async function upsertAutomation(tx: Transaction, row: AutomationRow): Promise<void> {
  await tx.insert(clusterAutomation).values(row).onConflictDoUpdate({ target: clusterAutomation.clusterId, set: row });
}

export async function writeMargin(tx: Transaction, clusterId: string, predictionMargin: number): Promise<void> {
  await tx.update(clusterAutomation).set({ predictionMargin }).where(eq(clusterAutomation.clusterId, clusterId));
}
