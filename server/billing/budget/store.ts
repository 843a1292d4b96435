import { and, desc, eq, sql } from "drizzle-orm";
import { budget, budgetAlert } from "@/db/schema/billing";
import { spendCap, spendReservation } from "@/db/schema/spend";
import type { Transaction } from "@/server/platform/transaction";
import type { BudgetAlertRow, BudgetRow, SpendCapRow, SpendReservationRow } from "./types";

export async function selectBudget(tx: Transaction, organizationId: string): Promise<BudgetRow | null> {
  const [row] = await tx.select().from(budget).where(eq(budget.organizationId, organizationId));
  return row ?? null;
}

export async function selectBudgets(tx: Transaction): Promise<BudgetRow[]> {
  return tx.select().from(budget).orderBy(budget.organizationId);
}

export async function upsertBudget(tx: Transaction, row: BudgetRow): Promise<void> {
  await tx.insert(budget).values(row).onConflictDoUpdate({ target: budget.organizationId, set: row });
}

export async function deleteBudget(tx: Transaction, organizationId: string): Promise<BudgetRow | null> {
  const [row] = await tx.delete(budget).where(eq(budget.organizationId, organizationId)).returning();
  return row ?? null;
}

/** False when somebody was told already. */
export async function insertAlert(tx: Transaction, row: BudgetAlertRow): Promise<boolean> {
  return (await tx.insert(budgetAlert).values(row).onConflictDoNothing().returning({ at: budgetAlert.createdAt })).length > 0;
}

export async function selectAlerts(tx: Transaction, organizationId: string, limit: number): Promise<BudgetAlertRow[]> {
  return tx.select().from(budgetAlert).where(eq(budgetAlert.organizationId, organizationId)).orderBy(desc(budgetAlert.createdAt), desc(budgetAlert.thresholdPercent)).limit(limit);
}

export async function selectCap(tx: Transaction, organizationId: string): Promise<SpendCapRow | null> {
  const [row] = await tx.select().from(spendCap).where(eq(spendCap.organizationId, organizationId));
  return row ?? null;
}

/** Nobody holds or gives back under this cap until commit. */
export async function lockCap(tx: Transaction, organizationId: string): Promise<SpendCapRow | null> {
  const [row] = await tx.select().from(spendCap).where(eq(spendCap.organizationId, organizationId)).for("update");
  return row ?? null;
}

export async function upsertCap(tx: Transaction, row: SpendCapRow): Promise<void> {
  await tx.insert(spendCap).values(row).onConflictDoUpdate({ target: spendCap.organizationId, set: row });
}

export async function deleteCap(tx: Transaction, organizationId: string): Promise<void> {
  await tx.delete(spendReservation).where(eq(spendReservation.organizationId, organizationId));
  await tx.delete(spendCap).where(eq(spendCap.organizationId, organizationId));
}

export async function selectReservations(tx: Transaction, organizationId: string): Promise<SpendReservationRow[]> {
  return tx.select().from(spendReservation).where(eq(spendReservation.organizationId, organizationId));
}

/** What is held is exactly this from now on. */
export async function replaceReservations(tx: Transaction, organizationId: string, rows: readonly SpendReservationRow[]): Promise<void> {
  const keep = JSON.stringify(rows.map((row) => row.instanceId));
  await tx.delete(spendReservation).where(and(eq(spendReservation.organizationId, organizationId), sql`${spendReservation.instanceId} not in (select jsonb_array_elements_text(${keep}::jsonb))`));
  if (rows.length === 0) return;
  await tx.insert(spendReservation).values([...rows]).onConflictDoUpdate({ target: spendReservation.instanceId, set: { microsPerHour: sql`excluded.micros_per_hour`, amountMicros: sql`excluded.amount_micros`, heldUntil: sql`excluded.held_until` } });
}
