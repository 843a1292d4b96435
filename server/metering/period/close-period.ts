import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit, requireProvider } from "@/server/tenancy";
import type { UsageAdjustmentRow, UsagePeriodRow } from "../types";
import { hasUnconfirmed, insertAdjustments, insertPeriod, lockCrossing, lockUsage, markBilled, selectAdjustments, selectLastPeriodBefore, selectNewestPeriods, selectPeriodAround, selectPeriods, splitWindows } from "./store";

/**
 * Closes a billing period: windows are cut at its end, and from then on none comes into it. Use of it that becomes known later is
 * an adjustment. A period that is closed already is left as it is. Answers whether it was closed now.
 * @throws Problem `bad-input` for a period that is not over, or that does not begin where the one before ended.
 */
export async function closePeriod(tx: Transaction, context: Context, period: { readonly organizationId: string; readonly startedAt: Date; readonly endedAt: Date }): Promise<boolean> {
  const now = context.clock.now();
  const { organizationId, startedAt, endedAt } = period;
  if (endedAt > now || startedAt >= endedAt) throw new Problem("bad-input", `The period until ${endedAt.toISOString()} was not closed: it is not over yet.`, { organizationId });
  await lockUsage(tx, organizationId);
  if ((await selectPeriodAround(tx, organizationId, startedAt))?.startedAt.getTime() === startedAt.getTime()) return false;
  const last = (await selectPeriods(tx, organizationId)).at(-1);
  if (last && last.endedAt.getTime() !== startedAt.getTime()) throw new Problem("bad-input", `The period from ${startedAt.toISOString()} was not closed: the one before ended at ${last.endedAt.toISOString()}, and there is neither gap nor overlap between two.`, { organizationId });
  const crossing = await lockCrossing(tx, organizationId, endedAt);
  await splitWindows(tx, { at: endedAt, now, split: crossing.map((id) => ({ id, newId: mintId("usageWindow", context) })) });
  await insertPeriod(tx, { organizationId, startedAt, endedAt, closedAt: now, billedAt: null });
  await recordAudit(tx, context, { organizationId, action: "usage-period.closed", targetKind: "organization", targetId: organizationId, after: { from: startedAt.toISOString(), to: endedAt.toISOString(), windowsCut: crossing.length } });
  return true;
}

/** Hosts answer every second and are metered within half a minute; this leaves room for a pass that was late. */
const SETTLED_AFTER_MS = 5 * 60_000;
/** A host that is silent that long after the end of a period is not waited for: what it says later is an adjustment. */
const WAIT_AT_MOST_MS = 24 * 3_600_000;

/** True when the use up to a period's end is known: everything that runs was confirmed beyond it, or was waited for long enough. */
export async function isUsageSettled(tx: Transaction, organizationId: string, end: Date, now: Date): Promise<boolean> {
  const overMs = now.getTime() - end.getTime();
  return overMs >= WAIT_AT_MOST_MS || (overMs >= SETTLED_AFTER_MS && !(await hasUnconfirmed(tx, organizationId, end)));
}

/** The closed period around a moment, and the last one that ended before it. */
export async function readPeriodsAround(tx: Transaction, organizationId: string, at: Date): Promise<{ readonly closed: UsagePeriodRow | null; readonly before: UsagePeriodRow | null }> {
  return { closed: await selectPeriodAround(tx, organizationId, at), before: await selectLastPeriodBefore(tx, organizationId, at) };
}

/** Closed periods of an organization, oldest first. */
export function listPeriods(tx: Transaction, organizationId: string): Promise<UsagePeriodRow[]> {
  return selectPeriods(tx, organizationId);
}

/** How many rows a page of the newest shows. */
const NEWEST = 100;

/** The periods of all organizations that were closed last, newest first; for operators. */
export function listNewestPeriods(context: Context): Promise<UsagePeriodRow[]> {
  requireProvider(context);
  return inTransaction(context, (tx) => selectNewestPeriods(tx, NEWEST), { readOnly: true });
}

/** Notes that a closed period was invoiced (null: its invoice was voided, so it is to be invoiced again). */
export function notePeriodBilled(tx: Transaction, organizationId: string, startedAt: Date, billedAt: Date | null): Promise<void> {
  return markBilled(tx, organizationId, startedAt, billedAt);
}

/** Late use of closed periods; `open`: only what no invoice has yet. */
export function listAdjustments(tx: Transaction, organizationId: string, filter: { readonly open?: boolean; readonly invoiceId?: string } = {}): Promise<UsageAdjustmentRow[]> {
  return selectAdjustments(tx, organizationId, filter);
}

/**
 * Notes use of a closed period that was not billed (add) or should not have been (withdraw). It goes to the next invoice.
 * @throws Problem `bad-input` when the time is not inside closed periods: open ones are corrected by what hosts say.
 */
export async function adjustUsage(tx: Transaction, context: Context, input: Omit<UsageAdjustmentRow, "id" | "createdAt" | "createdBy" | "invoiceId">): Promise<UsageAdjustmentRow> {
  const periods = (await selectPeriods(tx, input.organizationId)).filter((period) => period.startedAt < input.endedAt && period.endedAt > input.startedAt);
  const covered = periods.length === 1 && periods[0] !== undefined && periods[0].startedAt <= input.startedAt && periods[0].endedAt >= input.endedAt;
  if (!covered || input.startedAt >= input.endedAt || !Number.isSafeInteger(input.quantity) || input.quantity <= 0) {
    throw new Problem("bad-input", "The use was not adjusted: it needs a time inside one closed period and a positive whole quantity. Split it where periods meet.", { organizationId: input.organizationId });
  }
  const row: UsageAdjustmentRow = { ...input, id: mintId("adjustment", context), createdAt: context.clock.now(), createdBy: context.actor.id, invoiceId: null };
  await insertAdjustments(tx, [row]);
  await announce(tx, { organizationId: row.organizationId, topic: "billing", id: row.id });
  await recordAudit(tx, context, { organizationId: row.organizationId, action: "usage.adjusted", targetKind: row.meter, targetId: row.resourceId, after: { direction: row.direction, from: row.startedAt.toISOString(), to: row.endedAt.toISOString(), reason: row.reason } });
  return row;
}
