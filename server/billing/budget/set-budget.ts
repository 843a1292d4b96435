import { listCapped, startAfterCap } from "@/server/compute";
import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { microsPerMinor } from "@/server/rating";
import { readOrganization, recordAudit } from "@/server/tenancy";
import { gatherBasis, rateBasis } from "../draft";
import { setBudgetInput, type SetBudgetInput } from "./schema";
import { deleteBudget, deleteCap, lockCap, selectAlerts, selectBudget, selectCap, upsertBudget, upsertCap } from "./store";
import type { BudgetRow, BudgetView } from "./types";

const MAX_ALERTS = 50;

/**
 * Sets what an organization wants to spend in a billing period, when it is told, and whether it is stopped there. A hard cap holds from
 * this moment on: nothing more starts than it has room for, and what runs is stopped when its next hour does not fit.
 */
export async function setBudget(context: Context, input: SetBudgetInput & { readonly organizationId: string }): Promise<BudgetRow> {
  const { organizationId } = input;
  const fields = setBudgetInput.parse(input);
  return inTransaction(context, async (tx) => {
    const before = await selectBudget(tx, organizationId);
    const { currency } = await readOrganization(tx, organizationId);
    const now = context.clock.now();
    const row: BudgetRow = { organizationId, ...fields, currency, updatedAt: now };
    await upsertBudget(tx, row);
    if (fields.hardCap) {
      const known = await lockCap(tx, organizationId);
      const basis = await gatherBasis(tx, organizationId, now);
      const spentMicros = Math.max(0, Number(rateBasis(basis).subtotalMicros));
      // What runs already is counted by the loop, which is woken now; until then nothing new starts beyond what is spent.
      await upsertCap(tx, { organizationId, capMicros: Number(BigInt(fields.amountMinor) * microsPerMinor(currency)), spentMicros, reservedMicros: known?.reservedMicros ?? 0, asOf: now, periodEnd: new Date(basis.period.endMs) });
    } else await liftCap(tx, context, organizationId);
    await wake(tx, "watch-budgets");
    await announce(tx, { organizationId, topic: "billing", id: organizationId });
    await recordAudit(tx, context, { organizationId, action: "budget.set", targetKind: "organization", targetId: organizationId, ...(before ? { before: { amountMinor: before.amountMinor, hardCap: before.hardCap } } : {}), after: { ...fields, currency } });
    return row;
  });
}

/** Without a cap, what only the cap had stopped starts again. */
async function liftCap(tx: Transaction, context: Context, organizationId: string): Promise<void> {
  await deleteCap(tx, organizationId);
  await startAfterCap(tx, context, (await listCapped(tx, organizationId)).stopped.map((row) => row.id));
}

/** Takes the budget away, with its cap; what only the cap had stopped starts again. */
export async function removeBudget(context: Context, input: { readonly organizationId: string }): Promise<{ readonly removed: boolean }> {
  return inTransaction(context, async (tx) => {
    const before = await deleteBudget(tx, input.organizationId);
    if (!before) return { removed: false };
    await liftCap(tx, context, input.organizationId);
    await wake(tx, "watch-budgets");
    await announce(tx, { organizationId: input.organizationId, topic: "billing", id: input.organizationId });
    await recordAudit(tx, context, { organizationId: input.organizationId, action: "budget.removed", targetKind: "organization", targetId: input.organizationId, before: { amountMinor: before.amountMinor, hardCap: before.hardCap } });
    return { removed: true };
  });
}

/** The budget, what was told about it, and what is spent and held of a hard cap. */
export async function readBudget(context: Context, input: { readonly organizationId: string }): Promise<BudgetView> {
  return inTransaction(context, async (tx) => ({ budget: await selectBudget(tx, input.organizationId), alerts: await selectAlerts(tx, input.organizationId, MAX_ALERTS), cap: await selectCap(tx, input.organizationId) }), { readOnly: true });
}
