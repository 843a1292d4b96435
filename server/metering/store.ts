import { sql, type SQL } from "drizzle-orm";
import { mintId } from "@/server/platform/id";
import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import type { CloseReason, HostUsageFact, SampleCounter, UsageWindowRow } from "./types";

/** A migration's arrival is joined to the run before it when that ended at most this long ago. */
const CONTINUATION_SECONDS = 120;
/** Clocks and rounding: a start this little after the last confirmed moment is the same run seen late. */
const RESTART_TOLERANCE_MS = 1_500;

/** All running facts as one relation `seen`, and the hosts as `hosts`. */
function facts(context: Context, input: readonly HostUsageFact[]): SQL {
  const hosts = input.map((fact) => ({ host_id: fact.hostId, confirmed: fact.confirmedThrough.toISOString(), previous: fact.previouslyConfirmedThrough?.toISOString() ?? null }));
  const seen = input.flatMap((fact) =>
    fact.running.map((run) => ({
      new_id: mintId("usageWindow", context),
      instance_id: run.instanceId,
      host_id: fact.hostId,
      confirmed: fact.confirmedThrough.toISOString(),
      previous: fact.previouslyConfirmedThrough?.toISOString() ?? null,
      since: run.since?.toISOString() ?? null,
      continues: run.continues,
    })),
  );
  return sql`hosts as (select * from jsonb_to_recordset(${JSON.stringify(hosts)}::jsonb) as h(host_id text, confirmed timestamptz, previous timestamptz)),
    seen as (select * from jsonb_to_recordset(${JSON.stringify(seen)}::jsonb) as s(new_id text, instance_id text, host_id text, confirmed timestamptz, previous timestamptz, since timestamptz, continues boolean))`;
}

/** Ends the windows of runs that their host shows no longer, or shows as started anew. */
export async function closeEndedRuns(tx: Transaction, context: Context, input: readonly HostUsageFact[]): Promise<void> {
  const now = context.clock.now().toISOString();
  await tx.execute(sql`
    with ${facts(context, input)}
    update usage_window w set closed_at = ${now}, ended_at = greatest(w.ended_at, h.previous), closed_reason = 'stopped'
    from hosts h
    where w.meter = 'instance' and w.closed_at is null and w.host_id = h.host_id
      and not exists (select 1 from seen s where s.instance_id = w.resource_id)`);
  await tx.execute(sql`
    with ${facts(context, input)}
    update usage_window w set closed_at = ${now}, ended_at = greatest(w.ended_at, least(s.previous, s.since)), closed_reason = 'restarted'
    from seen s
    where w.meter = 'instance' and w.closed_at is null and w.resource_id = s.instance_id and not s.continues
      and s.since > greatest(w.ended_at, w.started_at) + ${RESTART_TOLERANCE_MS} * interval '1 millisecond'`);
}

/** Ends the windows of runs whose new size is seen now; the next window begins at the same moment. */
export async function cutResizedRuns(tx: Transaction, context: Context, input: readonly HostUsageFact[]): Promise<void> {
  await tx.execute(sql`
    with ${facts(context, input)}
    update usage_window w set closed_at = ${context.clock.now().toISOString()}, ended_at = greatest(w.ended_at, s.confirmed), closed_reason = 'resized'
    from seen s join instance i on i.id = s.instance_id join instance_observation o on o.instance_id = i.id
    where w.meter = 'instance' and w.closed_at is null and w.resource_id = s.instance_id
      and w.flavor_id <> i.flavor_id and o.vcpus = i.vcpus and o.memory_mib = i.memory_mib`);
}

/** Confirms the windows of runs that go on, wherever they run now. */
export async function extendRuns(tx: Transaction, context: Context, input: readonly HostUsageFact[]): Promise<void> {
  await tx.execute(sql`
    with ${facts(context, input)}
    update usage_window w set ended_at = greatest(w.ended_at, s.confirmed), host_id = s.host_id
    from seen s where w.meter = 'instance' and w.closed_at is null and w.resource_id = s.instance_id
      and (w.ended_at < s.confirmed or w.host_id is distinct from s.host_id)`);
}

/** Opens windows for runs that have none: from their start, never over an earlier window. */
export async function openRuns(tx: Transaction, context: Context, input: readonly HostUsageFact[]): Promise<void> {
  await tx.execute(sql`
    with ${facts(context, input)},
    fresh as (
      select s.*, (select max(p.ended_at) from usage_window p where p.resource_id = s.instance_id and p.meter = 'instance') as last_end,
        (select p.closed_reason from usage_window p where p.resource_id = s.instance_id and p.meter = 'instance' order by p.ended_at desc, p.started_at desc limit 1) as last_reason
      from seen s
      -- Not "not exists": as a join it is planned without the index while the table's statistics are young, a scan for each row.
      where (select w.id from usage_window w where w.resource_id = s.instance_id and w.meter = 'instance' and w.closed_at is null limit 1) is null
    )
    insert into usage_window (id, organization_id, meter, resource_id, instance_id, flavor_id, class, quantity, vcpus, memory_mib, host_id, started_at, ended_at, created_at)
    select f.new_id, i.organization_id, 'instance', i.id, i.id, i.flavor_id, fl.class, 1, i.vcpus, i.memory_mib, f.host_id,
      least(f.confirmed, case
        when f.last_end is not null and (f.last_reason = 'resized' or f.continues) and f.last_end > f.confirmed - ${CONTINUATION_SECONDS} * interval '1 second' then f.last_end
        else greatest(coalesce(f.since, f.confirmed), coalesce(f.last_end, '-infinity')) end),
      f.confirmed, ${context.clock.now().toISOString()}
    from fresh f join instance i on i.id = f.instance_id join flavor fl on fl.id = i.flavor_id
    where f.last_end is null or f.last_end <= f.confirmed
    on conflict do nothing`);
}

/** Ends every open run of a host at its last word. */
export async function closeRunsOfHost(tx: Transaction, context: Context, hostId: string, lastWord: Date | null, reason: CloseReason): Promise<void> {
  await tx.execute(sql`
    update usage_window set closed_at = ${context.clock.now().toISOString()}, ended_at = greatest(ended_at, ${lastWord?.toISOString() ?? null}::timestamptz), closed_reason = ${reason}
    where meter = 'instance' and closed_at is null and host_id = ${hostId}`);
}

/** Opens, confirms and ends the windows of volumes and addresses, from our own records of them. */
export async function meterHeld(tx: Transaction, context: Context, now: Date): Promise<void> {
  const at = now.toISOString();
  // What is held: its owner, units, and from when to when (null: still).
  const held = sql`held as (
    select 'storage' as meter, v.id as resource_id, v.organization_id, v.instance_id, v.size_gib::bigint as quantity, v.present_since as since, v.removed_at as until
      from volume v where v.kind <> 'seed' and v.present_since is not null
    union all
    select 'address', a.id, a.organization_id, a.instance_id, 1, a.created_at, a.released_at from address a)`;
  await tx.execute(sql`
    with ${held}
    update usage_window w set
      ended_at = greatest(w.ended_at, least(coalesce(h.until, ${at}), ${at}::timestamptz)),
      closed_at = case when h.until <= ${at} or h.quantity <> w.quantity then ${at}::timestamptz end,
      closed_reason = case when h.until <= ${at} then 'deleted' when h.quantity <> w.quantity then 'resized' end
    from held h
    where w.meter = h.meter and w.resource_id = h.resource_id and w.closed_at is null`);
  const fresh = await tx.execute<{ meter: string; resource_id: string }>(sql`
    with ${held}
    select h.meter, h.resource_id from held h
    where not exists (select 1 from usage_window w where w.meter = h.meter and w.resource_id = h.resource_id and w.closed_at is null)
      and not exists (select 1 from usage_window w where w.meter = h.meter and w.resource_id = h.resource_id and h.until is not null and w.ended_at >= h.until)
      and (h.until is null or h.until > h.since)`);
  if (fresh.rows.length === 0) return;
  const rows = fresh.rows.map((row) => ({ new_id: mintId("usageWindow", context), meter: row.meter, resource_id: row.resource_id }));
  await tx.execute(sql`
    with ${held}, ids as (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(new_id text, meter text, resource_id text)),
    opened as (
      select i.new_id, h.*, greatest(h.since, coalesce((select max(w.ended_at) from usage_window w where w.meter = h.meter and w.resource_id = h.resource_id), '-infinity')) as started
      from ids i join held h on h.meter = i.meter and h.resource_id = i.resource_id)
    insert into usage_window (id, organization_id, meter, resource_id, instance_id, quantity, started_at, ended_at, closed_at, closed_reason, created_at)
    select o.new_id, o.organization_id, o.meter, o.resource_id, o.instance_id, o.quantity, o.started, greatest(o.started, least(coalesce(o.until, ${at}), ${at}::timestamptz)),
      case when o.until <= ${at} then ${at}::timestamptz end, case when o.until <= ${at} then 'deleted' end, ${at}
    from opened o where o.started <= ${at}
    on conflict do nothing`);
}

/** Turns counters into one row a minute and instance; the same minute again changes nothing but its last value. */
export async function writeSamples(tx: Transaction, counters: readonly SampleCounter[]): Promise<void> {
  const rows = counters.map((c) => ({
    instance_id: c.instanceId, organization_id: c.organizationId, at: c.at.toISOString(), epoch: c.epoch,
    cpu: c.cpuTimeNs.toString(), delay: c.cpuDelayNs.toString(), memory: c.memoryUsedMiB,
    disk_read: c.diskReadBytes.toString(), disk_written: c.diskWrittenBytes.toString(), net_received: c.netReceivedBytes.toString(), net_sent: c.netSentBytes.toString(),
  }));
  const recent = sql`c as (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(instance_id text, organization_id text, at timestamptz, epoch bigint,
    cpu numeric, delay numeric, memory int, disk_read numeric, disk_written numeric, net_received numeric, net_sent numeric))`;
  await tx.execute(sql`
    with ${recent}
    insert into sample (organization_id, instance_id, minute, cpu_millicores, cpu_steal_millicores, memory_used_mib, disk_read_bps, disk_written_bps, net_received_bps, net_sent_bps)
    select c.organization_id, c.instance_id, date_trunc('minute', c.at), round((c.cpu - p.cpu_time_ns::numeric) / s.seconds / 1e6)::int,
      greatest(0, round((c.delay - p.cpu_delay_ns::numeric) / s.seconds / 1e6))::int, c.memory,
      greatest(0, c.disk_read - p.disk_read_bytes::numeric) / s.seconds, greatest(0, c.disk_written - p.disk_written_bytes::numeric) / s.seconds,
      greatest(0, c.net_received - p.net_received_bytes::numeric) / s.seconds, greatest(0, c.net_sent - p.net_sent_bytes::numeric) / s.seconds
    from c join sample_counter p on p.instance_id = c.instance_id
      cross join lateral (select extract(epoch from c.at - p.at)::numeric as seconds) s
    where s.seconds >= 1 and p.epoch is not distinct from c.epoch and c.cpu >= p.cpu_time_ns::numeric
    on conflict (instance_id, minute) do nothing`);
  await tx.execute(sql`
    with ${recent}
    insert into sample_counter (instance_id, organization_id, at, epoch, cpu_time_ns, cpu_delay_ns, disk_read_bytes, disk_written_bytes, net_received_bytes, net_sent_bytes)
    select instance_id, organization_id, at, epoch, cpu, delay, disk_read, disk_written, net_received, net_sent from c
    on conflict (instance_id) do update set at = excluded.at, epoch = excluded.epoch, cpu_time_ns = excluded.cpu_time_ns, cpu_delay_ns = excluded.cpu_delay_ns,
      disk_read_bytes = excluded.disk_read_bytes, disk_written_bytes = excluded.disk_written_bytes, net_received_bytes = excluded.net_received_bytes, net_sent_bytes = excluded.net_sent_bytes
    where sample_counter.at < excluded.at`);
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

export interface SampleRow {
  readonly minute: Date;
  readonly cpuMillicores: number;
  readonly cpuStealMillicores: number;
  readonly memoryUsedMiB: number | null;
  readonly diskReadBytesPerSecond: number;
  readonly diskWrittenBytesPerSecond: number;
  readonly netReceivedBytesPerSecond: number;
  readonly netSentBytesPerSecond: number;
}

/** One instance's samples in [from, to), oldest first, at most `limit`. */
export async function selectSamples(tx: Transaction, organizationId: string, instanceId: string, from: Date, to: Date, limit: number): Promise<SampleRow[]> {
  const rows = await tx.execute<Record<string, string | null>>(sql`
    select * from sample where organization_id = ${organizationId} and instance_id = ${instanceId} and minute >= ${from.toISOString()} and minute < ${to.toISOString()} order by minute limit ${limit}`);
  return rows.rows.map((row) => ({
    minute: new Date(String(row["minute"])), cpuMillicores: Number(row["cpu_millicores"]), cpuStealMillicores: Number(row["cpu_steal_millicores"]),
    memoryUsedMiB: row["memory_used_mib"] === null ? null : Number(row["memory_used_mib"]),
    diskReadBytesPerSecond: Number(row["disk_read_bps"]), diskWrittenBytesPerSecond: Number(row["disk_written_bps"]),
    netReceivedBytesPerSecond: Number(row["net_received_bps"]), netSentBytesPerSecond: Number(row["net_sent_bps"]),
  }));
}

export interface DemandRow {
  readonly instanceId: string;
  /** CPU used and waited for, thousandths of a core: mean, standard deviation, and the mean of the last `recentMinutes`. */
  readonly cpuMillicores: number;
  readonly cpuSpreadMillicores: number;
  readonly recentCpuMillicores: number;
  readonly stealMillicores: number;
  readonly memoryUsedMiB: number | null;
  readonly minutes: number;
}

/** What each instance of a cluster wanted in [from, to), from its samples; those without samples are left out. */
export async function selectDemand(tx: Transaction, clusterId: string, from: Date, to: Date, recentMinutes: number): Promise<DemandRow[]> {
  const recent = new Date(to.getTime() - recentMinutes * 60_000).toISOString();
  const rows = await tx.execute<Record<string, string | null>>(sql`
    select s.instance_id, avg(s.cpu_millicores + s.cpu_steal_millicores) as mean, coalesce(stddev_pop(s.cpu_millicores + s.cpu_steal_millicores), 0) as spread,
      coalesce(avg(s.cpu_millicores + s.cpu_steal_millicores) filter (where s.minute >= ${recent}), avg(s.cpu_millicores + s.cpu_steal_millicores)) as recent,
      avg(s.cpu_steal_millicores) as steal, max(s.memory_used_mib) as memory, count(*) as minutes
    from sample s join instance i on i.id = s.instance_id
    where i.cluster_id = ${clusterId} and s.minute >= ${from.toISOString()} and s.minute < ${to.toISOString()} group by 1`);
  return rows.rows.map((row) => ({
    instanceId: String(row["instance_id"]),
    cpuMillicores: Number(row["mean"]),
    cpuSpreadMillicores: Number(row["spread"]),
    recentCpuMillicores: Number(row["recent"]),
    stealMillicores: Number(row["steal"]),
    memoryUsedMiB: row["memory"] === null ? null : Number(row["memory"]),
    minutes: Number(row["minutes"]),
  }));
}

/** Means of a cluster's whole CPU demand in steps, oldest first; steps without any sample are null. Thousandths of a core. */
export async function selectClusterHistory(tx: Transaction, clusterId: string, from: Date, steps: number, stepSeconds: number): Promise<(number | null)[]> {
  const to = new Date(from.getTime() + steps * stepSeconds * 1_000);
  const rows = await tx.execute<{ step: string; mean: string }>(sql`
    select step, avg(total) as mean from (
      select floor((extract(epoch from s.minute) - ${from.getTime() / 1_000}) / ${stepSeconds})::int as step, s.minute, sum(s.cpu_millicores + s.cpu_steal_millicores) as total
      from sample s join instance i on i.id = s.instance_id
      where i.cluster_id = ${clusterId} and s.minute >= ${from.toISOString()} and s.minute < ${to.toISOString()} group by 1, 2) m
    group by 1 order by 1`);
  const means = new Map(rows.rows.map((row) => [Number(row.step), Number(row.mean)]));
  return Array.from({ length: steps }, (_, step) => means.get(step) ?? null);
}
