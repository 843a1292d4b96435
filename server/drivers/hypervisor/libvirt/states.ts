import type { DomainEvent, DomainReason, DomainState } from "../types";

/** libvirt's state numbers: 0 none, 1 running, 2 blocked, 3 paused, 4 shutdown, 5 shutoff, 6 crashed, 7 pmsuspended. */
const STATES: readonly DomainState[] = ["stopped", "running", "running", "paused", "shutting-down", "stopped", "crashed", "suspended"];

const RUNNING_REASONS: readonly DomainReason[] = [
  "unknown", "started", "migrated-in", "started", "started", "started", "started", "started", "started", "crashed", "migrated-in", "failed",
];
const PAUSED_REASONS: readonly DomainReason[] = [
  "unknown", "unknown", "migrating", "saved", "unknown", "io-error", "watchdog", "unknown", "guest-shutdown", "unknown", "crashed", "started", "migrating", "failed",
];
const SHUTOFF_REASONS: readonly DomainReason[] = [
  "unknown", "guest-shutdown", "destroyed", "crashed", "migrated-out", "saved", "failed", "unknown", "unknown",
];

export function domainState(state: number, reason: number): { state: DomainState; reason: DomainReason } {
  const name = STATES[state] ?? "stopped";
  switch (name) {
    case "running": return { state: name, reason: RUNNING_REASONS[reason] ?? "unknown" };
    case "paused": return { state: name, reason: PAUSED_REASONS[reason] ?? "unknown" };
    case "shutting-down": return { state: name, reason: "guest-shutdown" };
    case "crashed": return { state: name, reason: "crashed" };
    case "suspended": return { state: name, reason: "unknown" };
    case "stopped": {
      const why = SHUTOFF_REASONS[reason] ?? "unknown";
      // A process that died without a farewell is off, but not because anybody wanted it.
      return { state: why === "crashed" ? "crashed" : "stopped", reason: state === 0 ? "unknown" : why };
    }
  }
}

type EventMeaning = Pick<DomainEvent, "kind" | "reason">;

const STOPPED_DETAILS: readonly EventMeaning[] = [
  { kind: "stopped", reason: "guest-shutdown" },
  { kind: "stopped", reason: "destroyed" },
  { kind: "crashed", reason: "crashed" },
  { kind: "migrated", reason: "migrated-out" },
  { kind: "stopped", reason: "saved" },
  // The process went away without a farewell: the shut-off reason that follows says crashed.
  { kind: "crashed", reason: "crashed" },
];
const SUSPENDED_REASONS: readonly DomainReason[] = ["unknown", "migrating", "io-error", "watchdog", "unknown", "unknown", "unknown", "migrating", "failed"];

/** libvirt's lifecycle numbers: 0 defined, 1 undefined, 2 started, 3 suspended, 4 resumed, 5 stopped, 6 shutdown, 7 pmsuspended, 8 crashed. */
export function lifecycleEvent(event: number, detail: number): EventMeaning | null {
  switch (event) {
    case 0: return { kind: "defined", reason: "unknown" };
    case 1: return { kind: "undefined", reason: "unknown" };
    case 2: return detail === 1 ? { kind: "migrated", reason: "migrated-in" } : { kind: "started", reason: "started" };
    case 3: return { kind: "paused", reason: SUSPENDED_REASONS[detail] ?? "unknown" };
    case 4: return { kind: "resumed", reason: detail === 1 ? "migrated-in" : "started" };
    case 5: return STOPPED_DETAILS[detail] ?? { kind: "stopped", reason: "unknown" };
    // The guest has finished and QEMU is about to end: the stopped event follows.
    case 6: return null;
    case 7: return { kind: "paused", reason: "unknown" };
    case 8: return { kind: "crashed", reason: "crashed" };
    default: return null;
  }
}
