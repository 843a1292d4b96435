import { and, asc, eq, gte, lt, sql } from "drizzle-orm";
import { sampleHour } from "@/db/schema/metering";
import type { Transaction } from "@/server/platform/transaction";
import type { SampleCounter } from "../types";
import type { HourlySample, MinuteSample } from "./types";

const MS_PER_SECOND = 1_000;
/** A year of hours. */
const MAX_HOURS = 8_784;

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

export interface HourlyDemandRows {
  /** By instance: hours since `from`, and what was wanted in them, thousandths of a core. */
  readonly instances: ReadonlyMap<string, readonly { readonly step: number; readonly cpuMillicores: number }[]>;
  /** The whole cluster: what was wanted, and what the instances that ran then were sold. */
  readonly cluster: readonly { readonly step: number; readonly cpuMillicores: number; readonly memoryMiB: number; readonly vcpus: number }[];
}

/** Hours of a cluster in [from, from + hours). Instances one by one only where there are at most `mostInstances` of them. */
export async function selectHourlyDemand(tx: Transaction, clusterId: string, from: Date, hours: number, mostInstances: number): Promise<HourlyDemandRows> {
  const to = new Date(from.getTime() + hours * 3_600_000);
  const step = sql`floor((extract(epoch from s.hour) - ${from.getTime() / 1_000}) / 3600)::int`;
  const within = sql`i.cluster_id = ${clusterId} and s.hour >= ${from.toISOString()} and s.hour < ${to.toISOString()}`;
  const cluster = await tx.execute<Record<string, string>>(sql`
    select ${step} as step, sum(s.cpu_millicores + s.cpu_steal_millicores) as cpu, sum(i.memory_mib) as memory, sum(i.vcpus) as vcpus
    from sample_hour s join instance i on i.id = s.instance_id where ${within} group by 1 order by 1`);
  const single = await tx.execute<{ instance_id: string; steps: number[]; cpu: number[] }>(sql`
    select s.instance_id, array_agg(${step} order by s.hour) as steps, array_agg(s.cpu_millicores + s.cpu_steal_millicores order by s.hour) as cpu
    from sample_hour s join instance i on i.id = s.instance_id
    where ${within} and i.deleted_at is null and (select count(*) from instance c where c.cluster_id = ${clusterId} and c.deleted_at is null) <= ${mostInstances}
    group by 1`);
  return {
    instances: new Map(single.rows.map((row) => [row.instance_id, row.steps.map((at, index) => ({ step: at, cpuMillicores: Number(row.cpu[index] ?? 0) }))])),
    cluster: cluster.rows.map((row) => ({ step: Number(row["step"]), cpuMillicores: Number(row["cpu"]), memoryMiB: Number(row["memory"]), vcpus: Number(row["vcpus"]) })),
  };
}

/**
 * Writes minutes as they are, in columns rather than rows: the quickest way in that still drops duplicates. Sorted by instance, because the
 * key of the table is, and neighbours in an index cost a fraction of leaps. Answers how many were new.
 */
export async function insertMinutes(tx: Transaction, rows: readonly MinuteSample[]): Promise<number> {
  const sorted = rows.toSorted((a, b) => (a.instanceId < b.instanceId ? -1 : a.instanceId > b.instanceId ? 1 : a.minute.getTime() - b.minute.getTime()));
  const texts = (pick: (row: MinuteSample) => string) => sql.param(sorted.map(pick));
  // The driver quotes and escapes each value of a list by itself; figures need neither.
  const figures = (pick: (row: MinuteSample) => number | null) => sql`${`{${sorted.map((row) => pick(row) ?? "NULL").join(",")}}`}`;
  const result = await tx.execute(sql`
    insert into sample (organization_id, instance_id, minute, cpu_millicores, cpu_steal_millicores, memory_used_mib, disk_read_bps, disk_written_bps, net_received_bps, net_sent_bps)
    select r.organization_id, r.instance_id, to_timestamp(r.seconds), r.cpu, r.steal, r.memory, r.disk_read, r.disk_written, r.net_received, r.net_sent
    from unnest(${texts((row) => row.organizationId)}::text[], ${texts((row) => row.instanceId)}::text[], ${figures((row) => row.minute.getTime() / MS_PER_SECOND)}::float8[],
      ${figures((row) => row.cpuMillicores)}::int[], ${figures((row) => row.cpuStealMillicores)}::int[], ${figures((row) => row.memoryUsedMiB)}::int[],
      ${figures((row) => row.diskReadBytesPerSecond)}::float8[], ${figures((row) => row.diskWrittenBytesPerSecond)}::float8[], ${figures((row) => row.netReceivedBytesPerSecond)}::float8[], ${figures((row) => row.netSentBytesPerSecond)}::float8[])
      as r(organization_id, instance_id, seconds, cpu, steal, memory, disk_read, disk_written, net_received, net_sent)
    on conflict (instance_id, minute) do nothing`);
  return result.rowCount ?? 0;
}

/** Sums the hours [from, to) up, again if they were before: a late minute finds its hour. Bytes are rates times a minute. */
export async function rollUpHours(tx: Transaction, from: Date, to: Date): Promise<number> {
  const result = await tx.execute(sql`
    insert into sample_hour (organization_id, instance_id, hour, minutes, cpu_millicores, cpu_millicores_max, cpu_steal_millicores, memory_used_mib, memory_used_mib_max, disk_read_bytes, disk_written_bytes, net_received_bytes, net_sent_bytes)
    select min(organization_id), instance_id, date_trunc('hour', minute), count(*), round(avg(cpu_millicores)), max(cpu_millicores), round(avg(cpu_steal_millicores)), round(avg(memory_used_mib)), max(memory_used_mib),
      round(sum(disk_read_bps) * 60), round(sum(disk_written_bps) * 60), round(sum(net_received_bps) * 60), round(sum(net_sent_bps) * 60)
    from sample where minute >= ${from.toISOString()} and minute < ${to.toISOString()} group by instance_id, date_trunc('hour', minute)
    on conflict (instance_id, hour) do update set minutes = excluded.minutes, cpu_millicores = excluded.cpu_millicores, cpu_millicores_max = excluded.cpu_millicores_max, cpu_steal_millicores = excluded.cpu_steal_millicores,
      memory_used_mib = excluded.memory_used_mib, memory_used_mib_max = excluded.memory_used_mib_max, disk_read_bytes = excluded.disk_read_bytes, disk_written_bytes = excluded.disk_written_bytes,
      net_received_bytes = excluded.net_received_bytes, net_sent_bytes = excluded.net_sent_bytes
    where sample_hour.minutes <= excluded.minutes`);
  return result.rowCount ?? 0;
}

/** The newest hour that was rolled up. */
export async function selectLastHour(tx: Transaction): Promise<Date | null> {
  const result = await tx.execute<{ hour: string | null }>(sql`select max(hour) as hour from sample_hour`);
  const hour = result.rows[0]?.hour;
  return hour ? new Date(hour) : null;
}

export async function selectFirstMinute(tx: Transaction): Promise<Date | null> {
  const result = await tx.execute<{ minute: string | null }>(sql`select min(minute) as minute from sample`);
  const minute = result.rows[0]?.minute;
  return minute ? new Date(minute) : null;
}

/** Days of a partitioned table from `first` on; the functions run with the owner's rights. */
export async function makeDays(tx: Transaction, table: "sample" | "usage_fact", first: Date, days: number): Promise<void> {
  await tx.execute(sql`select make_days(${table}, ${first.toISOString().slice(0, 10)}::date, ${days}::int)`);
}

/** Drops whole days before `first`. */
export async function dropDays(tx: Transaction, table: "sample" | "usage_fact", first: Date): Promise<void> {
  await tx.execute(sql`select drop_days(${table}, ${first.toISOString().slice(0, 10)}::date)`);
}

export async function selectHours(tx: Transaction, organizationId: string, instanceId: string, from: Date, to: Date): Promise<HourlySample[]> {
  return tx
    .select({
      hour: sampleHour.hour, minutes: sampleHour.minutes, cpuMillicores: sampleHour.cpuMillicores, cpuMillicoresMax: sampleHour.cpuMillicoresMax, cpuStealMillicores: sampleHour.cpuStealMillicores,
      memoryUsedMiB: sampleHour.memoryUsedMiB, memoryUsedMiBMax: sampleHour.memoryUsedMiBMax, diskReadBytes: sampleHour.diskReadBytes, diskWrittenBytes: sampleHour.diskWrittenBytes, netReceivedBytes: sampleHour.netReceivedBytes, netSentBytes: sampleHour.netSentBytes,
    })
    .from(sampleHour)
    .where(and(eq(sampleHour.organizationId, organizationId), eq(sampleHour.instanceId, instanceId), gte(sampleHour.hour, from), lt(sampleHour.hour, to)))
    .orderBy(asc(sampleHour.hour))
    .limit(MAX_HOURS);
}
