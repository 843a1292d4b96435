import { and, asc, eq, inArray, isNull, ne, sql } from "drizzle-orm";
import { host, hostPower } from "@/db/schema/fleet";
import type { Transaction } from "@/server/platform/transaction";
import type { HostRow } from "../types";
import type { HostState } from "./state";

export async function insertHost(tx: Transaction, row: typeof host.$inferInsert, power: Record<string, unknown>): Promise<void> {
  await tx.insert(host).values(row);
  await tx.insert(hostPower).values({ hostId: row.id, config: power, updatedAt: row.enrolledAt });
}

export async function findHost(tx: Transaction, hostId: string): Promise<HostRow | null> {
  const [row] = await tx.select().from(host).where(eq(host.id, hostId));
  return row ?? null;
}

export async function lockHost(tx: Transaction, hostId: string): Promise<HostRow | null> {
  const [row] = await tx.select().from(host).where(eq(host.id, hostId)).for("update");
  return row ?? null;
}

export function hostsOf(tx: Transaction, clusterId?: string): Promise<HostRow[]> {
  const present = ne(host.state, "retired");
  return tx
    .select()
    .from(host)
    .where(clusterId ? and(eq(host.clusterId, clusterId), present) : present)
    .orderBy(asc(host.name));
}

/** All hosts that are not retired, and which of them have a second power device; one statement, for it is asked by every pass of a loop. */
export function hostsWithPower(tx: Transaction): Promise<{ row: HostRow; hasSecond: boolean }[]> {
  return tx
    .select({ row: host, hasSecond: sql<boolean>`coalesce(${hostPower.config} ? 'second', false)` })
    .from(host)
    .leftJoin(hostPower, eq(hostPower.hostId, host.id))
    .where(ne(host.state, "retired"))
    .orderBy(asc(host.name));
}

export function hostsIn(tx: Transaction, states: readonly HostState[]): Promise<HostRow[]> {
  return tx.select().from(host).where(inArray(host.state, [...states])).orderBy(asc(host.name));
}

export async function findHostByName(tx: Transaction, clusterId: string, name: string): Promise<HostRow | null> {
  const [row] = await tx.select().from(host).where(and(eq(host.clusterId, clusterId), eq(host.name, name), isNull(host.retiredAt)));
  return row ?? null;
}

export async function findHostByUuid(tx: Transaction, hostUuid: string): Promise<HostRow | null> {
  const [row] = await tx.select().from(host).where(and(eq(host.hostUuid, hostUuid), isNull(host.retiredAt)));
  return row ?? null;
}

export async function readPowerConfig(tx: Transaction, hostId: string): Promise<Record<string, unknown> | null> {
  const [row] = await tx.select({ config: hostPower.config }).from(hostPower).where(eq(hostPower.hostId, hostId));
  return row?.config ?? null;
}

/** Locked until the transaction ends: loops and operators write different parts of it. */
export async function lockPowerConfig(tx: Transaction, hostId: string): Promise<Record<string, unknown> | null> {
  const [row] = await tx.select({ config: hostPower.config }).from(hostPower).where(eq(hostPower.hostId, hostId)).for("update");
  return row?.config ?? null;
}

export function powerConfigsWithSecond(tx: Transaction): Promise<{ hostId: string; config: Record<string, unknown> }[]> {
  return tx.select({ hostId: hostPower.hostId, config: hostPower.config }).from(hostPower).where(sql`${hostPower.config} ? 'second'`).orderBy(asc(hostPower.hostId));
}

export async function writeHost(tx: Transaction, hostId: string, change: Partial<typeof host.$inferInsert>): Promise<HostRow | null> {
  const [row] = await tx
    .update(host)
    .set({ ...change, generation: sql`${host.generation} + 1` })
    .where(eq(host.id, hostId))
    .returning();
  return row ?? null;
}

/** One answer of a host, or its lack. Changes of state are not made here. */
export interface Heartbeat {
  readonly hostId: string;
  readonly answeredAt: Date | null;
  /** When the first unanswered call of the present silence began. */
  readonly silentSince: Date | null;
  readonly clockSkewMs: number | null;
}

/**
 * Writes the heartbeats of a whole pass in one statement. A host that answered is no longer silent; one that did not
 * keeps the first moment of its silence. Does not raise generations: plans do not depend on it.
 */
export async function writeHeartbeats(tx: Transaction, beats: readonly Heartbeat[]): Promise<void> {
  if (beats.length === 0) return;
  const rows = beats.map((beat) => ({
    id: beat.hostId,
    answered_at: beat.answeredAt?.toISOString() ?? null,
    silent_since: beat.silentSince?.toISOString() ?? null,
    skew: beat.clockSkewMs,
  }));
  await tx.execute(sql`
    update host h set
      last_seen_at = coalesce(greatest(b.answered_at, h.last_seen_at), h.last_seen_at),
      silent_since = case when b.answered_at is not null then null else coalesce(h.silent_since, b.silent_since) end,
      clock_skew_ms = coalesce(b.skew, h.clock_skew_ms)
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as b(id text, answered_at timestamptz, silent_since timestamptz, skew bigint)
    where h.id = b.id`);
}

export async function writePower(tx: Transaction, hostId: string, config: Record<string, unknown>, at: Date): Promise<void> {
  await tx.insert(hostPower).values({ hostId, config, updatedAt: at }).onConflictDoUpdate({ target: hostPower.hostId, set: { config, updatedAt: at } });
}

/** All controllers' configurations at once, for the loop that fences. */
export async function powerConfigsOf(tx: Transaction, hostIds: readonly string[]): Promise<Map<string, Record<string, unknown>>> {
  if (hostIds.length === 0) return new Map();
  const rows = await tx.select().from(hostPower).where(inArray(hostPower.hostId, [...hostIds]));
  return new Map(rows.map((row) => [row.hostId, row.config]));
}

export async function writeLease(tx: Transaction, hostId: string, lease: { readonly beat: number; readonly seenAt: Date; readonly ttlSeconds: number }): Promise<void> {
  await tx.update(host).set({ leaseBeat: lease.beat, leaseSeenAt: lease.seenAt, leaseTtlSeconds: lease.ttlSeconds }).where(eq(host.id, hostId));
}

export async function writeHealth(tx: Transaction, hostId: string, health: HostRow["health"], healthAt: Date): Promise<void> {
  await tx.update(host).set({ health, healthAt }).where(eq(host.id, hostId));
}
