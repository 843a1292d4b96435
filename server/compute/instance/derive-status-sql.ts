import { sql, type SQL, type SQLWrapper } from "drizzle-orm";
import { ERROR_AFTER_FAILURES } from "./derive-status";
import type { InstanceStatus } from "./types";

/** The columns that the status is derived from, of `instance` and of the outer-joined observation. */
export interface StatusColumns {
  readonly desired: Readonly<Record<"desiredPower" | "generation" | "bootGeneration" | "rebuildGeneration" | "vcpus" | "memoryMiB" | "diskGiB" | "deletedAt" | "purgeAfter" | "purgedAt", SQLWrapper>>;
  readonly seen: Readonly<
    Record<"state" | "phase" | "appliedGeneration" | "bootGeneration" | "rebuildGeneration" | "vcpus" | "memoryMiB" | "diskGiB" | "pendingBootReason" | "failures", SQLWrapper>
  >;
}

/**
 * The rules of `deriveStatus` as one expression, so that a list can be filtered, sorted and counted by status without
 * reading every row. A test compares the two over random rows.
 */
export function statusSql({ desired, seen }: StatusColumns, now: Date): SQL<InstanceStatus> {
  const state = sql`coalesce(${seen.state}, 'absent')`;
  const rebuild = sql`coalesce(${seen.rebuildGeneration}, 0)`;
  const boot = sql`coalesce(${seen.bootGeneration}, 0)`;
  const failing = sql`coalesce(${seen.failures}, 0) >= ${ERROR_AFTER_FAILURES}`;
  const behind = sql`coalesce(${seen.appliedGeneration}, 0) < ${desired.generation}`;
  const live = sql`${state} in ('running', 'paused', 'shutting-down', 'suspended')`;
  const rebootDue = sql`(${boot} > 0 and ${boot} < ${desired.bootGeneration})`;
  const sizesDiffer = sql`(${seen.vcpus} <> ${desired.vcpus} or ${seen.memoryMiB} <> ${desired.memoryMiB} or ${seen.diskGiB} <> ${desired.diskGiB})`;
  return sql<InstanceStatus>`case
    when ${desired.purgedAt} is not null then 'deleted'
    when ${desired.deletedAt} is not null then case when ${live} or ${desired.purgeAfter} <= ${now.toISOString()}::timestamptz then 'deleting' else 'deleted' end
    when ${seen.phase} = 'recovering' then 'recovering'
    when ${seen.phase} = 'unreachable' or ${state} = 'unknown' then 'unreachable'
    when ${seen.phase} = 'migrating' and ${live} then 'migrating'
    when ${rebuild} > 0 and ${rebuild} < ${desired.rebuildGeneration} and (${desired.desiredPower} = 'running' or ${behind}) then 'rebuilding'
    when ${desired.desiredPower} = 'stopped' then case when not ${live} then 'stopped' when ${failing} then 'error' else 'stopping' end
    when ${desired.desiredPower} = 'suspended' then case when not ${live} then 'suspended' when ${failing} then 'error' else 'suspending' end
    when ${state} = 'running' then case when ${rebootDue} then 'rebooting' when ${behind} and ${seen.pendingBootReason} is null and ${sizesDiffer} then 'resizing' else 'running' end
    when ${state} in ('paused', 'suspended') then 'paused'
    when ${state} = 'shutting-down' then case when ${rebootDue} then 'rebooting' else 'stopping' end
    when ${seen.phase} = 'waiting-for-capacity' then 'waiting-for-capacity'
    when ${failing} then 'error'
    when ${state} = 'crashed' then 'crashed'
    when ${rebuild} = 0 then 'provisioning'
    else 'starting' end`;
}
