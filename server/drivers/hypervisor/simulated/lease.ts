import type { RunLease } from "../types";
import { later } from "./domains";
import { endProcess } from "./process";
import type { WorldState } from "./state";
import type { HostRecord } from "./types";

/** The agent of a host looks and renews once a second. */
const BEAT_MS = 1_000;

/** The last moment at which the host could renew its lease: now, or when it lost its power, its kernel or its storage. */
function lastRenewedMs(state: WorldState, host: HostRecord): number {
  const nowMs = state.clock.nowMs();
  const stopped = [host.leaseStoppedMs, host.storageLostSinceMs].filter((at) => at !== null);
  return Math.min(nowMs, ...stopped);
}

/** What the shared storage says of a host's lease; null where its world has no agents. */
export function readLease(state: WorldState, hostUuid: string): RunLease | null {
  const host = [...state.hosts.values()].find((one) => one.uuid === hostUuid);
  if (!host || state.timings.leaseTtlMs <= 0) return null;
  return { hostUuid, beat: Math.floor(lastRenewedMs(state, host) / BEAT_MS), ttlSeconds: state.timings.leaseTtlMs / 1_000, yieldedTo: host.yieldedTo, storageSeconds: state.timings.storageLeaseMs / 1_000 };
}

function killGuests(state: WorldState, host: HostRecord): void {
  for (const domain of host.domains.values()) {
    if (domain.process !== "none") endProcess(state, host, domain, { state: "stopped", reason: "unknown", orderly: false });
  }
}

/** The storage is gone from a host: when its lease is over it ends its own guests. */
export function watchOverLease(state: WorldState, host: HostRecord): void {
  const { leaseTtlMs } = state.timings;
  if (leaseTtlMs <= 0) return;
  const cycle = host.powerCycles;
  later(state, leaseTtlMs, () => {
    if (host.powerCycles === cycle && host.storageLostSinceMs !== null && state.clock.nowMs() - host.storageLostSinceMs >= leaseTtlMs) killGuests(state, host);
  });
}

/** Written to the storage by another host: its agent reads it, ends the guests, and says so in the lease. Null takes it back. */
export function askToYield(state: WorldState, hostUuid: string, request: number | null): void {
  if (request === null) state.yields.delete(hostUuid);
  else state.yields.set(hostUuid, request);
  const host = [...state.hosts.values()].find((one) => one.uuid === hostUuid);
  if (!host || request === null || state.timings.leaseTtlMs <= 0) return;
  const look = (): void => {
    if (state.yields.get(hostUuid) !== request || host.phase !== "up" || host.storageLostSinceMs !== null) return;
    killGuests(state, host);
    host.yieldedTo = Math.max(host.yieldedTo, request);
  };
  later(state, BEAT_MS, look);
}
