import { and, asc, desc, eq, gte, isNull, lt, ne, sql } from "drizzle-orm";
import { incident, incidentEntry } from "@/db/schema/automation";
import { fencing } from "@/db/schema/fleet";
import type { Transaction } from "@/server/platform/transaction";
import type { FencingRow, IncidentEntryRow, IncidentRow } from "../types";

export async function insertIncident(tx: Transaction, row: typeof incident.$inferInsert): Promise<void> {
  await tx.insert(incident).values(row);
}

/** The open incident of a kind, locked; of a host, or of the cluster as a whole. */
export async function lockOpenIncident(tx: Transaction, which: { readonly clusterId: string; readonly hostId: string | null; readonly kind: IncidentRow["kind"] }): Promise<IncidentRow | null> {
  const about = which.hostId === null ? isNull(incident.hostId) : eq(incident.hostId, which.hostId);
  const [row] = await tx.select().from(incident).where(and(eq(incident.clusterId, which.clusterId), about, eq(incident.kind, which.kind), isNull(incident.closedAt))).for("update");
  return row ?? null;
}

/** Holds back others that may open the same incident until this transaction ends: an index can only refuse a second one of a host. */
export async function queueForIncidents(tx: Transaction, which: { readonly clusterId: string; readonly kind: IncidentRow["kind"] }): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`incident:${which.clusterId}:${which.kind}`}, 0))`);
}

export function openIncidents(tx: Transaction): Promise<IncidentRow[]> {
  return tx.select().from(incident).where(isNull(incident.closedAt)).orderBy(asc(incident.openedAt));
}

export async function writeIncident(tx: Transaction, incidentId: string, change: { readonly closedAt?: Date; readonly figures?: Record<string, unknown> }): Promise<void> {
  const { figures, closedAt } = change;
  await tx.execute(sql`update incident set figures = figures || ${JSON.stringify(figures ?? {})}::jsonb, closed_at = coalesce(${closedAt?.toISOString() ?? null}::timestamptz, closed_at) where id = ${incidentId}`);
}

export async function insertEntry(tx: Transaction, row: typeof incidentEntry.$inferInsert): Promise<void> {
  await tx.insert(incidentEntry).values(row);
}

export async function findIncident(tx: Transaction, incidentId: string): Promise<IncidentRow | null> {
  const [row] = await tx.select().from(incident).where(eq(incident.id, incidentId));
  return row ?? null;
}

export function entriesOf(tx: Transaction, incidentId: string): Promise<IncidentEntryRow[]> {
  return tx.select().from(incidentEntry).where(eq(incidentEntry.incidentId, incidentId)).orderBy(asc(incidentEntry.at), asc(incidentEntry.id));
}

export async function hasEntry(tx: Transaction, incidentId: string, text: string): Promise<boolean> {
  const rows = await tx.select({ id: incidentEntry.id }).from(incidentEntry).where(and(eq(incidentEntry.incidentId, incidentId), eq(incidentEntry.text, text))).limit(1);
  return rows.length > 0;
}

export function pageIncidents(tx: Transaction, filter: { readonly clusterId?: string; readonly hostId?: string; readonly cursor?: string | null; readonly limit: number }): Promise<IncidentRow[]> {
  return tx
    .select()
    .from(incident)
    .where(and(filter.clusterId ? eq(incident.clusterId, filter.clusterId) : undefined, filter.hostId ? eq(incident.hostId, filter.hostId) : undefined, filter.cursor ? lt(incident.id, filter.cursor) : undefined))
    .orderBy(desc(incident.id))
    .limit(filter.limit + 1);
}

/** Fencings since a moment that no incident tells of; an incident begins with the silence that led to its fencing. */
export function untoldFencingsSince(tx: Transaction, since: Date): Promise<FencingRow[]> {
  const told = sql`exists (select 1 from ${incident} where ${incident.hostId} = ${fencing.hostId} and ${incident.kind} = 'host-lost' and ${incident.openedAt} = coalesce(${fencing.silentSince}, ${fencing.requestedAt}))`;
  return tx.select().from(fencing).where(and(gte(fencing.requestedAt, since), ne(fencing.state, "cancelled"), sql`not ${told}`)).orderBy(asc(fencing.requestedAt));
}

export async function newestFencingSince(tx: Transaction, hostId: string, since: Date): Promise<FencingRow | null> {
  const [row] = await tx.select().from(fencing).where(and(eq(fencing.hostId, hostId), gte(fencing.requestedAt, since))).orderBy(desc(fencing.id)).limit(1);
  return row ?? null;
}

/** Failovers away from a host, each with the moment at which its machine was first seen to run again. */
export async function restartsFrom(tx: Transaction, hostId: string, since: Date): Promise<{ instanceId: string; name: string; toHostName: string; decidedAt: Date; backAt: Date | null; givenUp: boolean }[]> {
  const result = await tx.execute<{ instance_id: string; name: string; host: string; at: string; back: string | null; given_up: boolean }>(sql`
    select d.instance_id, i.name, d.chosen->>'hostName' as host, d.created_at as at,
      case when o.state = 'running' and o.host_id = d.host_id then o.running_since end as back, (i.desired_power <> 'running' or i.deleted_at is not null) as given_up
    from decision d join instance i on i.id = d.instance_id left join instance_observation o on o.instance_id = i.id
    where d.kind = 'failover' and d.created_at >= ${since.toISOString()} and d.chosen->>'fromHostId' = ${hostId} order by d.id`);
  return result.rows.map((row) => ({ instanceId: row.instance_id, name: row.name, toHostName: row.host, decidedAt: new Date(row.at), backAt: row.back ? new Date(row.back) : null, givenUp: row.given_up }));
}
