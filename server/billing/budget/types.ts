import type { budget, budgetAlert } from "@/db/schema/billing";
import type { spendCap, spendReservation } from "@/db/schema/spend";

export type BudgetRow = typeof budget.$inferSelect;
export type BudgetAlertRow = typeof budgetAlert.$inferSelect;
export type SpendCapRow = typeof spendCap.$inferSelect;
export type SpendReservationRow = typeof spendReservation.$inferSelect;

export interface BudgetView {
  readonly budget: BudgetRow | null;
  readonly alerts: readonly BudgetAlertRow[];
  /** Set with a hard cap: what is spent and held of it, micros. */
  readonly cap: SpendCapRow | null;
}
