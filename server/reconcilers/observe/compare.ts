import type { ObservationInput, ObservedRow } from "@/server/compute";
import type { DomainObservation } from "@/server/drivers/hypervisor/types";
import type { AllocationRow, MigrationRow } from "@/server/fleet";
import type { RunningFact } from "@/server/metering";

export interface HostWord {
  readonly hostId: string;
  readonly askedAt: Date;
  readonly domains: readonly DomainObservation[];
}

/** What is known, to compare a host's word with. */
export interface Known {
  readonly allocations: ReadonlyMap<string, AllocationRow>;
  /** Open ones, by instance. */
  readonly migrations: ReadonlyMap<string, MigrationRow>;
  readonly observed: ReadonlyMap<string, ObservedRow>;
}

export interface Comparison {
  /** Only what is news. */
  readonly rows: readonly ObservationInput[];
  readonly running: readonly RunningFact[];
  /** True when a domain of ours is there that has no business there. */
  readonly strays: boolean;
}

/** Clock that a guest's CPU time goes on: everything with a QEMU that is not an incoming half. */
const RUNNING: readonly DomainObservation["state"][] = ["running", "paused", "shutting-down"];

/**
 * Compares one host's word with what is known of it. Pure. A domain counts for its instance only on the host and with
 * the epoch of its allocation; while a migration is open, on either of its hosts.
 */
export function compareWord(word: HostWord, allocatedHere: readonly AllocationRow[], known: Known): Comparison {
  const rows: ObservationInput[] = [];
  const running: RunningFact[] = [];
  let strays = false;
  const seen = new Set<string>();
  for (const domain of word.domains) {
    if (domain.epoch === null) continue;
    const allocation = known.allocations.get(domain.instanceId);
    const move = known.migrations.get(domain.instanceId);
    const here = allocation?.hostId === word.hostId;
    if (move && move.toHostId === word.hostId && allocation?.epoch === domain.epoch) {
      // It executes on the target before its allocation has followed; the loop that moves it writes that down.
      if (domain.state === "running" && domain.reason !== "migrating") running.push({ instanceId: domain.instanceId, since: null, continues: true });
      continue;
    }
    if (!allocation || !here || domain.epoch !== allocation.epoch) {
      strays ||= !move && isStray(domain, allocation, word.hostId);
      continue;
    }
    seen.add(domain.instanceId);
    const before = known.observed.get(domain.instanceId);
    if (!before || differs(before, word.hostId, domain)) rows.push(observation(word, domain));
    if (RUNNING.includes(domain.state)) {
      const sameRun = before?.hostId === word.hostId && before.epoch === domain.epoch;
      running.push({ instanceId: domain.instanceId, since: sameRun ? before.runningSince : null, continues: domain.reason === "migrated-in" || move !== undefined });
    }
  }
  for (const allocation of allocatedHere) {
    if (seen.has(allocation.instanceId)) continue;
    const before = known.observed.get(allocation.instanceId);
    // A guest that is moving may be between two hosts; one that was never seen is absent without being told.
    if (!before || known.migrations.has(allocation.instanceId)) continue;
    if (before.state === "absent" && (before.hostId === word.hostId || before.hostId === null)) continue;
    if (before.epoch !== null && before.epoch > allocation.epoch) continue;
    rows.push({ instanceId: allocation.instanceId, hostId: word.hostId, state: "absent", reason: "unknown", epoch: allocation.epoch, vcpus: null, memoryMiB: null, observedAt: word.askedAt, runningSince: null });
  }
  return { rows, running, strays };
}

/** Ours, and neither allocated here now nor anything that may become so. */
export function isStray(domain: Pick<DomainObservation, "epoch" | "instanceId">, allocation: AllocationRow | undefined, hostId: string): boolean {
  if (domain.epoch === null) return false;
  if (!allocation || allocation.hostId !== hostId) return true;
  return domain.epoch < allocation.epoch;
}

function differs(before: ObservedRow, hostId: string, domain: DomainObservation): boolean {
  const reason = steadyReason(domain);
  return before.hostId !== hostId || before.state !== domain.state || before.reason !== reason || before.epoch !== domain.epoch || before.vcpus !== domain.vcpus || before.memoryMiB !== domain.memoryMiB;
}

/** Why something runs is no news once it runs: hosts answer this differently after a restart of their own daemon. */
function steadyReason(domain: DomainObservation): string {
  return domain.state === "running" ? "started" : domain.reason;
}

function observation(word: HostWord, domain: DomainObservation): ObservationInput {
  return {
    instanceId: domain.instanceId,
    hostId: word.hostId,
    state: domain.state,
    reason: steadyReason(domain),
    epoch: domain.epoch,
    vcpus: domain.vcpus,
    memoryMiB: domain.memoryMiB,
    observedAt: word.askedAt,
  };
}
