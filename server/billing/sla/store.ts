import { desc, eq, sql } from "drizzle-orm";
import { slaCredit } from "@/db/schema/payment";
import type { Transaction } from "@/server/platform/transaction";
import type { Downtime, SlaCreditRow } from "./types";

/** Whatever ends the wish that a machine runs, on its timeline; none of them is ours to answer for. */
const STOPS = sql`('stop-requested', 'suspend-requested', 'deleted', 'purge-requested', 'guest-shut-down', 'stopped-by-standing')`;

interface Found extends Record<string, unknown> {
  readonly organization_id: string;
  readonly instance_id: string;
  readonly period_start: Date | string;
  readonly period_end: Date | string;
  readonly currency: string;
  readonly charged: string;
  readonly from_at: Date | string;
  readonly to_at: Date | string;
  readonly cause: string;
}

/**
 * Outages of billed periods, from what was observed: a run that ended because its host was lost, until the next run began,
 * the tenant stopped or deleted the machine, or the period ended. With the incident, or else the fencing, that it belongs to.
 */
export async function selectDowntime(tx: Transaction, issuedFrom: Date): Promise<Downtime[]> {
  const { rows } = await tx.execute<Found>(sql`
    select i.organization_id, w.instance_id, i.period_start, i.period_end, i.currency, c.charged, greatest(w.ended_at, i.period_start) as from_at, least(e.ended, i.period_end) as to_at,
      coalesce(
        (select n.id from incident n where n.host_id = w.host_id and n.opened_at between w.ended_at - interval '10 minutes' and w.ended_at + interval '1 hour' order by n.opened_at limit 1),
        (select f.id from fencing f where f.host_id = w.host_id and f.requested_at between w.ended_at - interval '10 minutes' and w.ended_at + interval '1 hour' order by f.requested_at limit 1),
        w.host_id, 'unknown') as cause
    from invoice i
    join usage_window w on w.organization_id = i.organization_id and w.meter = 'instance' and w.closed_reason = 'host-lost' and w.ended_at < i.period_end
    join lateral (select least(
        coalesce((select min(x.started_at) from usage_window x where x.resource_id = w.resource_id and x.meter = 'instance' and x.started_at >= w.ended_at and x.id <> w.id), i.period_end),
        coalesce((select min(v.at) from instance_event v where v.instance_id = w.instance_id and v.at >= w.ended_at and v.kind in ${STOPS}), i.period_end)) as ended) e on true
    join lateral (select coalesce(sum(n.amount_micros), 0) as charged from invoice_line n where n.invoice_id = i.id and n.instance_id = w.instance_id and n.meter = 'instance') c on true
    -- A machine that was asked to stop before its host was lost was not wanted any more.
    left join lateral (select v.kind from instance_event v where v.instance_id = w.instance_id and v.at <= w.ended_at and (v.kind in ${STOPS} or v.kind in ('start-requested', 'resume-requested', 'restored', 'ordered')) order by v.at desc limit 1) last on true
    where coalesce(last.kind not in ${STOPS}, true) and i.kind = 'period' and i.status in ('issued', 'paid') and i.issued_at >= ${issuedFrom.toISOString()} and e.ended > i.period_start and e.ended > w.ended_at
      and not exists (select 1 from sla_credit s where s.instance_id = w.instance_id and s.period_start = i.period_start)
    order by i.id, w.instance_id, w.ended_at`);
  const found = new Map<string, Downtime & { outages: Downtime["outages"][number][] }>();
  for (const row of rows) {
    const key = `${row.instance_id} ${new Date(row.period_start).toISOString()}`;
    const entry = found.get(key) ?? {
      organizationId: row.organization_id, instanceId: row.instance_id, periodStart: new Date(row.period_start), periodEnd: new Date(row.period_end), currency: row.currency, chargedMicros: Number(row.charged), outages: [],
    };
    found.set(key, entry);
    entry.outages.push({ fromMs: new Date(row.from_at).getTime(), toMs: new Date(row.to_at).getTime(), cause: row.cause });
  }
  return [...found.values()];
}

/** False when this instance's month has its row already. */
export async function insertCredit(tx: Transaction, row: SlaCreditRow): Promise<boolean> {
  const made = await tx.insert(slaCredit).values(row).onConflictDoNothing().returning({ id: slaCredit.id });
  return made.length > 0;
}

export async function updateCredit(tx: Transaction, id: string, fields: Partial<SlaCreditRow>): Promise<void> {
  await tx.update(slaCredit).set(fields).where(eq(slaCredit.id, id));
}

export async function selectCredits(tx: Transaction, organizationId: string): Promise<SlaCreditRow[]> {
  return tx.select().from(slaCredit).where(eq(slaCredit.organizationId, organizationId)).orderBy(desc(slaCredit.periodStart), desc(slaCredit.createdAt));
}
