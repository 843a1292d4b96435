export { readBudget, removeBudget, setBudget } from "./set-budget";
export { watchBudgets } from "./watch-budgets";
export type { BudgetAlertRow, BudgetRow, BudgetView, SpendCapRow } from "./types";
