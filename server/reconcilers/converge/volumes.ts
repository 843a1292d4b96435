import { Readable } from "node:stream";
import { markVolumes, markPurged, seedFiles, type DesiredInstance, type VolumeView } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import type { HypervisorHost, VolumeObservation } from "@/server/drivers/hypervisor/types";
import { anyHostUp, hasPlace, type StoragePoolRow } from "@/server/fleet";
import { inTransaction } from "@/server/platform/transaction";
import type { Pass } from "../types";
import { disksToGrow, unwanted } from "./decide-step";
import type { FullView } from "./look";

const MIB_PER_GIB = 1_024;
const BYTES_PER_MIB = 1_048_576;

function poolName(pools: ReadonlyMap<string, StoragePoolRow>, volume: VolumeView): string {
  const pool = pools.get(volume.poolId);
  if (!pool) throw new Error(`The pool ${volume.poolId} of volume ${volume.id} is not one of its cluster.`);
  return pool.name;
}

/** Makes what is wanted and is not there yet, all at once. Each creation confirms one that a former worker made. */
export async function ensureVolumes(pass: Pass, view: FullView, host: HypervisorHost): Promise<void> {
  const { context } = pass;
  const wanted = view.desired.volumes.filter((volume) => volume.state === "wanted" && volume.kind !== "memory");
  const attempts = await Promise.allSettled(
    wanted.map(async (volume) => {
      if (volume.kind !== "seed") {
        const { capacityBytes } = await ensureDisk(host, poolName(view.pools, volume), volume);
        return { volumeId: volume.id, state: "present" as const, observedSizeMiB: Math.floor(capacityBytes / BYTES_PER_MIB) };
      }
      await uploadSeed(pass, view.desired, host, poolName(view.pools, volume), volume);
      return { volumeId: volume.id, state: "present" as const, observedSizeMiB: null };
    }),
  );
  const made = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
  if (made.length > 0) await inTransaction(context, (tx) => markVolumes(tx, context, made));
  // What was made is noted even when another one failed: a disk on the storage is never one that nobody knows.
  for (const attempt of attempts) if (attempt.status === "rejected") throw attempt.reason;
}

/**
 * A disk may have been made although nobody heard so, and a larger size been asked for since: then it is grown. Whatever else is not as it
 * should be is still refused by the second look.
 */
async function ensureDisk(host: HypervisorHost, pool: string, volume: VolumeView): Promise<VolumeObservation> {
  const backing = volume.backingVolume && volume.backingFormat ? { volume: volume.backingVolume, format: volume.backingFormat } : null;
  const capacityMiB = volume.sizeGiB * MIB_PER_GIB;
  const spec = { pool, name: volume.name, format: volume.format, capacityMiB, backing };
  try {
    return await host.ensureVolume(spec);
  } catch (error) {
    if (!(error instanceof DriverError) || error.code !== "already-exists") throw error;
    const present = (await host.listVolumes(pool)).find((one) => one.name === volume.name);
    if (!present || present.capacityBytes >= capacityMiB * BYTES_PER_MIB) throw error;
    await host.growVolume(pool, volume.name, capacityMiB);
    return host.ensureVolume(spec);
  }
}

async function uploadSeed(pass: Pass, desired: DesiredInstance, host: HypervisorHost, pool: string, volume: VolumeView): Promise<VolumeObservation> {
  const files = await inTransaction(pass.context, (tx) => seedFiles(tx, pass.context, desired.id), { readOnly: true });
  const image = pass.seedImage(files);
  return host.uploadVolume(pool, volume.name, Readable.from([image]), image.byteLength);
}

/** Grows disks of a machine that is off. Never shrinks. */
export async function growVolumes(pass: Pass, view: FullView, host: HypervisorHost): Promise<void> {
  for (const volume of disksToGrow(view.desired)) {
    const capacityMiB = volume.sizeGiB * MIB_PER_GIB;
    await host.growVolume(poolName(view.pools, volume), volume.name, capacityMiB);
    await inTransaction(pass.context, (tx) => markVolumes(tx, pass.context, [{ volumeId: volume.id, state: "present", observedSizeMiB: capacityMiB }]));
  }
}

/** Removes what is unwanted, through the host that it stands on or any other that reaches the storage. */
export async function deleteVolumes(pass: Pass, view: FullView): Promise<boolean> {
  const { context, machines } = pass;
  const row = view.host?.state === "up" ? view.host : await inTransaction(context, (tx) => anyHostUp(tx, view.desired.clusterId), { readOnly: true });
  if (!row) return false;
  const host = machines.host(row);
  for (const volume of unwanted(view.desired)) {
    try {
      await host.deleteVolume(poolName(view.pools, volume), volume.name);
    } catch (error) {
      if (!(error instanceof DriverError && error.code === "not-found")) throw error;
    }
    await inTransaction(context, (tx) => markVolumes(tx, context, [{ volumeId: volume.id, state: "removed" }]));
  }
  return true;
}

export function finishPurge(pass: Pass, instanceId: string): Promise<boolean> {
  return inTransaction(pass.context, async (tx) => !(await hasPlace(tx, instanceId)) && markPurged(tx, pass.context, instanceId));
}
