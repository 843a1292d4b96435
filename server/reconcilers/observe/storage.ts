import { notePools, noteSpace, type Fleet, type HostRow, type PoolSeen, type StoragePoolRow } from "@/server/fleet";
import { DriverError } from "@/server/drivers/errors";
import type { PoolObservation } from "@/server/drivers/hypervisor/types";
import { inTransaction } from "@/server/platform/transaction";
import type { Pass } from "../types";

/** A pool fills over minutes; its first size is asked for at once. */
const POOL_EVERY_MS = 15_000;
/** While a machine waits for room its owner waits too. */
const POOL_HELD_EVERY_MS = 5_000;
const BYTES_PER_MIB = 1_048_576;
/** A change of this part of the pool may let a waiting instance in, or must stop new disks. */
const MATTERS_FRACTION = 0.01;

/** Asks one host of each cluster, in turn, how full the shared pools are; more often while a full one holds machines. */
export async function noteStorage(pass: Pass, fleet: Fleet, holds: boolean): Promise<void> {
  const nowMs = pass.context.clock.nowMs();
  const everyMs = holds ? POOL_HELD_EVERY_MS : POOL_EVERY_MS;
  for (const cluster of fleet.clusters.values()) {
    const due = fleet.pools.filter((pool) => pool.clusterId === cluster.id && (pool.capacityMiB === 0 || nowMs - pool.observedAt.getTime() >= everyMs));
    const up = [...fleet.hosts.values()].filter((host) => host.clusterId === cluster.id && host.state === "up");
    const host = up[Math.floor(nowMs / everyMs) % Math.max(1, up.length)];
    if (due.length > 0 && host) pass.background(`storage ${cluster.id}`, () => askPools(pass, host, due));
  }
}

async function askPools(pass: Pass, host: HostRow, pools: readonly StoragePoolRow[]): Promise<void> {
  const { context, machines } = pass;
  try {
    const rows = poolsSeen(pools, await machines.host(host).listPools({ timeoutMs: 5_000 }), context.clock.now());
    await inTransaction(context, async (tx) => {
      await notePools(tx, rows);
      for (const row of rows) await noteSpace(tx, context, { ...row, pool: pools.find((pool) => pool.id === row.poolId)?.name ?? "" });
    });
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    context.logger.warn({ host: host.name, err: error }, "storage pools could not be asked; another host is asked next time");
  }
}

/** The known pools as one host sees them; those that it does not have are left out. Pure. */
export function poolsSeen(known: readonly StoragePoolRow[], told: readonly PoolObservation[], observedAt: Date): PoolSeen[] {
  const seen = new Map(told.map((pool) => [pool.name, pool]));
  return known.flatMap((pool) => {
    const now = seen.get(pool.name);
    if (!now || now.path !== pool.path) return [];
    const capacityMiB = Math.floor(now.capacityBytes / BYTES_PER_MIB);
    const availableMiB = Math.floor(now.availableBytes / BYTES_PER_MIB);
    const matters = pool.capacityMiB !== capacityMiB || Math.abs(pool.availableMiB - availableMiB) > capacityMiB * MATTERS_FRACTION;
    return [{ poolId: pool.id, clusterId: pool.clusterId, path: now.path, capacityMiB, availableMiB, observedAt, matters }];
  });
}
