import type { DomainSpec } from "../types";
import { DriverError } from "../../errors";
import type { WorldState } from "./state";
import type { HostRecord, LockHolder } from "./types";

/** Where a pool's truth is kept: one place for a shared pool, one a host for a local one. */
export function poolKey(state: WorldState, host: HostRecord, pool: string): string {
  return state.pools.has(pool) ? pool : `${host.name}/${pool}`;
}

/**
 * QEMU's image locks: a writer excludes everybody. The lock lives as long as the process that holds it; the storage
 * breaks it only when that process's host has not been heard of for a whole lease.
 */
export function takeLocks(state: WorldState, host: HostRecord, spec: DomainSpec, life: number): void {
  const wanted = spec.disks.filter((disk) => !disk.readOnly).map((disk) => `${poolKey(state, host, disk.pool)}/${disk.volume}`);
  for (const key of wanted) {
    const holder = state.locks.get(key);
    if (!holder || sameHolder(holder, host, spec.instanceId)) continue;
    if (leaseIsDead(state, holder)) {
      state.locks.delete(key);
      continue;
    }
    throw new DriverError(
      "locked",
      `${spec.instanceId} cannot start on ${host.name}: a running QEMU of ${holder.instanceId} on ${holder.host} has the disk ${key} open for writing. Make sure that it is off there first.`,
      { host: host.name, volume: key, holderHost: holder.host, holder: holder.instanceId },
    );
  }
  for (const key of wanted) state.locks.set(key, { host: host.name, instanceId: spec.instanceId, life });
  countOpenings(state, host, spec);
}

function countOpenings(state: WorldState, host: HostRecord, spec: DomainSpec): void {
  for (const disk of spec.disks) {
    const volume = disk.readOnly ? undefined : state.pools.get(poolKey(state, host, disk.pool))?.volumes.get(disk.volume);
    if (volume) volume.openings = (volume.openings ?? 0) + 1;
  }
}

/** Gives back what this process holds and nothing else. */
export function releaseLocks(state: WorldState, host: HostRecord, spec: DomainSpec): void {
  for (const disk of spec.disks) {
    const key = `${poolKey(state, host, disk.pool)}/${disk.volume}`;
    const holder = state.locks.get(key);
    if (holder && sameHolder(holder, host, spec.instanceId)) state.locks.delete(key);
  }
}

/** The switch of a migration: the locks change hands without a moment in between. */
export function moveLocks(state: WorldState, from: HostRecord, to: HostRecord, spec: DomainSpec, life: number): void {
  releaseLocks(state, from, spec);
  takeLocks(state, to, spec, life);
}

export function lockHolder(state: WorldState, host: HostRecord, pool: string, volume: string): LockHolder | null {
  const holder = state.locks.get(`${poolKey(state, host, pool)}/${volume}`);
  return holder && !leaseIsDead(state, holder) ? holder : null;
}

function sameHolder(holder: LockHolder, host: HostRecord, instanceId: string): boolean {
  return holder.host === host.name && holder.instanceId === instanceId;
}

function leaseIsDead(state: WorldState, holder: LockHolder): boolean {
  const lostSince = state.hosts.get(holder.host)?.storageLostSinceMs;
  return lostSince !== null && lostSince !== undefined && state.clock.nowMs() - lostSince >= state.timings.storageLeaseMs;
}
