import { instanceAt, type Model } from "../model/model";
import { changeOn, lacks, type Constraint } from "./types";
import type { StoragePool } from "../types";
import { say } from "../words";

interface Shortage {
  pool: StoragePool;
  needed: number;
  available: number;
  floor: boolean;
}

/**
 * Only an instance without a place brings new disks; one that moves or restarts has its disks already. Shared storage counts once for the
 * cluster, so the host does not matter here, and what this plan has placed before counts as sold.
 */
function shortage(model: Model, instance: number): Shortage | null {
  const one = instanceAt(model, instance);
  if (one.hostId !== null || one.disks.length === 0) return null;
  const { policy, storagePools } = model.snapshot;
  for (const pool of storagePools) {
    const disks = one.disks.filter((disk) => disk.storagePoolId === pool.id);
    if (disks.length === 0) continue;
    const written = disks.reduce((sum, disk) => sum + (disk.usedMiB ?? 0), 0);
    const sold = model.newDisks.get(pool.id);
    const physical = pool.capacityMiB - pool.usedMiB - policy.storageFloorMiB - (sold?.usedMiB ?? 0);
    if (written > physical || physical <= 0) return { pool, needed: written, available: physical, floor: true };
    const size = disks.reduce((sum, disk) => sum + disk.sizeMiB, 0);
    const sellable = pool.capacityMiB * policy.storageRatio - pool.allocatedMiB - (sold?.sizeMiB ?? 0);
    if (size > sellable) return { pool, needed: size, available: sellable, floor: false };
  }
  return null;
}

/** Thin storage is sold up to its ratio, and never below the hard floor of physical space. */
export const storage: Constraint = {
  rule: "storage",
  admits: (model, instance) => shortage(model, instance) === null,
  explain: (model, instance, host) => {
    const lack = shortage(model, instance);
    const name = instanceAt(model, instance).id;
    const [first] = model.snapshot.storagePools;
    const { pool, needed, available, floor } = lack ?? { pool: first ?? { id: "?", capacityMiB: 0, usedMiB: 0, allocatedMiB: 0 }, needed: 0, available: 0, floor: false };
    const missing = Math.ceil(Math.max(1, needed - available));
    const change = changeOn("free-storage", null, `free ${missing} MiB in storage pool ${pool.id}`, say("change-free-storage", { missingMiB: missing, pool: pool.id }), 3.2, missing, "MiB");
    const text = floor
      ? `storage pool ${pool.id} is at its hard floor of ${model.snapshot.policy.storageFloorMiB} MiB: ${missing} MiB missing`
      : `${name} needs ${needed} MiB in storage pool ${pool.id}, ${Math.max(0, available)} MiB may still be sold: ${missing} MiB missing`;
    const words = floor
      ? say("storage-floor", { pool: pool.id, floorMiB: model.snapshot.policy.storageFloorMiB, missingMiB: missing })
      : say("storage-sold", { instance: name, neededMiB: needed, pool: pool.id, leftMiB: Math.max(0, available), missingMiB: missing });
    return lacks(model, host, "storage", "MiB", needed, available, text, words, change);
  },
};
