import { and, asc, desc, eq, gt, isNull, lte, sql } from "drizzle-orm";
import { usageAdjustment, usagePeriod } from "@/db/schema/metering";
import type { Transaction } from "@/server/platform/transaction";
import type { UsageAdjustmentRow, UsagePeriodRow } from "../types";

/** Closed periods, oldest first. */
export async function selectPeriods(tx: Transaction, organizationId: string): Promise<UsagePeriodRow[]> {
  return tx.select().from(usagePeriod).where(eq(usagePeriod.organizationId, organizationId)).orderBy(asc(usagePeriod.startedAt));
}

/** The newest of all organizations. */
export async function selectNewestPeriods(tx: Transaction, limit: number): Promise<UsagePeriodRow[]> {
  return tx.select().from(usagePeriod).orderBy(desc(usagePeriod.closedAt), asc(usagePeriod.organizationId)).limit(limit);
}

export async function selectPeriodAround(tx: Transaction, organizationId: string, at: Date): Promise<UsagePeriodRow | null> {
  const [row] = await tx.select().from(usagePeriod).where(and(eq(usagePeriod.organizationId, organizationId), lte(usagePeriod.startedAt, at), gt(usagePeriod.endedAt, at)));
  return row ?? null;
}

export async function selectLastPeriodBefore(tx: Transaction, organizationId: string, at: Date): Promise<UsagePeriodRow | null> {
  const [row] = await tx.select().from(usagePeriod).where(and(eq(usagePeriod.organizationId, organizationId), lte(usagePeriod.endedAt, at))).orderBy(desc(usagePeriod.endedAt)).limit(1);
  return row ?? null;
}

/** Nobody writes a window of this organization until commit. */
export async function lockUsage(tx: Transaction, organizationId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`usage:${organizationId}`}, 0))`);
}

export async function insertPeriod(tx: Transaction, row: UsagePeriodRow): Promise<boolean> {
  const made = await tx.insert(usagePeriod).values(row).onConflictDoNothing().returning({ at: usagePeriod.startedAt });
  return made.length > 0;
}

export async function markBilled(tx: Transaction, organizationId: string, startedAt: Date, billedAt: Date | null): Promise<void> {
  await tx.update(usagePeriod).set({ billedAt }).where(and(eq(usagePeriod.organizationId, organizationId), eq(usagePeriod.startedAt, startedAt)));
}

/** Windows that began before a moment and are open, or reach beyond it. */
export async function lockCrossing(tx: Transaction, organizationId: string, at: Date): Promise<string[]> {
  const result = await tx.execute<{ id: string }>(sql`
    select id from usage_window where organization_id = ${organizationId} and started_at < ${at.toISOString()} and (closed_at is null or ended_at > ${at.toISOString()}) order by id for update`);
  return result.rows.map((row) => row.id);
}

/** Cuts windows in two at a moment; one that stopped growing before it ends where it is. The second part is what the window was, from there on. */
export async function splitWindows(tx: Transaction, input: { readonly at: Date; readonly now: Date; readonly split: readonly { readonly id: string; readonly newId: string }[] }): Promise<void> {
  if (input.split.length === 0) return;
  const at = input.at.toISOString();
  const now = input.now.toISOString();
  const ids = sql`ids as (select * from jsonb_to_recordset(${JSON.stringify(input.split.map((one) => ({ id: one.id, new_id: one.newId })))}::jsonb) as r(id text, new_id text))`;
  // What is beyond is known from the rows as they are, before the first parts end; it is inserted after that, since two may never overlap.
  const rest = await tx.execute<{ rest: unknown }>(sql`with ${ids} select jsonb_agg(to_jsonb(w) || jsonb_build_object('id', i.new_id, 'started_at', ${at}::text, 'created_at', ${now}::text)) as rest from ids i join usage_window w on w.id = i.id where w.ended_at >= ${at} and (w.closed_at is null or w.ended_at > ${at})`);
  // The wall of closed windows opens for this one statement of this transaction.
  await tx.execute(sql`select set_config('app.splits_period', 'yes', true)`);
  await tx.execute(sql`with ${ids} update usage_window w set ended_at = least(w.ended_at, ${at}), closed_at = coalesce(w.closed_at, ${now}), closed_reason = 'period-end' from ids i where w.id = i.id`);
  await tx.execute(sql`select set_config('app.splits_period', '', true)`);
  await tx.execute(sql`insert into usage_window select * from jsonb_populate_recordset(null::usage_window, coalesce(${JSON.stringify(rest.rows[0]?.rest ?? [])}::jsonb, '[]'::jsonb))`);
}

/** True when an open window of the organization has not been confirmed up to a moment. */
export async function hasUnconfirmed(tx: Transaction, organizationId: string, at: Date): Promise<boolean> {
  const result = await tx.execute(sql`select 1 from usage_window where organization_id = ${organizationId} and closed_at is null and ended_at < ${at.toISOString()} limit 1`);
  return result.rows.length > 0;
}

export async function insertAdjustments(tx: Transaction, rows: readonly (typeof usageAdjustment.$inferInsert)[]): Promise<void> {
  if (rows.length > 0) await tx.insert(usageAdjustment).values([...rows]);
}

/** Late use of closed periods: all of it, or only what no invoice has yet. */
export async function selectAdjustments(tx: Transaction, organizationId: string, filter: { readonly open?: boolean; readonly invoiceId?: string }): Promise<UsageAdjustmentRow[]> {
  return tx.select().from(usageAdjustment).where(and(eq(usageAdjustment.organizationId, organizationId), filter.open ? isNull(usageAdjustment.invoiceId) : undefined, filter.invoiceId === undefined ? undefined : eq(usageAdjustment.invoiceId, filter.invoiceId))).orderBy(asc(usageAdjustment.startedAt), asc(usageAdjustment.id));
}

export async function assignAdjustments(tx: Transaction, ids: readonly string[], invoiceId: string): Promise<void> {
  if (ids.length > 0) await tx.execute(sql`update usage_adjustment set invoice_id = ${invoiceId} where id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`);
}

export async function releaseAdjustments(tx: Transaction, invoiceId: string): Promise<void> {
  await tx.update(usageAdjustment).set({ invoiceId: null }).where(eq(usageAdjustment.invoiceId, invoiceId));
}
