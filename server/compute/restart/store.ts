import { and, asc, eq, inArray, isNull, ne, or, sql } from "drizzle-orm";
import { instance, instanceObservation, startAfter } from "@/db/schema/compute";
import type { Transaction } from "@/server/platform/transaction";
import type { InstanceRow } from "../types";
import type { NamedInstance, Predecessor } from "./types";

/** Two at once in one organization would each see no circle, and close one together. */
export async function lockRestartOrders(tx: Transaction, organizationId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`restart:${organizationId}`}, 0))`);
}

/** Everything that the machines of an organization start after, by machine. */
export async function selectEdges(tx: Transaction, organizationId: string): Promise<Map<string, string[]>> {
  return grouped(await tx.select({ instanceId: startAfter.instanceId, afterInstanceId: startAfter.afterInstanceId }).from(startAfter).where(eq(startAfter.organizationId, organizationId)).orderBy(asc(startAfter.instanceId), asc(startAfter.afterInstanceId)));
}

/** The same of a cluster, whoever's. */
export async function selectEdgesOfCluster(tx: Transaction, clusterId: string): Promise<Map<string, string[]>> {
  return grouped(
    await tx
      .select({ instanceId: startAfter.instanceId, afterInstanceId: startAfter.afterInstanceId })
      .from(startAfter)
      .innerJoin(instance, eq(instance.id, startAfter.instanceId))
      .where(eq(instance.clusterId, clusterId))
      .orderBy(asc(startAfter.instanceId), asc(startAfter.afterInstanceId)),
  );
}

function grouped(rows: readonly { readonly instanceId: string; readonly afterInstanceId: string }[]): Map<string, string[]> {
  const edges = new Map<string, string[]>();
  for (const { instanceId, afterInstanceId } of rows) {
    const known = edges.get(instanceId);
    if (known) known.push(afterInstanceId);
    else edges.set(instanceId, [afterInstanceId]);
  }
  return edges;
}

/** Those of some ids that are instances of the organization and cluster, and not purged. */
export async function selectNamed(tx: Transaction, organizationId: string, instanceIds: readonly string[]): Promise<(NamedInstance & { readonly clusterId: string })[]> {
  if (instanceIds.length === 0) return [];
  return tx
    .select({ id: instance.id, name: instance.name, clusterId: instance.clusterId })
    .from(instance)
    .where(and(inArray(instance.id, [...instanceIds]), eq(instance.organizationId, organizationId), isNull(instance.purgedAt)))
    .orderBy(asc(instance.name), asc(instance.id));
}

/** The other instances of the same organization and cluster that are not in the trash, by name. */
export async function selectNeighbours(tx: Transaction, row: InstanceRow, limit: number): Promise<NamedInstance[]> {
  return tx
    .select({ id: instance.id, name: instance.name })
    .from(instance)
    .where(and(eq(instance.organizationId, row.organizationId), eq(instance.clusterId, row.clusterId), ne(instance.id, row.id), isNull(instance.deletedAt), isNull(instance.purgedAt)))
    .orderBy(asc(instance.name), asc(instance.id))
    .limit(limit);
}

export async function replaceEdges(tx: Transaction, row: InstanceRow, afterInstanceIds: readonly string[], at: Date): Promise<void> {
  await tx.delete(startAfter).where(eq(startAfter.instanceId, row.id));
  if (afterInstanceIds.length > 0) await tx.insert(startAfter).values(afterInstanceIds.map((afterInstanceId) => ({ organizationId: row.organizationId, instanceId: row.id, afterInstanceId, createdAt: at })));
}

/** Of a machine that is no more: nobody waits for it, and it waits for nobody. */
export async function removeEdgesOf(tx: Transaction, instanceId: string): Promise<void> {
  await tx.delete(startAfter).where(or(eq(startAfter.instanceId, instanceId), eq(startAfter.afterInstanceId, instanceId)));
}

export async function writePriority(tx: Transaction, instanceId: string, haPriority: number): Promise<void> {
  await tx.update(instance).set({ haPriority }).where(eq(instance.id, instanceId));
}

/** What one machine is to start after, with where each of them was seen running; by name. */
export async function selectPredecessors(tx: Transaction, instanceId: string): Promise<Predecessor[]> {
  const rows = await tx
    .select({ id: instance.id, name: instance.name, desiredPower: instance.desiredPower, deletedAt: instance.deletedAt, state: instanceObservation.state, hostId: instanceObservation.hostId, epoch: instanceObservation.epoch })
    .from(startAfter)
    .innerJoin(instance, eq(instance.id, startAfter.afterInstanceId))
    .leftJoin(instanceObservation, eq(instanceObservation.instanceId, instance.id))
    .where(and(eq(startAfter.instanceId, instanceId), isNull(instance.purgedAt)))
    .orderBy(asc(instance.name), asc(instance.id));
  return rows.map(({ id, name, desiredPower, deletedAt, state, hostId, epoch }) => ({
    id,
    name,
    wanted: desiredPower === "running" && deletedAt === null,
    runningAt: state === "running" && hostId !== null && epoch !== null ? { hostId, epoch } : null,
  }));
}
