import type { ObservationRow } from "../types";
import type { InstanceStatus } from "./types";

/** After so many failures in a row a goal that is not reached is shown as an error; it is tried on. */
export const ERROR_AFTER_FAILURES = 3;

/** What the status is derived from; one row of `instance` with its observation. */
export interface StatusFacts {
  readonly desiredPower: "running" | "stopped" | "suspended";
  readonly generation: number;
  readonly bootGeneration: number;
  readonly rebuildGeneration: number;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  readonly deletedAt: Date | null;
  readonly purgeAfter: Date | null;
  readonly purgedAt: Date | null;
  readonly observation: Pick<
    ObservationRow,
    "state" | "reason" | "phase" | "appliedGeneration" | "bootGeneration" | "rebuildGeneration" | "vcpus" | "memoryMiB" | "diskGiB" | "pendingBootReason" | "failures" | "lastError" | "waiting"
  > | null;
}

type Observed = NonNullable<StatusFacts["observation"]>;

const NEVER_SEEN: Observed = {
  state: "absent", reason: "unknown", phase: null, appliedGeneration: 0, bootGeneration: 0, rebuildGeneration: 0,
  vcpus: null, memoryMiB: null, diskGiB: null, pendingBootReason: null, failures: 0, lastError: null, waiting: null,
};

const LIVE: ReadonlySet<string> = new Set(["running", "paused", "shutting-down", "suspended"]);

/** The status of an instance from what was asked for and what was observed. `derive-status-sql.ts` says the same in SQL. */
export function deriveStatus(desired: StatusFacts, now: Date): InstanceStatus {
  const seen = desired.observation ?? NEVER_SEEN;
  const live = LIVE.has(seen.state);
  if (desired.purgedAt) return "deleted";
  if (desired.deletedAt) return live || (desired.purgeAfter !== null && desired.purgeAfter.getTime() <= now.getTime()) ? "deleting" : "deleted";
  if (seen.phase === "recovering") return "recovering";
  if (seen.phase === "unreachable" || seen.state === "unknown") return "unreachable";
  if (seen.phase === "migrating" && live) return "migrating";
  const behind = seen.appliedGeneration < desired.generation;
  const oldRoot = seen.rebuildGeneration > 0 && seen.rebuildGeneration < desired.rebuildGeneration;
  if (oldRoot && (desired.desiredPower === "running" || behind)) return "rebuilding";
  if (desired.desiredPower === "stopped") {
    if (!live) return "stopped";
    return seen.failures >= ERROR_AFTER_FAILURES ? "error" : "stopping";
  }
  if (desired.desiredPower === "suspended") {
    if (!live) return "suspended";
    return seen.failures >= ERROR_AFTER_FAILURES ? "error" : "suspending";
  }
  const rebootDue = seen.bootGeneration > 0 && seen.bootGeneration < desired.bootGeneration;
  switch (seen.state) {
    case "running":
      if (rebootDue) return "rebooting";
      return behind && seen.pendingBootReason === null && sizesDiffer(desired, seen) ? "resizing" : "running";
    case "paused":
    case "suspended":
      return "paused";
    case "shutting-down":
      return rebootDue ? "rebooting" : "stopping";
    case "absent":
    case "stopped":
    case "crashed":
      if (seen.phase === "waiting-for-capacity") return "waiting-for-capacity";
      if (seen.failures >= ERROR_AFTER_FAILURES) return "error";
      if (seen.state === "crashed") return "crashed";
      return seen.rebuildGeneration === 0 ? "provisioning" : "starting";
  }
}

function sizesDiffer(desired: StatusFacts, seen: Observed): boolean {
  return (
    (seen.vcpus !== null && seen.vcpus !== desired.vcpus) ||
    (seen.memoryMiB !== null && seen.memoryMiB !== desired.memoryMiB) ||
    (seen.diskGiB !== null && seen.diskGiB !== desired.diskGiB)
  );
}

/** A sentence for the person where the status alone does not say what is going on; null where it does. */
export function statusReason(status: InstanceStatus, desired: StatusFacts): string | null {
  const seen = desired.observation ?? NEVER_SEEN;
  switch (status) {
    case "waiting-for-capacity":
      return seen.waiting?.text ?? "No host has room for it at the moment. It starts by itself as soon as one has.";
    case "unreachable":
      return "Its host does not answer. It is started elsewhere only when that host is known to be off, so that no two copies write to one disk.";
    case "recovering":
      return "Its host failed. It is being started on another one.";
    case "migrating":
      return "It is being moved to another host while it runs.";
    case "paused":
      return seen.reason === "io-error" ? "It was paused because its storage did not take a write." : "It is paused.";
    case "crashed":
      return "Its virtual hardware stopped unexpectedly. It is being started again.";
    case "error":
      return seen.lastError ?? "It could not be brought to the wanted state. We go on trying.";
    case "deleted":
      return desired.purgedAt ? null : "It is in the trash and can be restored.";
    case "provisioning":
    case "starting":
    case "running":
    case "stopping":
    case "stopped":
    case "suspending":
    case "suspended":
    case "rebooting":
    case "resizing":
    case "rebuilding":
    case "deleting":
      return seen.failures > 0 ? seen.lastError : null;
  }
}
