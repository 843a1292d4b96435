import { asc, eq } from "drizzle-orm";
import { placementRule } from "@/db/schema/fleet";
import type { Transaction } from "@/server/platform/transaction";
import type { PlacementRuleRow } from "../types";

export async function insertRule(tx: Transaction, row: typeof placementRule.$inferInsert): Promise<PlacementRuleRow | null> {
  const [made] = await tx.insert(placementRule).values(row).returning();
  return made ?? null;
}

export async function deleteRule(tx: Transaction, ruleId: string): Promise<PlacementRuleRow | null> {
  const [gone] = await tx.delete(placementRule).where(eq(placementRule.id, ruleId)).returning();
  return gone ?? null;
}

export function rulesOf(tx: Transaction, clusterId: string): Promise<PlacementRuleRow[]> {
  return tx.select().from(placementRule).where(eq(placementRule.clusterId, clusterId)).orderBy(asc(placementRule.id));
}
