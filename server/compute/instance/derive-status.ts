import { sentence, textOf, type Said, type Words } from "@/server/platform/sentences";
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
  > & Partial<Pick<ObservationRow, "lastErrorWords">> | null;
}

type Observed = NonNullable<StatusFacts["observation"]>;

const NEVER_SEEN: Observed = {
  state: "absent", reason: "unknown", phase: null, appliedGeneration: 0, bootGeneration: 0, rebuildGeneration: 0,
  vcpus: null, memoryMiB: null, diskGiB: null, pendingBootReason: null, failures: 0, lastError: null, lastErrorWords: null, waiting: null,
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
  const said = explainStatus(status, desired);
  return said === null ? null : textOf(said);
}

const stored = (text: string, words: Words[] | null | undefined): Said => (words ? { text, words } : text);

/** The same with its codes, for screens in other languages. */
export function explainStatus(status: InstanceStatus, desired: StatusFacts): Said | null {
  const seen = desired.observation ?? NEVER_SEEN;
  switch (status) {
    case "waiting-for-capacity":
      return seen.waiting ? stored(seen.waiting.text, seen.waiting.words) : sentence("status-waiting");
    case "unreachable":
      return sentence("status-unreachable");
    case "recovering":
      return sentence("status-recovering");
    case "migrating":
      return sentence("status-migrating");
    case "paused":
      return sentence(seen.reason === "io-error" ? "status-paused-storage" : "status-paused");
    case "crashed":
      return sentence("status-crashed");
    case "error":
      return seen.lastError === null ? sentence("status-error") : stored(seen.lastError, seen.lastErrorWords);
    case "deleted":
      return desired.purgedAt ? null : sentence("status-trash");
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
      return seen.failures > 0 && seen.lastError !== null ? stored(seen.lastError, seen.lastErrorWords) : null;
  }
}
