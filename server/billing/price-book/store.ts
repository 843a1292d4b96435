import { sql } from "drizzle-orm";
import type { Transaction } from "@/server/platform/transaction";
import type { UsageWindow } from "@/server/rating";

/** Organizations of a currency that used something in a time, after `after`. */
export async function selectUsers(tx: Transaction, currency: string, from: Date, to: Date, after: string, limit: number): Promise<string[]> {
  const result = await tx.execute<{ id: string }>(sql`
    select o.id from organization o where o.currency = ${currency} and o.id > ${after}
      and exists (select 1 from usage_window w where w.organization_id = o.id and w.started_at < ${to.toISOString()} and w.ended_at > ${from.toISOString()}) order by o.id limit ${limit}`);
  return result.rows.map((row) => row.id);
}

/** Windows of several organizations at once, in the shape of rating. */
export async function selectWindowsOf(tx: Transaction, organizationIds: readonly string[], from: Date, to: Date): Promise<ReadonlyMap<string, readonly UsageWindow[]>> {
  const result = await tx.execute<{ o: string; id: string; m: UsageWindow["meter"]; r: string; i: string; f: string | null; c: string | null; q: string; v: boolean; s: string; e: string }>(sql`
    select organization_id as o, id, meter as m, resource_id as r, instance_id as i, flavor_id as f, storage_class as c, quantity as q, movable as v,
      (extract(epoch from started_at) * 1000)::bigint as s, (extract(epoch from ended_at) * 1000)::bigint as e
    from usage_window where organization_id in (select jsonb_array_elements_text(${JSON.stringify(organizationIds)}::jsonb)) and started_at < ${to.toISOString()} and ended_at > ${from.toISOString()}`);
  const map = new Map<string, UsageWindow[]>();
  for (const row of result.rows) {
    const window: UsageWindow = { id: row.id, meter: row.m, resourceId: row.r, instanceId: row.i, flavorId: row.f, storageClass: row.c, quantity: Number(row.q), movable: row.v, startedAtMs: Number(row.s), endedAtMs: Number(row.e) };
    const list = map.get(row.o);
    if (list) list.push(window);
    else map.set(row.o, [window]);
  }
  return map;
}
