import type { DomainReason, DomainSpec, DomainState } from "../types";
import { account } from "./accounting";
import { seededProfile } from "./defaults";
import { releaseLocks } from "./locks";
import { closeRun, openRun } from "./runs";
import type { WorldState } from "./state";
import { emit } from "./state";
import type { DomainRecord, GuestMemory, HostRecord } from "./types";
import { canBoot, volumeOf } from "./volumes";

/** Unsynced writes older than this are on the disk: the guest kernel's own write-back. */
const WRITE_BACK_MS = 30_000;

export function emptyGuest(): GuestMemory {
  return { clockOffsetMs: 0, cache: new Map(), serial: new Set(), ends: new Set(), jobs: new Map(), nextPid: 400, screenLines: [] };
}

/** A definition without a process. */
export function defineDomain(state: WorldState, host: HostRecord, spec: DomainSpec): DomainRecord {
  const former = host.domains.get(spec.instanceId);
  const domain: DomainRecord = {
    spec,
    state: "stopped",
    reason: "unknown",
    epoch: spec.epoch,
    process: "none",
    vcpus: spec.vcpus,
    memoryMiB: spec.memoryMiB,
    startedMs: 0,
    bootedAtMs: null,
    profile: { ...seededProfile(spec.instanceId, state.seed, state.faults.ignoresShutdown), ...state.profileOf(spec.instanceId) },
    cpuNs: 0,
    delayNs: 0,
    diskReadBytes: 0,
    diskWrittenBytes: 0,
    netBytes: 0,
    life: (former?.life ?? 0) + 1,
    shutdownAsked: false,
    migration: null,
    guest: emptyGuest(),
  };
  host.domains.set(spec.instanceId, domain);
  return domain;
}

/** QEMU executes from now on; the disk locks are the caller's business. */
export function beginProcess(state: WorldState, host: HostRecord, domain: DomainRecord): void {
  account(state, host);
  const nowMs = state.clock.nowMs();
  domain.state = "running";
  domain.reason = "started";
  domain.process = "executing";
  domain.startedMs = nowMs;
  domain.bootedAtMs = canBoot(state, host, domain.spec) ? nowMs + state.timings.startMs + state.timings.guestBootMs : null;
  domain.shutdownAsked = false;
  openRun(state, host.name, domain.spec.instanceId);
  emit(state, host, { instanceId: domain.spec.instanceId, kind: "started", reason: "started" });
}

/** How a process ended decides what the guest could still write. */
export type Ending = { readonly state: DomainState; readonly reason: DomainReason; readonly orderly: boolean };

/** QEMU is gone: locks are free, the run is over, whatever was in memory is lost. */
export function endProcess(state: WorldState, host: HostRecord, domain: DomainRecord, ending: Ending): void {
  account(state, host);
  flushGuestWrites(state, host, domain, ending.orderly);
  domain.state = ending.state;
  domain.reason = ending.reason;
  domain.process = "none";
  domain.life += 1;
  domain.shutdownAsked = false;
  domain.bootedAtMs = null;
  domain.vcpus = domain.spec.vcpus;
  domain.memoryMiB = domain.spec.memoryMiB;
  releaseLocks(state, host, domain.spec);
  closeRun(state, host.name, domain.spec.instanceId);
  const ends = [...domain.guest.ends];
  domain.guest = emptyGuest();
  for (const end of ends) end();
  const migration = domain.migration;
  domain.migration = null;
  migration?.abort(`the domain ended on ${host.name} during the migration`, "failed");
  emit(state, host, { instanceId: domain.spec.instanceId, kind: ending.state === "crashed" ? "crashed" : "stopped", reason: ending.reason });
}

/** Moves written-back (or, with `all`, every) file from the guest's memory to its first disk. */
export function flushGuestWrites(state: WorldState, host: HostRecord, domain: DomainRecord, all: boolean): void {
  const nowMs = state.clock.nowMs();
  const disk = volumeOf(state, host, domain.spec.disks.find((entry) => !entry.readOnly));
  if (!disk) return;
  for (const [path, entry] of domain.guest.cache) {
    if (!all && nowMs - entry.sinceMs < WRITE_BACK_MS) continue;
    disk.files.set(path, entry.content);
    domain.guest.cache.delete(path);
  }
}

/** The guest's vCPUs stop, the process stays (and with it the locks and the run). */
export function pauseProcess(state: WorldState, host: HostRecord, domain: DomainRecord, reason: DomainReason): void {
  account(state, host);
  domain.process = "paused";
  domain.state = "paused";
  domain.reason = reason;
  emit(state, host, { instanceId: domain.spec.instanceId, kind: "paused", reason });
}

/** The vCPUs of a paused process go on; if its pool is still full, the next look finds it paused again. */
export function continueProcess(state: WorldState, host: HostRecord, domain: DomainRecord): void {
  account(state, host);
  domain.process = "executing";
  domain.state = "running";
  domain.reason = "started";
  emit(state, host, { instanceId: domain.spec.instanceId, kind: "resumed", reason: "started" });
}

/** A guest that has booted, so that its own software answers. */
export function guestIsUp(state: WorldState, domain: DomainRecord): boolean {
  return domain.process === "executing" && domain.bootedAtMs !== null && state.clock.nowMs() >= domain.bootedAtMs;
}
