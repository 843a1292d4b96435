import { stillBoots } from "../rules";
import type { DesktopState, DesktopWork } from "../types";

/** One thing to do about one desktop; repeated, it changes nothing. */
export type DesktopStep =
  | { readonly kind: "none" }
  | { readonly kind: "order" }
  | { readonly kind: "become"; readonly state: DesktopState; readonly reason: string | null; readonly unusedSince?: Date | null }
  /** The machine should run. */
  | { readonly kind: "start" }
  | { readonly kind: "session-ready" }
  | { readonly kind: "end-session"; readonly reason: string }
  /** The person goes back to the head of the queue; the desktop is replaced. */
  | { readonly kind: "move-on"; readonly reason: string }
  | { readonly kind: "suspend" }
  /** Its disk is to be made anew, of the pool's version. */
  | { readonly kind: "begin-reset"; readonly reason: string }
  | { readonly kind: "rebuild" }
  /** Off first: what is put aside cannot be made anew. */
  | { readonly kind: "power-off" }
  | { readonly kind: "clean" }
  | { readonly kind: "remove" }
  | { readonly kind: "retired" };

const NONE: DesktopStep = { kind: "none" };
/** A first boot under software emulation takes 40 to 90 s; a queue for room longer. */
const PROVISIONING_LIMIT_MS = 15 * 60_000;
const RESET_LIMIT_MS = 10 * 60_000;
/** A page that is reloaded, or a network that hiccups, is back by then. */
const DISCONNECT_AFTER_MS = 20_000;
const MINUTE_MS = 60_000;
/** As converge counts them: so many in a row are no accident. */
const FAILURES_LIMIT = 5;

/** The next thing to do about one desktop. Pure: the same view gives the same step, after a crash as before it. */
export function decideDesktop(work: DesktopWork, nowMs: number): DesktopStep {
  const { desktop, pool, instance, session } = work;
  if (desktop.state === "retiring") return retiring(work);
  if (pool.deletedAt) return session ? { kind: "end-session", reason: "pool-deleted" } : become("retiring", "pool-deleted");
  if (desktop.instanceId === null) return { kind: "order" };
  if (!instance || instance.deleted) return session ? { kind: "move-on", reason: "machine-deleted" } : become("retiring", "machine-deleted");
  if (session && nowMs - session.askedAt.getTime() >= pool.sessionMinutes * MINUTE_MS) return { kind: "end-session", reason: "session-limit" };
  switch (desktop.state) {
    case "provisioning":
      return provisioning(work, nowMs);
    case "ready":
      return ready(work, nowMs);
    case "in-session":
      return inSession(work, nowMs);
    case "disconnected":
      return disconnected(work, nowMs);
    case "suspended":
      return session ? { kind: "become", state: "in-session", reason: null, unusedSince: null } : suspended(work, nowMs);
    case "resetting":
      return resetting(work, nowMs);
    case "failed":
      return failed(work);
    case "retired":
      return NONE;
  }
}

function become(state: DesktopState, reason: string | null, unusedSince?: Date | null): DesktopStep {
  return { kind: "become", state, reason, ...(unusedSince === undefined ? {} : { unusedSince }) };
}

function sinceMs(work: DesktopWork, nowMs: number): number {
  return nowMs - work.desktop.stateChangedAt.getTime();
}

function runs(work: DesktopWork): boolean {
  return work.instance?.state === "running" && work.instance.desiredPower === "running";
}

/** How long nobody has used it, milliseconds; the time that a guest needs to start up is nobody's idleness. */
function unusedSoFarMs({ desktop, instance }: DesktopWork, nowMs: number): number {
  if (desktop.unusedSince === null || stillBoots(desktop.personalisedAt, instance?.runningSince ?? null, nowMs)) return 0;
  return nowMs - desktop.unusedSince.getTime();
}

function isOutdated({ desktop, pool }: DesktopWork): boolean {
  return desktop.versionId !== pool.versionId;
}

/** A persistent desktop that its owner has worked in keeps its disk, and with it its version, until they have it made anew. One that was given and never opened holds nothing of theirs. */
function mayBeMadeAnew(work: DesktopWork): boolean {
  return isOutdated(work) && !work.pool.rolloutPaused && (work.desktop.assignedUserId === null || work.desktop.usedByUserId === null);
}

function retiring({ instance, desktop }: DesktopWork): DesktopStep {
  if (desktop.instanceId === null || !instance || instance.purged) return { kind: "retired" };
  return instance.deleted ? NONE : { kind: "remove" };
}

function provisioning(work: DesktopWork, nowMs: number): DesktopStep {
  const { session, instance } = work;
  if (runs(work)) return session ? become("in-session", null, null) : become("ready", null, new Date(nowMs));
  if (instance?.desiredPower !== "running") return { kind: "start" };
  if (instance.failures >= FAILURES_LIMIT || sinceMs(work, nowMs) >= PROVISIONING_LIMIT_MS) return become("failed", "does-not-start");
  return NONE;
}

function ready(work: DesktopWork, nowMs: number): DesktopStep {
  const { session, instance, desktop, pool } = work;
  if (session) return become("in-session", null, null);
  if (mayBeMadeAnew(work)) return { kind: "begin-reset", reason: "new-version" };
  if (instance?.desiredPower !== "running") return { kind: "start" };
  if (instance.failures >= FAILURES_LIMIT) return become("failed", "does-not-run");
  // Somebody's own desktop is put aside when it is not used; how many free ones stand ready is the pool's affair.
  const unusedMs = unusedSoFarMs(work, nowMs);
  if (desktop.assignedUserId !== null && unusedMs >= pool.idleMinutes * MINUTE_MS && runs(work)) return { kind: "suspend" };
  return NONE;
}

function inSession(work: DesktopWork, nowMs: number): DesktopStep {
  const { session, instance, openConsoles, lastConsoleAt } = work;
  if (!session) return afterSession(work);
  if (instance?.desiredPower !== "running") return { kind: "start" };
  if (!runs(work)) return instance.failures >= FAILURES_LIMIT ? become("failed", "does-not-run") : NONE;
  if (session.readyAt === null) return { kind: "session-ready" };
  if (openConsoles > 0) return NONE;
  const lastMs = Math.max(session.readyAt.getTime(), lastConsoleAt?.getTime() ?? 0);
  if (nowMs - lastMs < DISCONNECT_AFTER_MS) return NONE;
  return become("disconnected", null, new Date(lastMs));
}

function disconnected(work: DesktopWork, nowMs: number): DesktopStep {
  const { session, pool, openConsoles, instance } = work;
  if (!session) return afterSession(work);
  if (openConsoles > 0) return become("in-session", null, null);
  if (instance?.desiredPower !== "running") return { kind: "start" };
  if (instance.failures >= FAILURES_LIMIT) return become("failed", "does-not-run");
  const unusedMs = unusedSoFarMs(work, nowMs);
  const deadlinePassed = pool.rolloutDeadline !== null && isOutdated(work) && !pool.rolloutPaused && nowMs >= pool.rolloutDeadline.getTime();
  if (unusedMs >= pool.idleMinutes * MINUTE_MS || deadlinePassed) return { kind: "end-session", reason: deadlinePassed ? "new-version" : "idle" };
  return NONE;
}

/** Its session is over: a floating one is nobody's and is made anew, a persistent one waits for its owner. */
function afterSession({ pool }: DesktopWork): DesktopStep {
  return pool.kind === "floating" ? { kind: "begin-reset", reason: "session-over" } : become("ready", null);
}

function suspended(work: DesktopWork, nowMs: number): DesktopStep {
  if (mayBeMadeAnew(work)) return { kind: "begin-reset", reason: "new-version" };
  // Woken ahead of time, started by somebody, or the storage had no room for its memory: it is ready when it runs.
  if (work.instance?.desiredPower !== "running") return NONE;
  if (runs(work)) return become("ready", null, new Date(nowMs));
  return work.instance.failures >= FAILURES_LIMIT ? become("failed", "does-not-run") : NONE;
}

function resetting(work: DesktopWork, nowMs: number): DesktopStep {
  const { instance, desktop } = work;
  if (!instance) return NONE;
  if (instance.desiredPower === "suspended") return { kind: "power-off" };
  if (instance.rebuildGeneration < desktop.wipeGeneration) return { kind: "rebuild" };
  if (instance.desiredPower !== "running") return { kind: "start" };
  if (instance.state === "running" && instance.observedRebuildGeneration >= desktop.wipeGeneration) return { kind: "clean" };
  return sinceMs(work, nowMs) >= RESET_LIMIT_MS || instance.failures >= FAILURES_LIMIT ? become("failed", "reset-failed") : NONE;
}

/** A failed one that may hold somebody's work waits for a person; every other one is replaced. */
function failed({ session, pool, desktop }: DesktopWork): DesktopStep {
  if (pool.kind === "persistent" && desktop.assignedUserId !== null) return NONE;
  return session ? { kind: "move-on", reason: "desktop-failed" } : become("retiring", "failed");
}
