import { getInstancesForConverge } from "@/server/compute";
import type { VolumeObservation } from "@/server/drivers/hypervisor/types";
import { closeIncident, openIncident, readFleet, type HostRow } from "@/server/fleet";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import type { Pass } from "../types";

const LIST_TIMEOUT_MS = 15_000;
/** Enough for somebody to see what they are; the count says the rest. */
const NAMED = 20;
/** How the files of an instance begin (see compute: `ins_...-root-0.qcow2`, seeds, saved memory). */
const OURS = /^(ins_[0-9a-z]+)-/;

/**
 * Disks on the storage of a host that came back whose machine the database does not know, or has purged. They are quarantined where they are:
 * names are never given twice, so nothing will ever use them; the operator is told, and nothing is deleted, because a database that was restored
 * from yesterday does not know today's machines.
 */
export async function nameOrphans(pass: Pass, row: HostRow): Promise<void> {
  const { context, machines } = pass;
  const fleet = await readFleet(context, { allocations: false });
  const volumes: VolumeObservation[] = [];
  for (const pool of fleet.pools.filter((one) => one.clusterId === row.clusterId)) volumes.push(...(await machines.host(row).listVolumes(pool.name, { timeoutMs: LIST_TIMEOUT_MS })));
  const ids = [...new Set(volumes.flatMap((volume) => OURS.exec(volume.name)?.[1] ?? []))];
  const key = { clusterId: row.clusterId, hostId: row.id, kind: "orphan-disks" as const };
  const orphans = await inTransaction(context, async (tx) => {
    // Listed first, read afterwards: what is ordered meanwhile is known by then.
    const known = new Set((await getInstancesForConverge(tx, context, ids)).map((instance) => instance.id));
    const found = findOrphans(volumes, known);
    if (found.length === 0) {
      await closeIncident(tx, context, key, { kind: "end", said: sentence("note-no-orphans", { host: row.name }) });
      return found;
    }
    const sizeGiB = Math.round((found.reduce((sum, volume) => sum + volume.allocatedBytes, 0) / 2 ** 30) * 10) / 10;
    const names = [...found.slice(0, NAMED).map((volume) => volume.name), ...(found.length > NAMED ? ["..."] : [])];
    await openIncident(tx, context, key, sentence("incident-orphans", { disks: found.length }), {
      kind: "signal",
      said: sentence("note-orphans", { host: row.name, disks: found.length, sizeGiB, names }),
      detail: { volumes: found.map(({ pool, name, allocatedBytes, path }) => ({ pool, name, allocatedBytes, path })) },
    });
    return found;
  });
  if (orphans.length > 0) context.logger.error({ host: row.name, disks: orphans.length, names: orphans.slice(0, NAMED).map((volume) => volume.name) }, "disks of unknown machines lie on the storage; they are left alone");
}

/** Pure. */
export function findOrphans<T extends { readonly name: string }>(volumes: readonly T[], known: ReadonlySet<string>): T[] {
  return volumes.filter(({ name }) => {
    const id = OURS.exec(name)?.[1];
    return id !== undefined && !known.has(id);
  });
}
