import { eq, sql, type SQL } from "drizzle-orm";
import { instanceObservation } from "@/db/schema/compute";
import { textOf, wordsOf, type Said, type Words } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import type { InstancePhase, ObservationChange, ObservationInput, ObservationRow } from "../types";

/** States in which a QEMU process exists. */
const LIVE = sql.raw(`('running', 'paused', 'shutting-down', 'suspended')`);

/** One field of all rows as an array parameter: Postgres knows its length, and joins thousands of rows by hash instead of one by one. */
function list<K extends keyof ObservationInput>(rows: readonly ObservationInput[], field: K): SQL {
  return sql`${sql.param(rows.map((row) => {
    const value: unknown = row[field] ?? null;
    return value instanceof Date ? value.toISOString() : value;
  }))}`;
}

/** One statement for any number of rows; the snapshot taken before it tells what changed. */
export async function upsertObservations(tx: Transaction, rows: readonly ObservationInput[]): Promise<ObservationChange[]> {
  const result = await tx.execute<{ instanceId: string; organizationId: string; before: ObservationChange["before"]; after: ObservationChange["after"] }>(sql`
    with told as (
      select * from unnest(${list(rows, "instanceId")}::text[], ${list(rows, "hostId")}::text[], ${list(rows, "state")}::text[], ${list(rows, "reason")}::text[], ${list(rows, "epoch")}::bigint[],
        ${list(rows, "vcpus")}::int[], ${list(rows, "memoryMiB")}::int[], ${list(rows, "observedAt")}::timestamptz[], ${list(rows, "runningSince")}::timestamptz[],
        ${list(rows, "bootGeneration")}::int[], ${list(rows, "rebuildGeneration")}::int[], ${list(rows, "agentSeenAt")}::timestamptz[])
        as r("instanceId", "hostId", state, reason, epoch, vcpus, "memoryMiB", "observedAt", "runningSince", "bootGeneration", "rebuildGeneration", "agentSeenAt")
    ), known as (
      select o.instance_id, o.state from instance_observation o where o.instance_id in (select "instanceId" from told)
    ), written as (
      insert into instance_observation as o (instance_id, organization_id, host_id, state, reason, epoch, vcpus, memory_mib, boot_generation, rebuild_generation, running_since, observed_at, agent_seen_at)
      select i.id, i.organization_id, t."hostId", t.state, t.reason, t.epoch, t.vcpus, t."memoryMiB", coalesce(t."bootGeneration", 0), coalesce(t."rebuildGeneration", 0), t."runningSince", t."observedAt", t."agentSeenAt"
      from told t join instance i on i.id = t."instanceId" order by i.id
      on conflict (instance_id) do update set
        host_id = excluded.host_id, state = excluded.state, reason = excluded.reason, epoch = coalesce(excluded.epoch, o.epoch),
        vcpus = coalesce(excluded.vcpus, o.vcpus), memory_mib = coalesce(excluded.memory_mib, o.memory_mib),
        boot_generation = greatest(o.boot_generation, excluded.boot_generation), rebuild_generation = greatest(o.rebuild_generation, excluded.rebuild_generation),
        running_since = case when excluded.state in ${LIVE} then coalesce(excluded.running_since, case when o.state in ${LIVE} then o.running_since end, excluded.observed_at) end,
        observed_at = excluded.observed_at, agent_seen_at = greatest(o.agent_seen_at, excluded.agent_seen_at)
      where o.observed_at <= excluded.observed_at and (o.epoch is null or excluded.epoch is null or excluded.epoch >= o.epoch)
      returning o.instance_id, o.organization_id, o.state
    )
    select w.instance_id as "instanceId", w.organization_id as "organizationId", k.state as before, w.state as after
    from written w left join known k using (instance_id) where k.state is distinct from w.state`);
  return result.rows.map(({ instanceId, organizationId, before, after }) => ({ instanceId, organizationId, before, after }));
}

/** Sets the phase where it is another one; answers those. A row made here was never confirmed by a host: its time is 1970. */
export async function upsertPhase(
  tx: Transaction,
  instanceIds: readonly string[],
  phase: InstancePhase | null,
  waiting: ObservationRow["waiting"],
  at: Date,
): Promise<{ readonly instanceId: string; readonly organizationId: string; readonly before: InstancePhase | null }[]> {
  const waitingJson = waiting === null ? sql`null::jsonb` : sql`${JSON.stringify(waiting)}::jsonb`;
  const result = await tx.execute<{ instanceId: string; organizationId: string; before: InstancePhase | null }>(sql`
    with known as (select o.instance_id, o.phase from instance_observation o where o.instance_id = any(${sql.param([...instanceIds])}::text[])),
    written as (
      insert into instance_observation as o (instance_id, organization_id, state, observed_at, phase, phase_changed_at, waiting)
      select i.id, i.organization_id, 'absent', 'epoch', ${phase}, ${at.toISOString()}, ${waitingJson}
      from instance i where i.id = any(${sql.param([...instanceIds])}::text[]) order by i.id
      on conflict (instance_id) do update set phase = excluded.phase, waiting = excluded.waiting,
        phase_changed_at = case when o.phase is distinct from excluded.phase then excluded.phase_changed_at else o.phase_changed_at end
      where o.phase is distinct from excluded.phase or o.waiting is distinct from excluded.waiting
      returning o.instance_id, o.organization_id
    )
    select w.instance_id as "instanceId", w.organization_id as "organizationId", k.phase as before from written w left join known k using (instance_id)`);
  return result.rows.map(({ instanceId, organizationId, before }) => ({ instanceId, organizationId, before }));
}

export interface AppliedSizes {
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
}

/** Writes that a generation is applied and that nothing is wrong with it; false when it was known already. */
export async function updateApplied(tx: Transaction, instanceId: string, organizationId: string, generation: number, sizes: AppliedSizes): Promise<boolean> {
  const result = await tx.execute(sql`
    insert into instance_observation as o (instance_id, organization_id, state, observed_at, applied_generation, vcpus, memory_mib, disk_gib)
    values (${instanceId}, ${organizationId}, 'absent', 'epoch', ${generation}, ${sizes.vcpus}, ${sizes.memoryMiB}, ${sizes.diskGiB})
    on conflict (instance_id) do update set applied_generation = excluded.applied_generation, vcpus = excluded.vcpus, memory_mib = excluded.memory_mib,
      disk_gib = excluded.disk_gib, pending_boot_reason = null, pending_boot_words = null, failures = 0, last_error = null, last_error_words = null, last_error_at = null, retry_after = null
    where o.applied_generation <= excluded.applied_generation and (o.applied_generation, o.failures, o.vcpus, o.memory_mib, o.disk_gib, o.pending_boot_reason, o.last_error)
      is distinct from (excluded.applied_generation, 0, excluded.vcpus, excluded.memory_mib, excluded.disk_gib, null::text, null::text)`);
  return result.rowCount === 1;
}

/** A null of its own type: Postgres must not take it for a json null. */
const jsonOf = (words: Words[] | null): SQL => (words === null ? sql`null::jsonb` : sql`${JSON.stringify(words)}::jsonb`);

/** False when the same reason stands already. */
export async function updatePendingBoot(tx: Transaction, instanceId: string, said: Said, diskGiB: number | null): Promise<boolean> {
  const reason = textOf(said);
  const result = await tx.execute(sql`
    update instance_observation set pending_boot_reason = ${reason}, pending_boot_words = ${jsonOf(wordsOf(said))}, disk_gib = coalesce(${diskGiB}::int, disk_gib), failures = 0, last_error = null, last_error_words = null, last_error_at = null, retry_after = null
    where instance_id = ${instanceId} and (pending_boot_reason is distinct from ${reason} or failures > 0 or (${diskGiB}::int is not null and disk_gib is distinct from ${diskGiB}::int))`);
  return result.rowCount === 1;
}

/** Counts a failure; `retryAfterMs` is computed from the count that was. Answers the new count, null when there is no such instance. */
export async function updateFailure(tx: Transaction, instanceId: string, error: Said, at: Date, backoffMs: (failures: number) => number): Promise<number | null> {
  await tx.execute(sql`
    insert into instance_observation (instance_id, organization_id, state, observed_at)
    select i.id, i.organization_id, 'absent', 'epoch' from instance i where i.id = ${instanceId} on conflict do nothing`);
  const before = await tx.select({ failures: instanceObservation.failures }).from(instanceObservation).where(eq(instanceObservation.instanceId, instanceId)).for("update");
  const row = before[0];
  if (!row) return null;
  const failures = row.failures + 1;
  await tx
    .update(instanceObservation)
    .set({ failures, lastError: textOf(error), lastErrorWords: wordsOf(error), lastErrorAt: at, retryAfter: new Date(at.getTime() + backoffMs(failures)) })
    .where(eq(instanceObservation.instanceId, instanceId));
  return failures;
}

export async function countCrash(tx: Transaction, crash: { readonly instanceId: string; readonly generation: number; readonly epoch: number; readonly crashedAt: Date; readonly windowMs: number }): Promise<boolean> {
  const at = crash.crashedAt.toISOString();
  const goesOn = sql`crash_generation = ${crash.generation} and crashes_since > ${at}::timestamptz - ${crash.windowMs} * interval '1 millisecond'`;
  const result = await tx.execute(sql`
    update instance_observation set crashed_at = ${at}, crash_generation = ${crash.generation},
      crashes = case when ${goesOn} then crashes + 1 else 1 end, crashes_since = case when ${goesOn} then crashes_since else ${at}::timestamptz end
    where instance_id = ${crash.instanceId} and state = 'crashed' and epoch = ${crash.epoch} and observed_at = ${at}
      and (crashed_at is null or crashed_at < ${at} or crash_generation is distinct from ${crash.generation})`);
  return result.rowCount === 1;
}

/** The few fields that tell whether a host's word is news. */
export interface ObservedRow {
  readonly instanceId: string;
  readonly organizationId: string;
  readonly hostId: string | null;
  readonly state: ObservationRow["state"];
  readonly reason: string;
  readonly epoch: number | null;
  readonly vcpus: number | null;
  readonly memoryMiB: number | null;
  readonly runningSince: Date | null;
  readonly phase: InstancePhase | null;
  /** Higher starts first, among the machines of one organization. */
  readonly haPriority: number;
}

/** Rows of instances that are not purged; narrow on purpose, because it is read every second. */
export async function selectObserved(tx: Transaction): Promise<ObservedRow[]> {
  // Rows by hand: the query builder's mapping of ten thousand rows costs more than the query.
  const result = await tx.execute<{ id: string; org: string; host: string | null; state: ObservedRow["state"]; reason: string; epoch: string | null; vcpus: number | null; memory: number | null; since: string | null; phase: InstancePhase | null; priority: number }>(sql`
    select o.instance_id as id, o.organization_id as org, o.host_id as host, o.state, o.reason, o.epoch, o.vcpus, o.memory_mib as memory, o.running_since as since, o.phase, i.ha_priority as priority
    from instance_observation o join instance i on i.id = o.instance_id where i.purged_at is null`);
  return result.rows.map((row) => ({
    instanceId: row.id,
    organizationId: row.org,
    hostId: row.host,
    state: row.state,
    reason: row.reason,
    epoch: row.epoch === null ? null : Number(row.epoch),
    vcpus: row.vcpus,
    memoryMiB: row.memory,
    runningSince: row.since === null ? null : new Date(row.since),
    phase: row.phase,
    haPriority: row.priority,
  }));
}

export interface UnsettledRow {
  readonly instanceId: string;
  /** Changes whenever something of the instance changes that a decision about it could depend on. */
  readonly version: string;
  readonly organizationId: string;
  /** Higher starts first, among the machines of one organization. */
  readonly haPriority: number;
}

/** Instances for which desired and observed differ, or something waits to be done; false alarms are harmless. */
export async function selectUnsettled(tx: Transaction): Promise<UnsettledRow[]> {
  const result = await tx.execute<{ instanceId: string; version: string; organizationId: string; haPriority: number }>(sql`
    select i.id as "instanceId", i.organization_id as "organizationId", i.ha_priority as "haPriority", concat_ws('/', i.generation, o.state, o.reason, o.host_id, o.epoch, o.applied_generation, o.boot_generation, o.rebuild_generation,
        o.vcpus, o.memory_mib, o.failures, o.pending_boot_reason is null, i.purge_after <= now(), v.unfinished) as version
    from instance i left join instance_observation o on o.instance_id = i.id
      left join lateral (select string_agg(v.id || v.state, ',') as unfinished from volume v where v.instance_id = i.id and v.state in ('wanted', 'unwanted')) v on true
    where i.purged_at is null and (
      o.instance_id is null or o.applied_generation < i.generation or o.boot_generation < i.boot_generation
      or (i.desired_power = 'running' and o.state <> 'running') or (i.desired_power <> 'running' and o.state in ${LIVE}) or v.unfinished is not null)`);
  return result.rows.map(({ instanceId, version, organizationId, haPriority }) => ({ instanceId, version, organizationId, haPriority }));
}

/** Instances that should run and are not seen running, oldest first; few in a fleet at rest. */
export async function selectNotRunning(tx: Transaction, clusterId: string): Promise<string[]> {
  const result = await tx.execute<{ id: string }>(sql`
    select i.id from instance i left join instance_observation o on o.instance_id = i.id
    where i.cluster_id = ${clusterId} and i.desired_power = 'running' and i.deleted_at is null and i.purged_at is null and (o.state is null or o.state <> 'running')
    order by i.created_at`);
  return result.rows.map((row) => row.id);
}
