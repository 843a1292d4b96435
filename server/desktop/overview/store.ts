import { sql } from "drizzle-orm";
import type { Transaction } from "@/server/platform/transaction";
import type { DesktopState, Given } from "../types";

/** Half of them took no longer, and nineteen of twenty took no longer; null where there was none. */
export interface Spread {
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
}

const spread = (value: ReturnType<typeof sql>) => sql`count(${value})::int as count, percentile_cont(0.5) within group (order by ${value}) as p50, percentile_cont(0.95) within group (order by ${value}) as p95`;
const waitMs = sql`(extract(epoch from s.ready_at - s.asked_at) * 1000)`;

function toSpread(row: { readonly count: number; readonly p50: number | null; readonly p95: number | null } | undefined): Spread {
  return { count: row?.count ?? 0, p50: row?.p50 ?? null, p95: row?.p95 ?? null };
}

type SpreadRow = { count: number; p50: number | null; p95: number | null };

/** From asking to being able to open, by what people were given. */
export async function selectWaits(tx: Transaction, since: Date): Promise<{ readonly given: Given; readonly spread: Spread }[]> {
  const { rows } = await tx.execute<SpreadRow & { given: Given }>(sql`select s.given, ${spread(waitMs)} from desktop_session s where s.asked_at >= ${since.toISOString()} and s.ready_at is not null group by s.given order by s.given`);
  return rows.map((row) => ({ given: row.given, spread: toSpread(row) }));
}

/** What people's pages measured: until the first picture, and the round trip. */
export async function selectFeel(tx: Transaction, since: Date): Promise<{ readonly connectMs: Spread; readonly latencyMs: Spread }> {
  const of = async (column: ReturnType<typeof sql>): Promise<Spread> => toSpread((await tx.execute<SpreadRow>(sql`select ${spread(column)} from desktop_session s where s.asked_at >= ${since.toISOString()}`)).rows[0]);
  return { connectMs: await of(sql`s.connect_ms`), latencyMs: await of(sql`s.latency_ms`) };
}

/** Log-ons and openings by the minute; minutes without either are left out. */
export async function selectMinutes(tx: Transaction, since: Date): Promise<{ readonly minute: Date; readonly asked: number; readonly ready: number }[]> {
  const { rows } = await tx.execute<{ minute: string; asked: number; ready: number }>(sql`
    select minute, sum(asked)::int as asked, sum(ready)::int as ready from (
      select date_trunc('minute', asked_at) as minute, 1 as asked, 0 as ready from desktop_session where asked_at >= ${since.toISOString()}
      union all select date_trunc('minute', ready_at), 0, 1 from desktop_session where ready_at >= ${since.toISOString()}
    ) moments group by minute order by minute`);
  return rows.map((row) => ({ minute: new Date(row.minute), asked: row.asked, ready: row.ready }));
}

/**
 * People without a desktop, and machines of desktops that should run and do not: `waiting` has no place on a host yet, `admitted` has one and
 * is on the way up.
 */
export async function selectStorm(tx: Transaction): Promise<{ readonly queued: number; readonly waiting: number; readonly admitted: number }> {
  const { rows } = await tx.execute<{ queued: number; waiting: number; admitted: number }>(sql`
    select (select count(*)::int from desktop_session where ended_at is null and desktop_id is null) as queued,
      count(*) filter (where a.instance_id is null)::int as waiting, count(*) filter (where a.instance_id is not null)::int as admitted
    from desktop d join instance i on i.id = d.instance_id left join instance_observation o on o.instance_id = i.id left join allocation a on a.instance_id = i.id
    where d.state <> 'retired' and i.deleted_at is null and i.desired_power = 'running' and coalesce(o.state, 'absent') <> 'running'`);
  return rows[0] ?? { queued: 0, waiting: 0, admitted: 0 };
}

export interface HostDensity {
  readonly hostId: string;
  readonly hostName: string;
  readonly clusterName: string;
  readonly state: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly desktops: number;
  readonly inSession: number;
  readonly desktopMemoryMiB: number;
}

/** Desktops that have their place on each host; hosts without one are listed too. */
export async function selectDensity(tx: Transaction): Promise<HostDensity[]> {
  const { rows } = await tx.execute<{ host_id: string; host_name: string; cluster_name: string; state: string; cores: number; memory_mib: number; desktops: number; in_session: number; desktop_memory_mib: number }>(sql`
    select h.id as host_id, h.name as host_name, c.name as cluster_name, h.state, h.cores, h.memory_mib, count(d.id)::int as desktops, count(d.id) filter (where d.state = 'in-session')::int as in_session,
      coalesce(sum(a.memory_mib) filter (where d.id is not null), 0)::int as desktop_memory_mib
    from host h join cluster c on c.id = h.cluster_id left join allocation a on a.host_id = h.id left join desktop d on d.instance_id = a.instance_id and d.state <> 'retired'
    where h.state <> 'retired' group by h.id, h.name, c.name, h.state, h.cores, h.memory_mib order by c.name, h.name`);
  return rows.map((row) => ({ hostId: row.host_id, hostName: row.host_name, clusterName: row.cluster_name, state: row.state, cores: row.cores, memoryMiB: row.memory_mib, desktops: row.desktops, inSession: row.in_session, desktopMemoryMiB: row.desktop_memory_mib }));
}

export interface PoolHealth {
  readonly poolId: string;
  readonly poolName: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly counts: Readonly<Partial<Record<DesktopState, number>>>;
  readonly maximum: number;
  readonly queued: number;
  readonly waitMs: Spread;
  readonly troubleCode: string | null;
  readonly troubleText: string | null;
}

/** Every pool with what stands in it and how long people waited; those with trouble first, then the slowest. */
export async function selectPoolHealth(tx: Transaction, since: Date): Promise<PoolHealth[]> {
  const { rows } = await tx.execute<SpreadRow & { pool_id: string; pool_name: string; organization_id: string; organization_name: string; counts: Partial<Record<DesktopState, number>> | null; maximum: number; queued: number; trouble_code: string | null; trouble_text: string | null }>(sql`
    select p.id as pool_id, p.name as pool_name, o.id as organization_id, o.name as organization_name, p.maximum, p.trouble_code, p.trouble_text,
      (select jsonb_object_agg(state, n) from (select state, count(*)::int as n from desktop d where d.pool_id = p.id and d.state <> 'retired' group by state) held) as counts,
      (select count(*)::int from desktop_session q where q.pool_id = p.id and q.ended_at is null and q.desktop_id is null) as queued,
      w.count, w.p50, w.p95
    from desktop_pool p join organization o on o.id = p.organization_id
    left join lateral (select ${spread(waitMs)} from desktop_session s where s.pool_id = p.id and s.asked_at >= ${since.toISOString()} and s.ready_at is not null) w on true
    where p.deleted_at is null order by p.trouble_code is null, w.p95 desc nulls last, p.name limit 200`);
  return rows.map((row) => ({
    poolId: row.pool_id, poolName: row.pool_name, organizationId: row.organization_id, organizationName: row.organization_name, counts: row.counts ?? {}, maximum: row.maximum, queued: row.queued, waitMs: toSpread(row),
    troubleCode: row.trouble_code, troubleText: row.trouble_text,
  }));
}

export interface FactoryRow {
  readonly versionId: string;
  readonly organizationName: string;
  readonly goldenImageName: string;
  readonly number: number;
  readonly state: "checking" | "checked" | "published" | "failed" | "retired";
  readonly createdAt: Date;
  readonly checkStartedAt: Date | null;
  readonly checkedAt: Date | null;
  readonly failure: string | null;
  /** Pools that stand on it. */
  readonly pools: number;
}

/** Golden versions that are being checked, wait to be published, failed, or are in use; those under way first, then the newest. */
export async function selectFactory(tx: Transaction): Promise<FactoryRow[]> {
  const { rows } = await tx.execute<{ version_id: string; organization_name: string; golden_image_name: string; number: number; state: FactoryRow["state"]; created_at: string; check_started_at: string | null; checked_at: string | null; failure: string | null; pools: number }>(sql`
    select v.id as version_id, o.name as organization_name, g.name as golden_image_name, v.number, v.state, v.created_at, v.check_started_at, v.checked_at,
      case when v.state = 'failed' then coalesce(v.check_detail ->> 'code', v.check_detail ->> 'reason') end as failure,
      (select count(*)::int from desktop_pool p where p.version_id = v.id and p.deleted_at is null) as pools
    from golden_version v join golden_image g on g.id = v.golden_image_id join organization o on o.id = v.organization_id
    where g.retired_at is null and v.state <> 'retired' order by v.state <> 'checking', v.created_at desc limit 50`);
  const moment = (value: string | null): Date | null => (value === null ? null : new Date(value));
  return rows.map((row) => ({
    versionId: row.version_id, organizationName: row.organization_name, goldenImageName: row.golden_image_name, number: row.number, state: row.state, createdAt: new Date(row.created_at), checkStartedAt: moment(row.check_started_at),
    checkedAt: moment(row.checked_at), failure: row.failure, pools: row.pools,
  }));
}
