import { and, asc, desc, eq, gte, lt, sql } from "drizzle-orm";
import { usageDrift, usageFact } from "@/db/schema/metering";
import type { Transaction } from "@/server/platform/transaction";
import type { UsageDriftRow } from "../types";
import type { UsageFactRow } from "./types";

/** Instances with facts or windows in a time, in the order of their ids, after `after`. */
export async function selectCountable(tx: Transaction, from: Date, to: Date, after: string, limit: number): Promise<{ readonly instanceId: string; readonly organizationId: string }[]> {
  const result = await tx.execute<{ instance_id: string; organization_id: string }>(sql`
    select instance_id, min(organization_id) as organization_id from (
      select f.instance_id, f.organization_id from usage_fact f where f.minute >= ${from.toISOString()} and f.minute < ${to.toISOString()} and f.instance_id > ${after}
      union all select w.resource_id, w.organization_id from usage_window w where w.meter = 'instance' and w.started_at < ${to.toISOString()} and w.ended_at > ${from.toISOString()} and w.resource_id > ${after}) x
    group by instance_id order by instance_id limit ${limit}`);
  return result.rows.map((row) => ({ instanceId: row.instance_id, organizationId: row.organization_id }));
}

export async function selectFacts(tx: Transaction, instanceIds: readonly string[], from: Date, to: Date): Promise<UsageFactRow[]> {
  return tx.select().from(usageFact).where(and(sql`${usageFact.instanceId} in (select jsonb_array_elements_text(${JSON.stringify(instanceIds)}::jsonb))`, gte(usageFact.minute, from), lt(usageFact.minute, to))).orderBy(asc(usageFact.instanceId), asc(usageFact.firstAt));
}

export interface BilledStretch {
  readonly id: string;
  readonly resourceId: string;
  readonly flavorId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** -1 for what was withdrawn. */
  readonly sign: number;
}

/** Windows and adjustments of instances that touch a time. */
export async function selectBilled(tx: Transaction, instanceIds: readonly string[], from: Date, to: Date): Promise<BilledStretch[]> {
  const ids = sql`(select jsonb_array_elements_text(${JSON.stringify(instanceIds)}::jsonb))`;
  const result = await tx.execute<{ id: string; resource_id: string; flavor_id: string; started_at: string; ended_at: string; sign: number }>(sql`
    select id, resource_id, flavor_id, started_at, ended_at, 1 as sign from usage_window where meter = 'instance' and resource_id in ${ids} and started_at < ${to.toISOString()} and ended_at > ${from.toISOString()}
    union all select id, resource_id, flavor_id, started_at, ended_at, case when direction = 'add' then 1 else -1 end from usage_adjustment where meter = 'instance' and resource_id in ${ids} and started_at < ${to.toISOString()} and ended_at > ${from.toISOString()}
    order by started_at`);
  return result.rows.map((row) => ({ id: row.id, resourceId: row.resource_id, flavorId: row.flavor_id, startedAtMs: new Date(row.started_at).getTime(), endedAtMs: new Date(row.ended_at).getTime(), sign: row.sign }));
}

export async function upsertDrift(tx: Transaction, row: UsageDriftRow): Promise<void> {
  await tx.insert(usageDrift).values(row).onConflictDoUpdate({ target: [usageDrift.resourceId, usageDrift.day], set: row });
}

/** What was found before and is not so any more. */
export async function deleteDrift(tx: Transaction, resourceId: string, day: Date): Promise<void> {
  await tx.delete(usageDrift).where(and(eq(usageDrift.resourceId, resourceId), eq(usageDrift.day, day)));
}

export async function selectDrift(tx: Transaction, limit: number): Promise<UsageDriftRow[]> {
  return tx.select().from(usageDrift).orderBy(desc(usageDrift.day), asc(usageDrift.resourceId)).limit(limit);
}
