import { asc, lt, sql } from "drizzle-orm";
import { reconciliationDifference } from "@/db/schema/payment";
import type { Transaction } from "@/server/platform/transaction";
import type { BookedInvoice, Difference, DifferenceRow } from "./types";

/** Numbered invoices issued in [from, to) with what is open and what came in through the provider. */
export async function selectBooked(tx: Transaction, from: Date, to: Date): Promise<BookedInvoice[]> {
  const result = await tx.execute<{ id: string; organization_id: string; number: string | null; status: string; currency: string; total_minor: string; open: string; paid: string; remote_id: string | null; issued_at: Date | string }>(sql`
    select i.id, i.organization_id, i.number, i.status, i.currency, i.total_minor, i.issued_at,
      (select coalesce(sum(l.amount_minor), 0) from ledger_entry l where l.invoice_id = i.id) as open,
      (select coalesce(sum(p.amount_minor), 0) from payment p where p.invoice_id = i.id and p.status = 'succeeded') as paid,
      (select r.remote_id from payment_invoice r where r.invoice_id = i.id) as remote_id
    from invoice i where i.number is not null and i.total_minor > 0 and i.issued_at >= ${from.toISOString()} and i.issued_at < ${to.toISOString()} order by i.id`);
  return result.rows.map((row) => ({
    invoiceId: row.id, organizationId: row.organization_id, number: row.number, status: row.status, currency: row.currency, totalMinor: Number(row.total_minor), openMinor: Number(row.open), paidMinor: Number(row.paid), remoteId: row.remote_id, issuedAt: new Date(row.issued_at),
  }));
}

/** Machines that their host was seen to run since before a moment, and that nothing meters. */
export async function selectRunningUnmetered(tx: Transaction, since: Date): Promise<{ readonly instanceId: string; readonly organizationId: string; readonly runningSince: Date }[]> {
  const result = await tx.execute<{ instance_id: string; organization_id: string; running_since: Date | string }>(sql`
    select o.instance_id, o.organization_id, o.running_since from instance_observation o
    where o.state = 'running' and o.running_since < ${since.toISOString()}
      and not exists (select 1 from usage_window w where w.resource_id = o.instance_id and w.meter = 'instance' and w.closed_at is null) order by 1`);
  return result.rows.map((row) => ({ instanceId: row.instance_id, organizationId: row.organization_id, runningSince: new Date(row.running_since) }));
}

/** Open windows of machines that no host was seen to run when the window was last confirmed or later. */
export async function selectMeteredStopped(tx: Transaction, since: Date): Promise<{ readonly instanceId: string; readonly organizationId: string; readonly windowId: string; readonly state: string }[]> {
  const result = await tx.execute<{ instance_id: string; organization_id: string; id: string; state: string }>(sql`
    select w.instance_id, w.organization_id, w.id, coalesce(o.state, 'never seen') as state from usage_window w left join instance_observation o on o.instance_id = w.instance_id
    where w.meter = 'instance' and w.closed_at is null and w.ended_at < ${since.toISOString()} and coalesce(o.state, 'absent') in ('stopped', 'absent') and coalesce(o.observed_at, w.ended_at) <= ${since.toISOString()} order by 1`);
  return result.rows.map((row) => ({ instanceId: row.instance_id, organizationId: row.organization_id, windowId: row.id, state: row.state }));
}

/** Usage lines of issued invoices whose quantity is not what their windows sum to within the invoice's period. */
export async function selectLinesOff(tx: Transaction, from: Date): Promise<{ readonly lineId: string; readonly invoiceId: string; readonly organizationId: string; readonly lineUnitMs: number; readonly windowUnitMs: number }[]> {
  const result = await tx.execute<{ line_id: string; invoice_id: string; organization_id: string; line: string; windows: string }>(sql`
    select n.id as line_id, n.invoice_id, n.organization_id, n.quantity_unit_ms as line, s.sum as windows from invoice_line n
    join invoice i on i.id = n.invoice_id
    join lateral (
      select coalesce(sum(w.quantity * round(extract(epoch from least(w.ended_at, i.period_end) - greatest(w.started_at, i.period_start)) * 1000)), 0) as sum
      from usage_window w where w.id in (select jsonb_array_elements_text(n.window_ids))) s on true
    where n.kind = 'usage' and jsonb_array_length(n.window_ids) > 0 and i.status <> 'void' and i.issued_at >= ${from.toISOString()} and n.quantity_unit_ms > s.sum order by 1 limit 500`);
  return result.rows.map((row) => ({ lineId: row.line_id, invoiceId: row.invoice_id, organizationId: row.organization_id, lineUnitMs: Number(row.line), windowUnitMs: Number(row.windows) }));
}

/** Keeps when each was found first; what was not seen this time is gone. */
export async function replaceDifferences(tx: Transaction, rows: readonly (Difference & { readonly id: string })[], now: Date): Promise<void> {
  for (const { id, organizationId, name, subjectId, text, hostFacts, ledger, provider } of rows) {
    const fields = {
      text, hostFacts: hostFacts?.text ?? null, ledger: ledger?.text ?? null, provider: provider?.text ?? null, hostWords: hostFacts?.words ?? null, ledgerWords: ledger?.words ?? null, providerWords: provider?.words ?? null, seenAt: now,
    };
    await tx.insert(reconciliationDifference).values({ id, subjectOrganizationId: organizationId, name, subjectId, foundAt: now, ...fields }).onConflictDoUpdate({ target: [reconciliationDifference.name, reconciliationDifference.subjectId], set: fields });
  }
  await tx.delete(reconciliationDifference).where(lt(reconciliationDifference.seenAt, now));
}

export async function selectDifferences(tx: Transaction, limit: number): Promise<DifferenceRow[]> {
  return tx.select().from(reconciliationDifference).orderBy(asc(reconciliationDifference.name), asc(reconciliationDifference.foundAt)).limit(limit);
}
