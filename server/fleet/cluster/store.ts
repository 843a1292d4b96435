import { and, asc, eq, sql } from "drizzle-orm";
import { cluster, storagePool } from "@/db/schema/fleet";
import type { Transaction } from "@/server/platform/transaction";
import type { ClusterRow, StoragePoolRow } from "../types";

export async function insertCluster(tx: Transaction, row: typeof cluster.$inferInsert): Promise<void> {
  await tx.insert(cluster).values(row);
}

export function allClusters(tx: Transaction): Promise<ClusterRow[]> {
  return tx.select().from(cluster).orderBy(asc(cluster.name));
}

export async function selectClusterIds(tx: Transaction): Promise<string[]> {
  return (await tx.select({ id: cluster.id }).from(cluster).orderBy(asc(cluster.name))).map((row) => row.id);
}

export async function findCluster(tx: Transaction, clusterId: string): Promise<ClusterRow | null> {
  const [row] = await tx.select().from(cluster).where(eq(cluster.id, clusterId));
  return row ?? null;
}

/** Locks the row: whoever changes what plans are based on goes one after the other. */
export async function lockCluster(tx: Transaction, clusterId: string): Promise<ClusterRow | null> {
  const [row] = await tx.select().from(cluster).where(eq(cluster.id, clusterId)).for("update");
  return row ?? null;
}

/** Every change that a plan could depend on passes here. Returns the new generation. */
export async function raiseGeneration(tx: Transaction, clusterId: string): Promise<number> {
  const [row] = await tx
    .update(cluster)
    .set({ generation: sql`${cluster.generation} + 1` })
    .where(eq(cluster.id, clusterId))
    .returning({ generation: cluster.generation });
  return row?.generation ?? 0;
}

export async function writePolicy(tx: Transaction, clusterId: string, policy: Partial<typeof cluster.$inferInsert>): Promise<ClusterRow | null> {
  const [row] = await tx
    .update(cluster)
    .set({ ...policy, generation: sql`${cluster.generation} + 1` })
    .where(eq(cluster.id, clusterId))
    .returning();
  return row ?? null;
}

export function poolsOf(tx: Transaction, clusterId?: string): Promise<StoragePoolRow[]> {
  const query = tx.select().from(storagePool);
  return clusterId ? query.where(eq(storagePool.clusterId, clusterId)) : query;
}

export async function insertPool(tx: Transaction, row: typeof storagePool.$inferInsert): Promise<void> {
  await tx.insert(storagePool).values(row);
}

export async function writePool(tx: Transaction, poolId: string, seen: { capacityMiB: number; availableMiB: number; path: string; observedAt: Date }): Promise<void> {
  await tx.update(storagePool).set(seen).where(eq(storagePool.id, poolId));
}

/** True when the generation was still the given one; it is one higher then. */
export async function claimGenerationRow(tx: Transaction, clusterId: string, generation: number): Promise<boolean> {
  const rows = await tx
    .update(cluster)
    .set({ generation: generation + 1 })
    .where(and(eq(cluster.id, clusterId), eq(cluster.generation, generation)))
    .returning({ id: cluster.id });
  return rows.length === 1;
}
