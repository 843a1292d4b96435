import { readCurrencyIn, readPricesIn } from "@/server/catalog";
import { listCapped, startAfterCap, stopForCap } from "@/server/compute";
import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { formatMinor, microsPerMinor } from "@/server/rating";
import { gatherBasis, rateBasis } from "../draft";
import { tell } from "../invoice";
import { selectBillingEmails } from "../profile";
import { planCap, WINDOW_MS } from "./rules";
import { insertAlert, lockCap, replaceReservations, selectBudget, selectBudgets, selectReservations, upsertCap } from "./store";
import type { BudgetRow, SpendCapRow } from "./types";

/** Looks after every budget: tells at thresholds, renews what runs, stops what the cap has no room for, starts it again when it has. Answers how many machines were stopped or started. */
export async function watchBudgets(context: Context, signal?: AbortSignal): Promise<{ readonly stopped: number; readonly started: number; readonly failed: number }> {
  const budgets = await inTransaction(context, (tx) => selectBudgets(tx), { readOnly: true });
  const done = { stopped: 0, started: 0, failed: 0 };
  for (const { organizationId } of budgets) {
    if (signal?.aborted) break;
    try {
      const { stopped, started } = await inTransaction(context, (tx) => watchOne(tx, context, organizationId));
      done.stopped += stopped;
      done.started += started;
    } catch (error) {
      done.failed += 1;
      context.logger.error({ organizationId, err: error }, "a budget could not be looked after; it is tried again");
    }
  }
  return done;
}

async function watchOne(tx: Transaction, context: Context, organizationId: string): Promise<{ stopped: number; started: number }> {
  const budget = await selectBudget(tx, organizationId);
  if (!budget) return { stopped: 0, started: 0 };
  // The cap's row first: whoever starts something waits here, and sees what this pass leaves.
  const cap = await lockCap(tx, organizationId);
  const basis = await gatherBasis(tx, organizationId, context.clock.now());
  const spentMicros = rateBasis(basis).subtotalMicros;
  await tellThresholds(tx, context, budget, spentMicros, new Date(basis.period.startMs));
  return cap ? holdCap(tx, context, cap, spentMicros < 0n ? 0n : spentMicros, new Date(basis.period.endMs)) : { stopped: 0, started: 0 };
}

async function tellThresholds(tx: Transaction, context: Context, budget: BudgetRow, spentMicros: bigint, periodStart: Date): Promise<void> {
  const spentMinor = spentMicros / microsPerMinor(budget.currency);
  for (const thresholdPercent of budget.thresholdsPercent) {
    if (spentMinor * 100n < BigInt(budget.amountMinor) * BigInt(thresholdPercent)) continue;
    if (!(await insertAlert(tx, { organizationId: budget.organizationId, periodStart, thresholdPercent, spentMinor: Number(spentMinor), createdAt: context.clock.now() }))) continue;
    const money = (minor: bigint): string => `${formatMinor(minor, budget.currency)} ${budget.currency}`;
    const text = `Your organization has used ${money(spentMinor)} in this billing period; that is ${thresholdPercent} % of its budget of ${money(BigInt(budget.amountMinor))} or more.${budget.hardCap ? "\nThe budget is a hard cap: machines are stopped when it is spent. Their data is kept." : ""}`;
    await tell(tx, context, await selectBillingEmails(tx, budget.organizationId), `${thresholdPercent} % of your budget is used`, text, budget.organizationId);
  }
}

async function holdCap(tx: Transaction, context: Context, cap: SpendCapRow, spentMicros: bigint, periodEnd: Date): Promise<{ stopped: number; started: number }> {
  const { organizationId } = cap;
  const now = context.clock.now();
  const nowMs = now.getTime();
  const rates = await readRates(tx, context, organizationId);
  const { running, stopped } = await listCapped(tx, organizationId);
  const known = new Map((await selectReservations(tx, organizationId)).map((row) => [row.instanceId, row]));
  const plan = planCap({
    capMicros: BigInt(cap.capMicros), spentMicros, nowMs,
    running: running.map((row) => ({ instanceId: row.id, microsPerHour: rates.get(row.flavorId) ?? 0, heldUntilMs: known.get(row.id)?.heldUntil.getTime() ?? null })),
  });
  await replaceReservations(tx, organizationId, plan.holds.map((hold) => ({ instanceId: hold.instanceId, organizationId, microsPerHour: hold.microsPerHour, amountMicros: Number(hold.amountMicros), heldUntil: new Date(hold.heldUntilMs) })));
  await upsertCap(tx, { organizationId, capMicros: cap.capMicros, spentMicros: Number(spentMicros), reservedMicros: Number(plan.reservedMicros), asOf: now, periodEnd });
  await stopForCap(tx, context, plan.stop);
  let room = BigInt(cap.capMicros) - spentMicros - plan.reservedMicros;
  const start = stopped.filter((row) => {
    const rate = (BigInt(rates.get(row.flavorId) ?? 0) * BigInt(WINDOW_MS)) / 3_600_000n;
    if (plan.stop.length > 0 || rate > room) return false;
    room -= rate;
    return true;
  });
  await startAfterCap(tx, context, start.map((row) => row.id));
  return { stopped: plan.stop.length, started: start.length };
}

async function readRates(tx: Transaction, context: Context, organizationId: string): Promise<ReadonlyMap<string, number>> {
  const prices = await readPricesIn(tx, context, await readCurrencyIn(tx, organizationId));
  return new Map([...prices.flavors].map(([flavorId, price]) => [flavorId, price.microsPerHour]));
}
