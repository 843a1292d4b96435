import { and, eq, inArray, sql } from "drizzle-orm";
import { allocation, instanceEpoch } from "@/db/schema/fleet";
import type { Transaction } from "@/server/platform/transaction";
import type { AllocationRow, Claim } from "../types";

export async function findAllocation(tx: Transaction, instanceId: string): Promise<AllocationRow | null> {
  const [row] = await tx.select().from(allocation).where(eq(allocation.instanceId, instanceId));
  return row ?? null;
}

export async function lockAllocation(tx: Transaction, instanceId: string): Promise<AllocationRow | null> {
  const [row] = await tx.select().from(allocation).where(eq(allocation.instanceId, instanceId)).for("update");
  return row ?? null;
}

/** Read every second and ten thousand rows long, so its rows are made by hand: the query builder's mapping costs more than the query. */
export async function allocationsOf(tx: Transaction, clusterId?: string): Promise<AllocationRow[]> {
  const result = await tx.execute<PlainAllocation>(sql`select * from allocation where ${clusterId ? sql`cluster_id = ${clusterId}` : sql`true`}`);
  return result.rows.map((row) => ({
    instanceId: row.instance_id,
    clusterId: row.cluster_id,
    hostId: row.host_id,
    epoch: Number(row.epoch),
    vcpus: row.vcpus,
    memoryMiB: row.memory_mib,
    cpuReservationMillicores: row.cpu_reservation_millicores,
    memoryReservationMiB: row.memory_reservation_mib,
    decisionId: row.decision_id,
    decidedAt: new Date(row.decided_at),
  }));
}

interface PlainAllocation extends Record<string, unknown> {
  readonly instance_id: string;
  readonly cluster_id: string;
  readonly host_id: string;
  readonly epoch: string;
  readonly vcpus: number;
  readonly memory_mib: number;
  readonly cpu_reservation_millicores: number;
  readonly memory_reservation_mib: number;
  readonly decision_id: string;
  readonly decided_at: string;
}

export function allocationsOn(tx: Transaction, hostId: string): Promise<AllocationRow[]> {
  return tx.select().from(allocation).where(eq(allocation.hostId, hostId));
}

export function allocationsFor(tx: Transaction, instanceIds: readonly string[]): Promise<AllocationRow[]> {
  if (instanceIds.length === 0) return Promise.resolve([]);
  return tx.select().from(allocation).where(sql`${allocation.instanceId} = any(${sql.param([...instanceIds])}::text[])`);
}

/** The next fencing epoch of an instance; a number is never given twice, even after its allocation is gone. */
export async function nextEpoch(tx: Transaction, instanceId: string): Promise<number> {
  const [row] = await tx
    .insert(instanceEpoch)
    .values({ instanceId, epoch: 1 })
    .onConflictDoUpdate({ target: instanceEpoch.instanceId, set: { epoch: sql`${instanceEpoch.epoch} + 1` } })
    .returning({ epoch: instanceEpoch.epoch });
  if (!row) throw new Error(`No epoch was given for ${instanceId}; the table instance_epoch refused the row.`);
  return row.epoch;
}

export async function insertAllocation(tx: Transaction, row: typeof allocation.$inferInsert): Promise<void> {
  await tx.insert(allocation).values(row);
}

/** Moves an allocation that still is where the caller saw it; false when somebody else was faster. */
export async function moveAllocation(
  tx: Transaction,
  from: { readonly instanceId: string; readonly hostId: string; readonly epoch: number },
  to: { readonly hostId: string; readonly epoch: number; readonly decisionId: string; readonly decidedAt: Date },
): Promise<boolean> {
  const moved = await tx
    .update(allocation)
    .set(to)
    .where(and(eq(allocation.instanceId, from.instanceId), eq(allocation.hostId, from.hostId), eq(allocation.epoch, from.epoch)))
    .returning({ id: allocation.instanceId });
  return moved.length === 1;
}

export async function resizeAllocationRow(tx: Transaction, instanceId: string, claim: Claim): Promise<void> {
  await tx.update(allocation).set(claim).where(eq(allocation.instanceId, instanceId));
}

export async function deleteAllocation(tx: Transaction, instanceId: string): Promise<AllocationRow | null> {
  const [row] = await tx.delete(allocation).where(eq(allocation.instanceId, instanceId)).returning();
  return row ?? null;
}

/**
 * Takes room on a host, or refuses: one conditional statement, so that no two claims can both be right about the same
 * room. The host must be taking instances; CHECK constraints on the row are the wall behind it. False when refused.
 */
export async function claimOnHost(tx: Transaction, hostId: string, claim: Claim, options: { readonly allowCordoned?: boolean } = {}): Promise<boolean> {
  const result = await tx.execute(sql`
    update host h set
      committed_vcpus = h.committed_vcpus + ${claim.vcpus}, committed_memory_mib = h.committed_memory_mib + ${claim.memoryMiB},
      reserved_cpu_millicores = h.reserved_cpu_millicores + ${claim.cpuReservationMillicores},
      reserved_memory_mib = h.reserved_memory_mib + ${claim.memoryReservationMiB}, generation = h.generation + 1
    from cluster c
    where h.id = ${hostId} and c.id = h.cluster_id and h.state = 'up'
      and (${options.allowCordoned ?? false} or (not h.cordoned and not h.maintenance and h.drain_requested_at is null))
      and h.committed_vcpus + ${claim.vcpus} <= h.cores * c.cpu_ratio + 0.000001
      and h.committed_memory_mib + ${claim.memoryMiB} <= (h.memory_mib - h.system_memory_mib) * c.memory_ratio + 0.000001
      and h.reserved_cpu_millicores + ${claim.cpuReservationMillicores} <= h.cores * 1000
      and h.reserved_memory_mib + ${claim.memoryReservationMiB} <= h.memory_mib - h.system_memory_mib
    returning h.id`);
  return result.rows.length === 1;
}

/** Gives room on a host back; also used with a negative difference when a claim shrinks. */
export async function releaseOnHost(tx: Transaction, hostId: string, claim: Claim): Promise<void> {
  await tx.execute(sql`
    update host set
      committed_vcpus = committed_vcpus - ${claim.vcpus}, committed_memory_mib = committed_memory_mib - ${claim.memoryMiB},
      reserved_cpu_millicores = reserved_cpu_millicores - ${claim.cpuReservationMillicores},
      reserved_memory_mib = reserved_memory_mib - ${claim.memoryReservationMiB}, generation = generation + 1
    where id = ${hostId}`);
}

/** Where each of the instances stands, by id; for lists of hosts. */
export async function countByHost(tx: Transaction, hostIds: readonly string[]): Promise<Map<string, number>> {
  if (hostIds.length === 0) return new Map();
  const rows = await tx
    .select({ hostId: allocation.hostId, count: sql<string>`count(*)` })
    .from(allocation)
    .where(inArray(allocation.hostId, [...hostIds]))
    .groupBy(allocation.hostId);
  return new Map(rows.map((row) => [row.hostId, Number(row.count)]));
}
