import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { DiskSpec, DomainSpec, MemoryImage, PoolObservation, VolumeObservation, VolumeSpec } from "../types";
import { DriverError } from "../../errors";
import { lockHolder, poolKey } from "./locks";
import type { WorldState } from "./state";
import type { HostRecord, PoolRecord, SavedMemory, VolumeRecord } from "./types";

const MIB = 1_048_576;
const GIB = 1_073_741_824;
/** What an empty qcow2 file takes. */
const EMPTY_QCOW2_BYTES = 196_608;

export function poolOf(state: WorldState, host: HostRecord, name: string): PoolRecord {
  const pool = state.pools.get(poolKey(state, host, name));
  if (!pool) {
    const known = state.poolOptions.map((entry) => entry.name).join(", ");
    throw new DriverError("not-found", `${host.name} has no storage pool named ${name}; it has ${known || "none"}.`, { host: host.name });
  }
  if (host.storageLostSinceMs !== null && pool.options.shared) {
    throw new DriverError("failed", `${host.name} cannot reach the storage of the pool ${name}.`, { host: host.name });
  }
  return pool;
}

export function freeBytes(pool: PoolRecord): number {
  return pool.options.capacityGiB * GIB - usedBytes(pool);
}

function usedBytes(pool: PoolRecord): number {
  return pool.foreignBytes + pool.allocatedBytes;
}

function putVolume(pool: PoolRecord, volume: VolumeRecord): void {
  pool.allocatedBytes += volume.allocatedBytes - (pool.volumes.get(volume.name)?.allocatedBytes ?? 0);
  pool.volumes.set(volume.name, volume);
}

export function observePool(pool: PoolRecord): PoolObservation {
  const capacityBytes = pool.options.capacityGiB * GIB;
  const allocatedBytes = Math.min(capacityBytes, usedBytes(pool));
  return { name: pool.options.name, path: pool.options.path, capacityBytes, allocatedBytes, availableBytes: capacityBytes - allocatedBytes };
}

export function observeVolume(pool: PoolRecord, volume: VolumeRecord): VolumeObservation {
  return {
    pool: volume.pool,
    name: volume.name,
    capacityBytes: volume.capacityMiB * MIB,
    allocatedBytes: volume.allocatedBytes,
    path: `${pool.options.path}/${volume.name}`,
  };
}

export function ensureVolume(state: WorldState, host: HostRecord, spec: VolumeSpec): VolumeObservation {
  const pool = poolOf(state, host, spec.pool);
  const present = pool.volumes.get(spec.name);
  if (present) {
    const same = present.format === spec.format && present.capacityMiB >= spec.capacityMiB && present.backing?.volume === spec.backing?.volume;
    if (same) return observeVolume(pool, present);
    throw new DriverError(
      "already-exists",
      `The pool ${spec.pool} has a volume ${spec.name} already, and it differs (${present.format}, ${present.capacityMiB} MiB, backing ${present.backing?.volume ?? "none"}). Delete it or choose another name.`,
      { host: host.name },
    );
  }
  if (!(spec.capacityMiB > 0)) throw new DriverError("invalid", `The volume ${spec.name} needs a size above zero, not ${spec.capacityMiB} MiB.`);
  const base = spec.backing ? pool.volumes.get(spec.backing.volume) : undefined;
  if (spec.backing && !base) {
    throw new DriverError("not-found", `The volume ${spec.name} cannot be made: its base ${spec.backing.volume} is not in the pool ${spec.pool}. Import the image first.`, { host: host.name });
  }
  if (base && base.capacityMiB > spec.capacityMiB) {
    throw new DriverError("invalid", `The volume ${spec.name} (${spec.capacityMiB} MiB) would be smaller than its base ${base.name} (${base.capacityMiB} MiB).`);
  }
  const allocatedBytes = spec.format === "qcow2" ? EMPTY_QCOW2_BYTES : 0;
  requireSpace(pool, allocatedBytes + MIB, `create the volume ${spec.name}`);
  const volume: VolumeRecord = { ...spec, allocatedBytes, bootable: false, contentSha256: null, files: new Map() };
  putVolume(pool, volume);
  return observeVolume(pool, volume);
}

/** The content itself is not kept, only its size and digest: the simulated guest boots by the flag. */
export async function uploadVolume(state: WorldState, host: HostRecord, poolName: string, name: string, content: Readable, sizeBytes: number): Promise<VolumeObservation> {
  const pool = poolOf(state, host, poolName);
  refuseInUse(state, host, poolName, name, "replace the content of");
  requireSpace(pool, sizeBytes, `upload ${name}`);
  const digest = createHash("sha256");
  let received = 0;
  for await (const chunk of content) {
    if (!(chunk instanceof Uint8Array)) throw new DriverError("invalid", `The upload of ${name} must be a stream of bytes.`);
    received += chunk.length;
    digest.update(chunk);
  }
  if (received !== sizeBytes) {
    throw new DriverError("invalid", `The upload of ${name} announced ${sizeBytes} bytes and brought ${received}. Send it again in full.`);
  }
  const volume: VolumeRecord = {
    pool: poolName,
    name,
    format: "raw",
    capacityMiB: sizeBytes / MIB,
    backing: null,
    allocatedBytes: sizeBytes,
    bootable: sizeBytes > 0,
    contentSha256: digest.digest("hex"),
    files: new Map(),
  };
  putVolume(pool, volume);
  return observeVolume(pool, volume);
}

export function growVolume(state: WorldState, host: HostRecord, poolName: string, name: string, capacityMiB: number): void {
  const volume = volumeNamed(poolOf(state, host, poolName), name, host);
  refuseInUse(state, host, poolName, name, "grow (use the disk growth of the running domain instead)");
  if (capacityMiB < volume.capacityMiB) {
    throw new DriverError("invalid", `The volume ${name} has ${volume.capacityMiB} MiB and cannot shrink to ${capacityMiB} MiB.`);
  }
  volume.capacityMiB = capacityMiB;
}

export function deleteVolume(state: WorldState, host: HostRecord, poolName: string, name: string): boolean {
  const pool = poolOf(state, host, poolName);
  const volume = pool.volumes.get(name);
  if (!volume) return false;
  refuseInUse(state, host, poolName, name, "delete");
  pool.allocatedBytes -= volume.allocatedBytes;
  return pool.volumes.delete(name);
}

export function volumeNamed(pool: PoolRecord, name: string, host: HostRecord): VolumeRecord {
  const volume = pool.volumes.get(name);
  if (!volume) throw new DriverError("not-found", `The pool ${pool.options.name} on ${host.name} has no volume ${name}.`, { host: host.name });
  return volume;
}

/** The volume behind a disk, without complaint when it is not there. */
export function volumeOf(state: WorldState, host: HostRecord, disk: DiskSpec | undefined): VolumeRecord | null {
  if (!disk) return null;
  return state.pools.get(poolKey(state, host, disk.pool))?.volumes.get(disk.volume) ?? null;
}

/** Every file of the domain must be there before QEMU starts, down to the last base. */
export function checkDisks(state: WorldState, host: HostRecord, spec: DomainSpec): void {
  for (const disk of spec.disks) {
    const pool = poolOf(state, host, disk.pool);
    let volume = volumeNamed(pool, disk.volume, host);
    while (volume.backing) {
      const base = pool.volumes.get(volume.backing.volume);
      if (!base) {
        throw new DriverError("failed", `${spec.instanceId} cannot start on ${host.name}: the base ${volume.backing.volume} of ${volume.name} is missing in the pool ${disk.pool}.`, { host: host.name });
      }
      volume = base;
    }
  }
}

/** Direct kernel boot always works; a disk boots when it or one of its bases holds an operating system. */
export function canBoot(state: WorldState, host: HostRecord, spec: DomainSpec): boolean {
  if (spec.boot.kind === "kernel") return true;
  const first = spec.disks[0];
  let volume = volumeOf(state, host, first);
  while (volume && first) {
    if (volume.bootable) return true;
    volume = volume.backing ? (state.pools.get(poolKey(state, host, first.pool))?.volumes.get(volume.backing.volume) ?? null) : null;
  }
  return false;
}

/** A file with a machine's memory; whatever had that name is replaced. */
export function putMemoryImage(state: WorldState, host: HostRecord, image: MemoryImage, sizeBytes: number, memory: SavedMemory): void {
  const pool = poolOf(state, host, image.pool);
  requireSpace(pool, sizeBytes, `save the memory of ${memory.instanceId}`);
  putVolume(pool, { ...image, format: "raw", capacityMiB: sizeBytes / MIB, backing: null, allocatedBytes: sizeBytes, bootable: false, contentSha256: null, files: new Map(), memory });
}

function requireSpace(pool: PoolRecord, bytes: number, purpose: string): void {
  const free = freeBytes(pool);
  if (free >= bytes) return;
  throw new DriverError("insufficient", `Cannot ${purpose}: it needs ${bytes} bytes and the pool ${pool.options.name} has ${Math.max(0, free)} left. Free space or add storage.`);
}

function refuseInUse(state: WorldState, host: HostRecord, pool: string, name: string, purpose: string): void {
  const holder = lockHolder(state, host, pool, name);
  if (!holder) return;
  throw new DriverError("locked", `Cannot ${purpose} the volume ${name}: ${holder.instanceId} on ${holder.host} has it open. Stop that domain first.`, {
    holderHost: holder.host,
    holder: holder.instanceId,
  });
}
