import { and, asc, eq, gt, inArray, lte, sql } from "drizzle-orm";
import { meterReport, paymentCustomer, paymentCustomerHistory, paymentInvoice, paymentPush } from "@/db/schema/payment";
import type { Transaction } from "@/server/platform/transaction";
import type { PushKind, PushRow } from "./types";

/** Adds the row, or sets the one that was done or stuck to waiting again with the new payload. */
export async function upsertPush(tx: Transaction, row: PushRow): Promise<void> {
  const { payload, notBefore } = row;
  await tx
    .insert(paymentPush)
    .values(row)
    .onConflictDoUpdate({ target: [paymentPush.kind, paymentPush.subjectId], set: { payload, state: "waiting", notBefore, doneAt: null } });
}

/** Waiting rows whose time has come, the oldest of each lane first. */
export async function selectDue(tx: Transaction, now: Date, limit: number): Promise<PushRow[]> {
  return tx.select().from(paymentPush).where(and(eq(paymentPush.state, "waiting"), lte(paymentPush.notBefore, now))).orderBy(asc(paymentPush.id)).limit(limit);
}

export async function countWaiting(tx: Transaction): Promise<number> {
  const [row] = await tx.select({ waiting: sql<number>`count(*)::int` }).from(paymentPush).where(eq(paymentPush.state, "waiting"));
  return row?.waiting ?? 0;
}

/** When the next of the rows that have a pause is due; null when none has. What is due already is done or under way. */
export async function nextDue(tx: Transaction, now: Date): Promise<Date | null> {
  const [row] = await tx.select({ at: paymentPush.notBefore }).from(paymentPush).where(and(eq(paymentPush.state, "waiting"), gt(paymentPush.notBefore, now))).orderBy(asc(paymentPush.notBefore)).limit(1);
  return row?.at ?? null;
}

export async function lockPush(tx: Transaction, id: string): Promise<PushRow | null> {
  const [row] = await tx.select().from(paymentPush).where(eq(paymentPush.id, id)).for("update");
  return row ?? null;
}

export async function updatePush(tx: Transaction, id: string, fields: Partial<PushRow>): Promise<void> {
  await tx.update(paymentPush).set(fields).where(eq(paymentPush.id, id));
}

/** True when a row of this kind waits for the organization. */
export async function hasWaiting(tx: Transaction, organizationId: string, kind: PushKind): Promise<boolean> {
  const rows = await tx.select({ id: paymentPush.id }).from(paymentPush).where(and(eq(paymentPush.organizationId, organizationId), eq(paymentPush.kind, kind), inArray(paymentPush.state, ["waiting"]))).limit(1);
  return rows.length > 0;
}

/** Who the organization is at the provider, and who it ever was. */
export async function selectCustomer(tx: Transaction, organizationId: string): Promise<{ readonly remoteId: string | null; readonly earlier: number }> {
  const [row] = await tx.select({ remoteId: paymentCustomer.remoteId }).from(paymentCustomer).where(eq(paymentCustomer.organizationId, organizationId));
  const [history] = await tx.select({ many: sql<number>`count(*)::int` }).from(paymentCustomerHistory).where(eq(paymentCustomerHistory.organizationId, organizationId));
  return { remoteId: row?.remoteId ?? null, earlier: history?.many ?? 0 };
}

export interface DueInvoice {
  readonly invoiceId: string;
  readonly organizationId: string;
}

/**
 * Invoices that the provider has not as we have them: issued ones that were never pushed, void ones that are open there,
 * and open ones of which more is asked there than is owed.
 */
export async function selectDueInvoices(tx: Transaction, limit: number): Promise<DueInvoice[]> {
  const result = await tx.execute<{ id: string; organization_id: string }>(sql`
    select i.id, i.organization_id from invoice i
    left join payment_push p on p.kind = 'invoice' and p.subject_id = i.id
    left join payment_invoice r on r.invoice_id = i.id
    where (i.status = 'issued' and i.total_minor > 0 and p.id is null)
       or (p.state = 'done' and i.status = 'void' and r.status in ('draft', 'open'))
       or (p.state = 'done' and i.status in ('issued', 'paid') and r.status = 'open'
           and r.remaining_minor > greatest(0, (select coalesce(sum(l.amount_minor), 0) from ledger_entry l where l.invoice_id = i.id)))
    order by i.id limit ${limit}`);
  return result.rows.map((row) => ({ invoiceId: row.id, organizationId: row.organization_id }));
}

/** Invoices of an organization that are open at the provider, with how often they were charged there. */
export async function selectOpenAtProvider(tx: Transaction, organizationId: string): Promise<{ readonly invoiceId: string; readonly attempts: number }[]> {
  const result = await tx.execute<{ invoice_id: string; attempts: number }>(sql`
    select r.invoice_id, r.attempts from payment_invoice r join invoice i on i.id = r.invoice_id
    where r.organization_id = ${organizationId} and r.status = 'open' and i.status = 'issued' order by r.invoice_id`);
  return result.rows.map((row) => ({ invoiceId: row.invoice_id, attempts: row.attempts }));
}

export async function selectPushes(tx: Transaction, states: readonly PushRow["state"][], limit: number): Promise<PushRow[]> {
  return tx.select().from(paymentPush).where(inArray(paymentPush.state, [...states])).orderBy(asc(paymentPush.id)).limit(limit);
}

/** Whether an invoice is at the provider already, and whether its organization has a card that pays by itself. */
export async function selectPayingState(tx: Transaction, organizationId: string, invoiceId: string): Promise<{ readonly remoteId: string | null; readonly hasDefaultMethod: boolean }> {
  const [known] = await tx.select({ remoteId: paymentInvoice.remoteId }).from(paymentInvoice).where(eq(paymentInvoice.invoiceId, invoiceId));
  const [customer] = await tx.select({ method: paymentCustomer.defaultMethodId }).from(paymentCustomer).where(eq(paymentCustomer.organizationId, organizationId));
  return { remoteId: known?.remoteId ?? null, hasDefaultMethod: customer?.method !== undefined && customer.method !== null };
}

export interface ChangedHour {
  readonly organizationId: string;
  readonly meter: string;
  readonly hour: Date;
  readonly value: number;
  /** Of the last report; 0 when there was none. */
  readonly revision: number;
}

/** Closed hours in [from, to) whose whole unit-seconds differ from what was reported. */
export async function selectChangedHours(tx: Transaction, from: Date, to: Date, limit: number): Promise<ChangedHour[]> {
  const result = await tx.execute<{ organization_id: string; meter: string; hour: Date | string; value: string; revision: number }>(sql`
    with used as (
      select w.organization_id, w.meter, h.hour,
        round(sum(w.quantity * extract(epoch from least(w.ended_at, h.hour + interval '1 hour') - greatest(w.started_at, h.hour))))::bigint as value
      from usage_window w
      cross join lateral generate_series(date_trunc('hour', greatest(w.started_at, ${from.toISOString()}::timestamptz), 'UTC'), least(w.ended_at, ${to.toISOString()}::timestamptz) - interval '1 millisecond', interval '1 hour') as h(hour)
      where w.ended_at > ${from.toISOString()} and w.started_at < ${to.toISOString()} and h.hour >= ${from.toISOString()} and h.hour < ${to.toISOString()}
      group by 1, 2, 3)
    select coalesce(u.organization_id, r.organization_id) as organization_id, coalesce(u.meter, r.meter) as meter, coalesce(u.hour, r.hour) as hour, coalesce(u.value, 0) as value, coalesce(r.revision, 0) as revision
    from used u full join (select * from meter_report where hour >= ${from.toISOString()} and hour < ${to.toISOString()}) r on r.organization_id = u.organization_id and r.meter = u.meter and r.hour = u.hour
    where coalesce(u.value, 0) <> coalesce(r.value, 0)
    order by 3, 1, 2 limit ${limit}`);
  return result.rows.map((row) => ({ organizationId: row.organization_id, meter: row.meter, hour: new Date(row.hour), value: Number(row.value), revision: row.revision }));
}

export async function upsertHour(tx: Transaction, row: typeof meterReport.$inferSelect): Promise<void> {
  const { value, revision, updatedAt } = row;
  await tx.insert(meterReport).values(row).onConflictDoUpdate({ target: [meterReport.organizationId, meterReport.meter, meterReport.hour], set: { value, revision, updatedAt } });
}

export async function selectHour(tx: Transaction, organizationId: string, meter: string, hour: Date): Promise<{ readonly value: number; readonly revision: number }> {
  const [row] = await tx.select({ value: meterReport.value, revision: meterReport.revision }).from(meterReport).where(and(eq(meterReport.organizationId, organizationId), eq(meterReport.meter, meter), eq(meterReport.hour, hour)));
  return row ?? { value: 0, revision: 0 };
}
