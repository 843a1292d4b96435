import { sql, type SQL } from "drizzle-orm";
import type { Transaction } from "@/server/platform/transaction";
import type { CloseReason } from "../types";
import type { HeldUse } from "./types";

/** Our own records of disks, addresses and private images, as one relation. */
export function ownRelation(): SQL {
  return sql`held as (
    select 'storage' as meter, v.id as resource_id, v.organization_id, v.instance_id, v.size_gib::bigint as quantity, p.class as storage_class, v.present_since as since, v.removed_at as until
      from volume v left join storage_pool p on p.id = v.pool_id where v.kind <> 'seed' and v.present_since is not null
    union all
    select 'address', a.id, a.organization_id, a.instance_id, 1, null, a.created_at, a.released_at from address a
    union all
    select 'image', m.id, m.organization_id, m.id, greatest(1, ceil(m.size_bytes / 1073741824.0))::bigint, null, m.uploaded_at, m.removed_at from image m where m.organization_id is not null and m.uploaded_at is not null)`;
}

export function givenRelation(held: readonly HeldUse[]): SQL {
  const rows = held.map((use) => ({ meter: use.meter, resource_id: use.resourceId, organization_id: use.organizationId, instance_id: use.instanceId, quantity: use.quantity, storage_class: use.storageClass, since: use.since.toISOString(), until: use.until?.toISOString() ?? null }));
  return sql`held as (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(meter text, resource_id text, organization_id text, instance_id text, quantity bigint, storage_class text, since timestamptz, until timestamptz))`;
}

/** Confirms and ends the open windows of what is held. A change of size or class ends one now. */
export async function extendHeld(tx: Transaction, now: Date, held: SQL): Promise<void> {
  const at = now.toISOString();
  await tx.execute(sql`
    with ${held}
    update usage_window w set
      ended_at = greatest(w.ended_at, least(coalesce(h.until, ${at}), ${at}::timestamptz)),
      closed_at = case when h.until <= ${at} or h.quantity <> w.quantity or h.storage_class is distinct from w.storage_class then ${at}::timestamptz end,
      closed_reason = case when h.until <= ${at} then 'deleted' when h.quantity <> w.quantity or h.storage_class is distinct from w.storage_class then 'resized' end
    from held h
    where w.meter = h.meter and w.resource_id = h.resource_id and w.closed_at is null`);
}

export interface FreshHeld extends Record<string, unknown> {
  readonly meter: HeldUse["meter"];
  readonly resource_id: string;
  readonly organization_id: string;
  readonly instance_id: string;
  readonly quantity: string;
  readonly storage_class: string | null;
  readonly until: string | null;
  readonly started: string;
  readonly reason: CloseReason | null;
}

/** What is held and has no window that reaches to its end: from when a new one begins. */
export async function selectFreshHeld(tx: Transaction, now: Date, held: SQL): Promise<FreshHeld[]> {
  const result = await tx.execute<FreshHeld>(sql`
    with ${held},
    open as (
      select h.*, greatest(h.since, coalesce(l.last_end, '-infinity')) as started, l.last_end from held h
      left join lateral (
        select max(p.ended_at) as last_end from (
          select w.ended_at from usage_window w where w.meter = h.meter and w.resource_id = h.resource_id
          union all select a.ended_at from usage_adjustment a where a.meter = h.meter and a.resource_id = h.resource_id and a.direction = 'add') p) l on true
      where not exists (select 1 from usage_window w where w.meter = h.meter and w.resource_id = h.resource_id and w.closed_at is null))
    select meter, resource_id, organization_id, instance_id, quantity, storage_class, until, started from open
    where started <= ${now.toISOString()} and (until is null or (until > since and (last_end is null or last_end < until)))`);
  return result.rows;
}
