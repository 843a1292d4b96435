import { sql, type SQL } from "drizzle-orm";
import { usageAdjustment } from "@/db/schema/metering";
import { mintId } from "@/server/platform/id";
import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import type { CloseReason, HostUsageFact, Meter, UsageWindowRow } from "./types";

/** A migration's arrival is joined to the run before it when that ended at most this long ago. */
const CONTINUATION_SECONDS = 120;
/** Clocks and rounding: a start this little after the last confirmed moment is the same run seen late. */
const RESTART_TOLERANCE_MS = 1_500;

/** All running facts as one relation `seen`, and the hosts as `hosts`. */
function facts(input: readonly HostUsageFact[]): SQL {
  const hosts = input.map((fact) => ({ host_id: fact.hostId, confirmed: fact.confirmedThrough.toISOString(), previous: fact.previouslyConfirmedThrough?.toISOString() ?? null }));
  const seen = input.flatMap((fact) =>
    fact.running.map((run) => ({
      instance_id: run.instanceId, host_id: fact.hostId, confirmed: fact.confirmedThrough.toISOString(), previous: fact.previouslyConfirmedThrough?.toISOString() ?? null, since: run.since?.toISOString() ?? null, continues: run.continues,
    })),
  );
  return sql`hosts as (select * from jsonb_to_recordset(${JSON.stringify(hosts)}::jsonb) as h(host_id text, confirmed timestamptz, previous timestamptz)),
    seen as (select * from jsonb_to_recordset(${JSON.stringify(seen)}::jsonb) as s(instance_id text, host_id text, confirmed timestamptz, previous timestamptz, since timestamptz, continues boolean))`;
}

/** Notes up to when hosts were heard; answers those whose word is news. The same word twice, or an older one, is none. */
export async function advanceWatermarks(tx: Transaction, input: readonly HostUsageFact[]): Promise<ReadonlySet<string>> {
  const rows = input.map((fact) => ({ host_id: fact.hostId, through: fact.confirmedThrough.toISOString() }));
  const result = await tx.execute<{ host_id: string }>(sql`
    insert into usage_watermark as m (host_id, through) select host_id, through from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(host_id text, through timestamptz) order by host_id
    on conflict (host_id) do update set through = excluded.through where m.through < excluded.through returning host_id`);
  return new Set(result.rows.map((row) => row.host_id));
}

/** Ends the windows of runs that their host shows no longer, or shows as started anew. */
export async function closeEndedRuns(tx: Transaction, context: Context, input: readonly HostUsageFact[]): Promise<void> {
  const now = context.clock.now().toISOString();
  const gone = await tx.execute<{ id: string }>(sql`
    with ${facts(input)}
    update usage_window w set closed_at = ${now}, ended_at = greatest(w.ended_at, h.previous), closed_reason = 'stopped'
    from hosts h
    where w.meter = 'instance' and w.closed_at is null and w.host_id = h.host_id and w.ended_at < h.confirmed
      and not exists (select 1 from seen s where s.instance_id = w.resource_id)
    returning w.id`);
  await noteGone(tx, gone.rows);
  await tx.execute(sql`
    with ${facts(input)}
    -- Another host's word says nothing of how long the old run went on where it was.
    update usage_window w set closed_at = ${now}, ended_at = greatest(w.ended_at, case when w.host_id = s.host_id then least(s.previous, s.since) end), closed_reason = 'restarted'
    from seen s
    where w.meter = 'instance' and w.closed_at is null and w.resource_id = s.instance_id and not s.continues
      and s.since > greatest(w.ended_at, w.started_at) + ${RESTART_TOLERANCE_MS} * interval '1 millisecond'`);
}

/** The one flavor of a size and class; null where there is none or more than one. */
function flavorOfSize(size: { readonly vcpus: SQL; readonly memoryMiB: SQL; readonly class: SQL }): SQL {
  return sql`(select min(z.id) from flavor z where z.vcpus = ${size.vcpus} and z.memory_mib = ${size.memoryMiB} and z.class = ${size.class} having count(*) = 1)`;
}

/**
 * Ends the windows of runs whose new size or new consent is seen now; the next window begins at the same moment. A size that was seen and is
 * asked for no more (a second change waits for the next boot) is billed all the same: what counts is what runs.
 */
export async function cutChangedRuns(tx: Transaction, context: Context, input: readonly HostUsageFact[]): Promise<void> {
  const bySize = flavorOfSize({ vcpus: sql`o.vcpus`, memoryMiB: sql`o.memory_mib`, class: sql`w.class` });
  await tx.execute(sql`
    with ${facts(input)},
    changed as (
      -- A run that began at or after the last word of the one before had its new size from its start on.
      select w.id, case when s.since >= w.ended_at then least(s.since, s.confirmed) else s.confirmed end as at, w.movable <> coalesce(c.movable_for_discount, false) as consented,
        w.flavor_id is distinct from case when o.vcpus = i.vcpus and o.memory_mib = i.memory_mib then i.flavor_id when o.vcpus = w.vcpus and o.memory_mib = w.memory_mib then w.flavor_id else coalesce(${bySize}, w.flavor_id) end as resized
      from seen s join usage_window w on w.resource_id = s.instance_id join instance i on i.id = s.instance_id join instance_observation o on o.instance_id = i.id left join move_consent c on c.instance_id = i.id
      where w.meter = 'instance' and w.closed_at is null)
    update usage_window w set closed_at = ${context.clock.now().toISOString()}, ended_at = greatest(w.ended_at, x.at), closed_reason = case when x.resized then 'resized' else 'consent' end
    from changed x where w.id = x.id and (x.resized or x.consented)`);
}

/** Confirms the windows of runs that go on, wherever they run now. */
export async function extendRuns(tx: Transaction, input: readonly HostUsageFact[]): Promise<void> {
  await tx.execute(sql`
    with ${facts(input)}
    update usage_window w set ended_at = greatest(w.ended_at, s.confirmed), host_id = s.host_id
    from seen s where w.meter = 'instance' and w.closed_at is null and w.resource_id = s.instance_id
      and (w.ended_at < s.confirmed or w.host_id is distinct from s.host_id)`);
}

/** A run without an open window: what its window would be, from when on. */
interface FreshRun extends Record<string, unknown> {
  readonly organization_id: string;
  readonly instance_id: string;
  readonly flavor_id: string;
  readonly class: string;
  readonly vcpus: number;
  readonly memory_mib: number;
  readonly movable: boolean;
  readonly host_id: string;
  readonly started: string;
  readonly confirmed: string;
  /** It goes on over the end of a closed period: as what it was, up to this word. */
  readonly carried: boolean;
}

/**
 * Opens windows for runs that have none: from their start, never over an earlier window, and never in a closed period. `carried`: some go on
 * over the end of a closed period, as what they were before; a change meanwhile is to be cut now.
 */
export async function openRuns(tx: Transaction, context: Context, input: readonly HostUsageFact[]): Promise<{ readonly carried: boolean }> {
  const bySize = flavorOfSize({ vcpus: sql`size.vcpus`, memoryMiB: sql`size.memory_mib`, class: sql`coalesce(last.class, (select asked.class from instance i join flavor asked on asked.id = i.flavor_id where i.id = s.instance_id))` });
  const fresh = await tx.execute<FreshRun>(sql`
    with ${facts(input)},
    fresh as (
      select s.*, l.last_end, l.last_reason, l.last_flavor, l.last_movable,
        coalesce(l.last_reason = 'period-end' and (s.since is null or s.since <= l.last_end + ${RESTART_TOLERANCE_MS} * interval '1 millisecond'), false) as carried,
        -- What was seen has another size than what was asked for: a change that waits for the next boot, or a machine that went on from its
        -- memory. It is what it was when it was metered last, or what has that size; also when its first word comes after the change was asked for.
        case when size.vcpus is not null then case when size.vcpus = last.vcpus and size.memory_mib = last.memory_mib then last.id else coalesce(${bySize}, last.id) end end as running_flavor
      -- Not "not exists": as a join it is planned without the index while the table's statistics are young, a scan for each row. Few rows
      -- pass; the offset keeps what follows from being looked up for the others.
      from (select r.* from seen r where (select w.id from usage_window w where w.resource_id = r.instance_id and w.meter = 'instance' and w.closed_at is null limit 1) is null offset 0) s
      left join lateral (
        select p.ended_at as last_end, p.closed_reason as last_reason, p.flavor_id as last_flavor, p.movable as last_movable from (
          select w.ended_at, w.closed_reason, w.started_at, w.flavor_id, w.movable from usage_window w where w.resource_id = s.instance_id and w.meter = 'instance'
          union all select a.ended_at, 'period-end', a.started_at, a.flavor_id, a.movable from usage_adjustment a where a.resource_id = s.instance_id and a.meter = 'instance' and a.direction = 'add') p
        order by p.ended_at desc, p.started_at desc limit 1) l on true
      left join flavor last on last.id = l.last_flavor
      left join lateral (select o.vcpus, o.memory_mib from instance i join instance_observation o on o.instance_id = i.id where i.id = s.instance_id and (o.vcpus <> i.vcpus or o.memory_mib <> i.memory_mib)) size on true
    )
    select i.organization_id, f.instance_id, fl.id as flavor_id, fl.class, case when f.carried or f.running_flavor is not null then fl.vcpus else i.vcpus end as vcpus, case when f.carried or f.running_flavor is not null then fl.memory_mib else i.memory_mib end as memory_mib,
      case when f.carried then f.last_movable else coalesce(c.movable_for_discount, false) end as movable, f.host_id, f.confirmed, f.carried,
      least(f.confirmed, case
        when f.last_end is not null and (f.last_reason in ('resized', 'consent') or f.continues) and f.last_end > f.confirmed - ${CONTINUATION_SECONDS} * interval '1 second' then f.last_end
        when f.carried then f.last_end
        else greatest(coalesce(f.since, f.confirmed), coalesce(f.last_end, '-infinity')) end) as started
    from fresh f join instance i on i.id = f.instance_id join flavor fl on fl.id = case when f.carried then f.last_flavor else coalesce(f.running_flavor, i.flavor_id) end left join move_consent c on c.instance_id = i.id
    where f.last_end is null or f.last_end < f.confirmed or (f.last_end = f.confirmed and f.last_reason in ('resized', 'consent'))`);
  await insertUse(tx, context, fresh.rows.map((run) => ({
    organizationId: run.organization_id, meter: "instance", resourceId: run.instance_id, instanceId: run.instance_id, flavorId: run.flavor_id, class: run.class, quantity: 1, vcpus: run.vcpus, memoryMiB: run.memory_mib, hostId: run.host_id,
    storageClass: null, movable: run.movable, startedAt: new Date(run.started), endedAt: new Date(run.confirmed), closedAt: null, closedReason: null,
  })));
  return { carried: fresh.rows.some((run) => run.carried) };
}

/** Use that is to have a window. */
export interface NewUse {
  readonly organizationId: string;
  readonly meter: Meter;
  readonly resourceId: string;
  readonly instanceId: string;
  readonly flavorId: string | null;
  readonly class: string | null;
  readonly quantity: number;
  readonly vcpus: number | null;
  readonly memoryMiB: number | null;
  readonly hostId: string | null;
  readonly storageClass: string | null;
  readonly movable: boolean;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly closedAt: Date | null;
  readonly closedReason: CloseReason | null;
}

/** Writes windows. What of them lies in closed periods becomes adjustments, and the window begins where those end. */
export async function insertUse(tx: Transaction, context: Context, uses: readonly NewUse[]): Promise<void> {
  if (uses.length === 0) return;
  const now = context.clock.now();
  const periods = await tx.execute<{ organization_id: string; started_at: string; ended_at: string }>(sql`
    select p.organization_id, p.started_at, p.ended_at from usage_period p join jsonb_to_recordset(${JSON.stringify(uses.map((use) => ({ o: use.organizationId, s: use.startedAt.toISOString() })))}::jsonb) as u(o text, s timestamptz) on u.o = p.organization_id and p.ended_at > u.s
    group by p.organization_id, p.started_at, p.ended_at order by p.started_at`);
  const late: (typeof usageAdjustment.$inferInsert)[] = [];
  const windows: Record<string, unknown>[] = [];
  for (const use of uses) {
    let from = use.startedAt;
    let cut = false;
    for (const row of periods.rows) {
      const [start, end] = [new Date(row.started_at), new Date(row.ended_at)];
      if (row.organization_id !== use.organizationId || end <= from || start >= use.endedAt) continue;
      const until = end < use.endedAt ? end : use.endedAt;
      if (until > from) late.push({ id: mintId("adjustment", context), organizationId: use.organizationId, direction: "add", meter: use.meter, resourceId: use.resourceId, instanceId: use.instanceId, flavorId: use.flavorId, storageClass: use.storageClass, movable: use.movable, quantity: use.quantity, startedAt: from, endedAt: until, reason: "known only after the period was closed", createdAt: now, createdBy: context.actor.id });
      from = end;
      cut = true;
    }
    // All of it is in closed periods: what goes on is seen again, and begins where the adjustment ends.
    if (cut && (from > use.endedAt || (from.getTime() === use.endedAt.getTime() && use.closedAt !== null))) continue;
    windows.push({
      id: mintId("usageWindow", context), organization_id: use.organizationId, meter: use.meter, resource_id: use.resourceId, instance_id: use.instanceId, flavor_id: use.flavorId, class: use.class, quantity: use.quantity, vcpus: use.vcpus, memory_mib: use.memoryMiB,
      host_id: use.hostId, storage_class: use.storageClass, movable: use.movable, started_at: from.toISOString(), ended_at: use.endedAt.toISOString(), closed_at: use.closedAt?.toISOString() ?? null, closed_reason: use.closedReason, created_at: now.toISOString(),
    });
  }
  if (late.length > 0) await tx.insert(usageAdjustment).values(late);
  if (windows.length > 0) await tx.execute(sql`insert into usage_window select * from jsonb_populate_recordset(null::usage_window, ${JSON.stringify(windows)}::jsonb) on conflict do nothing`);
}

/** Ends every open run of a host at its last word. */
export async function closeRunsOfHost(tx: Transaction, context: Context, hostId: string, lastWord: Date | null, reason: CloseReason): Promise<void> {
  const now = context.clock.now().toISOString();
  const gone = await tx.execute<{ id: string }>(sql`
    update usage_window set closed_at = ${now}, ended_at = greatest(ended_at, ${lastWord?.toISOString() ?? null}::timestamptz), closed_reason = ${reason}
    where meter = 'instance' and closed_at is null and host_id = ${hostId} returning id`);
  await noteGone(tx, gone.rows);
}

/** Facts for the recount: who was seen running where, when, at which size. Independent of the windows. */
export async function writeFacts(tx: Transaction, input: readonly HostUsageFact[]): Promise<void> {
  const bySize = flavorOfSize({ vcpus: sql`o.vcpus`, memoryMiB: sql`o.memory_mib`, class: sql`wanted.class` });
  await tx.execute(sql`
    with ${facts(input)}
    insert into usage_fact as f (organization_id, instance_id, minute, host_id, run_at, first_at, last_at, continues, flavor_id, movable)
    select i.organization_id, i.id, date_trunc('minute', s.confirmed), s.host_id, coalesce(s.since, 'epoch'), s.confirmed, s.confirmed, s.continues,
      case when o.vcpus = i.vcpus and o.memory_mib = i.memory_mib then i.flavor_id else coalesce(${bySize}, '') end, coalesce(c.movable_for_discount, false)
    from seen s join instance i on i.id = s.instance_id join flavor wanted on wanted.id = i.flavor_id join instance_observation o on o.instance_id = i.id left join move_consent c on c.instance_id = i.id
    on conflict (instance_id, minute, host_id, run_at, flavor_id, movable) do update set last_at = excluded.last_at where f.last_at < excluded.last_at`);
}

/** Facts for the recount: a host was heard until then and does not show these any more. */
async function noteGone(tx: Transaction, windows: readonly { readonly id: string }[]): Promise<void> {
  if (windows.length === 0) return;
  await tx.execute(sql`
    insert into usage_fact as f (organization_id, instance_id, minute, host_id, run_at, first_at, last_at, continues, gone_at)
    select w.organization_id, w.resource_id, date_trunc('minute', w.ended_at), w.host_id, 'epoch', w.ended_at, w.ended_at, false, w.ended_at from usage_window w where w.id in (select jsonb_array_elements_text(${JSON.stringify(windows.map((row) => row.id))}::jsonb))
    on conflict (instance_id, minute, host_id, run_at, flavor_id, movable) do update set gone_at = excluded.gone_at, last_at = greatest(f.last_at, excluded.last_at)`);
}

export interface WindowFilter {
  readonly from: Date;
  readonly to: Date;
  readonly instanceId?: string;
  readonly ids?: readonly string[];
  readonly limit?: number;
  /** Return windows that began before this one (paging, newest first). */
  readonly before?: { readonly startedAt: Date; readonly id: string };
}

/** Windows of one organization that touch [from, to), newest first. */
export async function selectWindows(tx: Transaction, organizationId: string, filter: WindowFilter): Promise<UsageWindowRow[]> {
  const rows = await tx.execute<Record<string, string | number | boolean | null>>(sql`
    select w.id, w.meter, w.resource_id, w.instance_id, i.name as instance_name, w.flavor_id, w.storage_class, w.movable, w.quantity, w.vcpus, w.memory_mib, w.started_at, w.ended_at, w.closed_at, w.closed_reason
    from usage_window w left join instance i on i.id = w.instance_id
    where w.organization_id = ${organizationId} and w.started_at < ${filter.to.toISOString()} and w.ended_at >= ${filter.from.toISOString()}
      ${filter.instanceId ? sql`and w.instance_id = ${filter.instanceId}` : sql``}
      ${filter.ids ? sql`and w.id in (select jsonb_array_elements_text(${JSON.stringify(filter.ids)}::jsonb))` : sql``}
      ${filter.before ? sql`and (w.started_at, w.id) < (${filter.before.startedAt.toISOString()}, ${filter.before.id})` : sql``}
    order by w.started_at desc, w.id desc ${filter.limit ? sql`limit ${filter.limit}` : sql``}`);
  return rows.rows.map((row) => ({
    id: String(row["id"]), meter: row["meter"] as UsageWindowRow["meter"], resourceId: String(row["resource_id"]), instanceId: String(row["instance_id"]), instanceName: textOf(row["instance_name"]),
    flavorId: textOf(row["flavor_id"]), storageClass: textOf(row["storage_class"]), movable: row["movable"] === true, quantity: Number(row["quantity"]), vcpus: numberOf(row["vcpus"]), memoryMiB: numberOf(row["memory_mib"]), startedAt: new Date(String(row["started_at"])), endedAt: new Date(String(row["ended_at"])),
    closedAt: row["closed_at"] ? new Date(String(row["closed_at"])) : null, closedReason: textOf(row["closed_reason"]),
  }));
}

function textOf(value: string | number | boolean | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function numberOf(value: string | number | boolean | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

export interface DailyUsage {
  /** Calendar day in the organization's zone, YYYY-MM-DD. */
  readonly day: string;
  readonly meter: UsageWindowRow["meter"];
  readonly unitMs: number;
}

/** Unit-milliseconds per calendar day of the zone and meter. */
export async function selectDailyUsage(tx: Transaction, organizationId: string, from: Date, to: Date, timeZone: string): Promise<DailyUsage[]> {
  const rows = await tx.execute<{ day: string; meter: UsageWindowRow["meter"]; unit_ms: string }>(sql`
    with days as (
      select d::date as day, (d::date)::timestamp at time zone ${timeZone} as starts, (d::date + 1)::timestamp at time zone ${timeZone} as ends
      from generate_series((${from.toISOString()}::timestamptz at time zone ${timeZone})::date, (${to.toISOString()}::timestamptz at time zone ${timeZone})::date, interval '1 day') d)
    select to_char(d.day, 'YYYY-MM-DD') as day, w.meter,
      round(sum(extract(epoch from least(w.ended_at, d.ends, ${to.toISOString()}) - greatest(w.started_at, d.starts, ${from.toISOString()})) * 1000 * w.quantity)) as unit_ms
    from days d join usage_window w on w.organization_id = ${organizationId} and w.started_at < least(d.ends, ${to.toISOString()}) and w.ended_at > greatest(d.starts, ${from.toISOString()})
    group by d.day, w.meter order by d.day, w.meter`);
  return rows.rows.map((row) => ({ day: row.day, meter: row.meter, unitMs: Number(row.unit_ms) }));
}
