import { and, asc, eq, isNull, or, sql } from "drizzle-orm";
import { address, network } from "@/db/schema/compute";
import { desktopPool } from "@/db/schema/desktop";
import { cluster } from "@/db/schema/fleet";
import type { Transaction } from "@/server/platform/transaction";

export type NetworkRow = typeof network.$inferSelect;

/**
 * Holds back others that would give a cluster another network until this transaction ends. Shared and private ones are told apart by a look
 * that a constraint cannot repeat: each of two made at once would not see the other.
 */
export async function queueForRanges(tx: Transaction, clusterId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`network:${clusterId}`}, 0))`);
}

export async function insertNetwork(tx: Transaction, row: NetworkRow): Promise<void> {
  await tx.insert(network).values(row);
}

const overlaps = (cidr: string) => sql`${network.cidr}::inet && ${cidr}::inet`;

/** A network of the cluster, among those that the caller may see, whose range has addresses of this one. */
export async function selectOverlapping(tx: Transaction, clusterId: string, cidr: string): Promise<NetworkRow | null> {
  const [row] = await tx.select().from(network).where(and(eq(network.clusterId, clusterId), isNull(network.removedAt), overlaps(cidr))).limit(1);
  return row ?? null;
}

/** What a new shared network may collide with: the provider's own networks of the cluster, and the private ones that have addresses of its range. */
export function selectBeside(tx: Transaction, clusterId: string, cidr: string): Promise<NetworkRow[]> {
  return tx.select().from(network).where(and(eq(network.clusterId, clusterId), or(isNull(network.organizationId), and(isNull(network.removedAt), overlaps(cidr)))));
}

/** Where a new private network lives: the cluster that was named, or the first, on the bridge of its first shared network. */
export async function selectHome(tx: Transaction, clusterId: string | null): Promise<{ readonly clusterId: string; readonly bridge: string } | null> {
  const [row] = await tx
    .select({ clusterId: network.clusterId, bridge: network.bridge })
    .from(network)
    .innerJoin(cluster, eq(cluster.id, network.clusterId))
    .where(and(isNull(network.organizationId), clusterId === null ? undefined : eq(network.clusterId, clusterId)))
    .orderBy(asc(cluster.createdAt), asc(network.createdAt), asc(network.id))
    .limit(1);
  return row ?? null;
}

export async function selectPrivateNetworks(tx: Transaction, organizationId: string) {
  return tx
    .select({
      id: network.id, name: network.name, cidr: network.cidr, clusterId: network.clusterId, clusterName: cluster.name, firstAddress: network.firstAddress, lastAddress: network.lastAddress, createdAt: network.createdAt,
      used: sql<number>`(select count(*)::int from ${address} where ${address.networkId} = ${network.id} and ${address.releasedAt} is null)`,
      pools: sql<string[]>`(select coalesce(json_agg(p.name order by p.name), '[]') from ${desktopPool} p where p.network_id = ${network.id} and p.deleted_at is null)`,
    })
    .from(network)
    .innerJoin(cluster, eq(cluster.id, network.clusterId))
    .where(and(eq(network.organizationId, organizationId), isNull(network.removedAt)))
    .orderBy(asc(network.name), asc(network.id));
}

/** Locked against everybody who takes an address of it or names it. */
export async function lockPrivateNetwork(tx: Transaction, organizationId: string, networkId: string): Promise<NetworkRow | null> {
  const [row] = await tx.select().from(network).where(and(eq(network.id, networkId), eq(network.organizationId, organizationId), isNull(network.removedAt))).for("update");
  return row ?? null;
}

/** One that something new may be put into; it is not removed while this transaction lasts. */
export async function holdPrivateNetwork(tx: Transaction, organizationId: string, networkId: string): Promise<NetworkRow | null> {
  const [row] = await tx.select().from(network).where(and(eq(network.id, networkId), eq(network.organizationId, organizationId), isNull(network.removedAt))).for("key share");
  return row ?? null;
}

export async function countUses(tx: Transaction, networkId: string): Promise<{ readonly addresses: number; readonly pools: number }> {
  // A pool that was ended makes nothing new, but what it made goes first.
  const { rows } = await tx.execute<{ addresses: number; pools: number }>(sql`
    select (select count(*)::int from address a where a.network_id = ${networkId} and a.released_at is null) as addresses,
      (select count(*)::int from desktop_pool p where p.network_id = ${networkId} and (p.deleted_at is null or exists (select 1 from desktop d where d.pool_id = p.id and d.state <> 'retired'))) as pools`);
  return rows[0] ?? { addresses: 0, pools: 0 };
}

export async function markNetworkRemoved(tx: Transaction, networkId: string, at: Date): Promise<void> {
  await tx.update(network).set({ removedAt: at }).where(eq(network.id, networkId));
}

/** What a refusal names. */
export async function selectNetworkName(tx: Transaction, networkId: string): Promise<{ readonly name: string; readonly isPrivate: boolean; readonly removed: boolean } | null> {
  const [row] = await tx.select({ name: network.name, ownerId: network.organizationId, removedAt: network.removedAt }).from(network).where(eq(network.id, networkId));
  return row ? { name: row.name, isPrivate: row.ownerId !== null, removed: row.removedAt !== null } : null;
}
