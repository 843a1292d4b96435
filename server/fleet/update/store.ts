import { and, asc, desc, eq, inArray } from "drizzle-orm";
import { hostUpdate, hostUpdateHost } from "@/db/schema/automation";
import type { Transaction } from "@/server/platform/transaction";
import type { HostUpdateHostRow, HostUpdateRow } from "../types";

const OPEN: HostUpdateRow["state"][] = ["running", "paused"];

export async function insertUpdate(tx: Transaction, row: HostUpdateRow, hosts: readonly HostUpdateHostRow[]): Promise<void> {
  await tx.insert(hostUpdate).values(row);
  if (hosts.length > 0) await tx.insert(hostUpdateHost).values([...hosts]);
}

export async function lockUpdate(tx: Transaction, updateId: string): Promise<HostUpdateRow | null> {
  const [row] = await tx.select().from(hostUpdate).where(eq(hostUpdate.id, updateId)).for("update");
  return row ?? null;
}

export function openUpdates(tx: Transaction): Promise<HostUpdateRow[]> {
  return tx.select().from(hostUpdate).where(inArray(hostUpdate.state, OPEN));
}

export function updatesOf(tx: Transaction, clusterId: string, limit: number): Promise<HostUpdateRow[]> {
  return tx.select().from(hostUpdate).where(eq(hostUpdate.clusterId, clusterId)).orderBy(desc(hostUpdate.id)).limit(limit);
}

export function updateHostsOf(tx: Transaction, updateIds: readonly string[]): Promise<HostUpdateHostRow[]> {
  if (updateIds.length === 0) return Promise.resolve([]);
  return tx.select().from(hostUpdateHost).where(inArray(hostUpdateHost.updateId, [...updateIds])).orderBy(asc(hostUpdateHost.position));
}

export async function updateHostOf(tx: Transaction, updateId: string, hostId: string): Promise<HostUpdateHostRow | null> {
  const [row] = await tx.select().from(hostUpdateHost).where(and(eq(hostUpdateHost.updateId, updateId), eq(hostUpdateHost.hostId, hostId)));
  return row ?? null;
}

export async function writeUpdate(tx: Transaction, updateId: string, change: Partial<HostUpdateRow>): Promise<void> {
  await tx.update(hostUpdate).set(change).where(eq(hostUpdate.id, updateId));
}

export async function writeUpdateHost(tx: Transaction, updateId: string, hostId: string, change: Partial<HostUpdateHostRow>): Promise<void> {
  await tx.update(hostUpdateHost).set(change).where(and(eq(hostUpdateHost.updateId, updateId), eq(hostUpdateHost.hostId, hostId)));
}
