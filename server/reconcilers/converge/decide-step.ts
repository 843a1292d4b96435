import type { DesiredInstance, ObservedState, VolumeView } from "@/server/compute";
import { claimOf, type AllocationRow, type HostRow } from "@/server/fleet";

/** Everything that is known of one instance, read at one moment. */
export interface View {
  readonly desired: DesiredInstance;
  readonly allocation: AllocationRow | null;
  /** Of the allocation. */
  readonly host: HostRow | null;
  /** A migration of it is open: somebody else acts on it. */
  readonly moving: boolean;
  /** Of a machine that a full storage paused; null of all others. */
  readonly hold: StorageHold | null;
  /** What it is to start after; of a machine that was lost with its host, none of all others. */
  readonly follows: readonly Predecessor[];
}

/** A machine that another one is to start after. */
export interface Predecessor {
  readonly name: string;
  /** Should run and was not seen running at its place: it is worth waiting for. */
  readonly awaited: boolean;
}

export interface StorageHold {
  /** Seen after it was paused: every pool of its disks has more room than the cluster keeps free. */
  readonly hasRoom: boolean;
  /** Seen after it was paused: all of them, and one has no more room than that. */
  readonly isFull: boolean;
  /** How often it was let go on within the last `HOLD_WINDOW_MS`, and was paused again. */
  readonly tries: number;
}

/** What this worker remembers; all of it may be forgotten, and is only a little slower or more polite then. */
export interface Memory {
  /** When the guest was asked to shut down for this generation, milliseconds. */
  readonly askedAtMs: number | null;
}

export type Step =
  /** As it should be, or nobody can do anything about it now. */
  | { readonly kind: "none" }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "note-applied" }
  | { readonly kind: "ask-shutdown" }
  | { readonly kind: "cut-power"; readonly why: "stop" | "rebuild" | "restart" | "delete" }
  /** The trash: nothing of it stays on a host, and its place is free. */
  | { readonly kind: "unplace" }
  | { readonly kind: "start" }
  /** It runs, and nobody wrote down on which disk: whoever started it died, or never heard that it was done. */
  | { readonly kind: "confirm-start" }
  | { readonly kind: "reboot" }
  /** A full storage paused it, and there is room again. */
  | { readonly kind: "go-on" }
  | { readonly kind: "resize" }
  /** Sizes of a machine that is off: its place and its disks follow what is desired. */
  | { readonly kind: "resize-stopped" }
  | { readonly kind: "delete-volumes" }
  | { readonly kind: "finish-purge" }
  /** Its memory into a file; repeated, it only writes down that this was done. */
  | { readonly kind: "suspend" }
  /** A full storage holds it ("held"), or its host does for another reason ("stands-still"), so its memory can not be saved: the order ends. */
  | { readonly kind: "abandon-suspend"; readonly why: "held" | "stands-still" }
  /** A saved memory that nothing will go on from. */
  | { readonly kind: "forget-memory" }
  | { readonly kind: "accept-guest-shutdown" }
  /** It crashed, and that was not counted yet. */
  | { readonly kind: "note-crash" }
  | { readonly kind: "give-up-crashing" };

const MIB_PER_GIB = 1_024;
/** A guest that dies at once again would otherwise take a host's time for ever; the owner can start it again. */
export const CRASH_LIMIT = 5;
export const CRASH_WINDOW_MS = 600_000;
const FIRST_CRASH_WAIT_MS = 1_000;
/** A guest that is asked to restart and does nothing is power cycled after this, as after a stop's default grace. */
const RESTART_GRACE_MS = 30_000;
/** A request that the guest missed (it was booting) is put again. */
export const ASK_AGAIN_MS = 2_000;

/** A guest that is paused again as soon as it goes on meets a limit that its pool does not show: it is tried less and less often. */
export const HOLD_WINDOW_MS = 3_600_000;
const FIRST_HOLD_MS = 15_000;
const LONGEST_HOLD_MS = 600_000;

/** One that should be put aside and stands still has so long to go on, or to end, by itself. A shutdown's last step takes seconds. */
export const STANDSTILL_MS = 60_000;
/** Its memory or its move may be under way, begun by a worker that died: a save is given ten minutes by the driver. */
export const STANDSTILL_UNDER_WAY_MS = 900_000;

/**
 * So long, from the decision of its place on, a machine waits for those that its owner wants started before it. A start takes seconds, the wake of a sleeping
 * host about a minute; what does not run after both will not for a while, and being off for longer helps nobody.
 */
export const START_AFTER_WAIT_SECONDS = 120;
/** Nobody tells a waiting machine that another one runs: it looks. */
const LOOK_FOR_OTHERS_MS = 500;

const LIVE: readonly ObservedState[] = ["running", "paused", "shutting-down", "suspended"];

/** What the host of the allocation last said of it; anything said elsewhere or of an older life is "absent". */
export function stateHere(view: Pick<View, "desired" | "allocation">): ObservedState {
  const { allocation, desired } = view;
  const { observation } = desired;
  if (!allocation || !observation || observation.hostId !== allocation.hostId || observation.epoch !== allocation.epoch) return "absent";
  return observation.state;
}

/**
 * The next thing to do about one instance. Pure: the same view gives the same step, after a crash as before it. Each
 * step is harmless when it was done already.
 */
export function decideStep(view: View, memory: Memory, nowMs: number): Step {
  const { desired, allocation, host } = view;
  const { observation } = desired;
  if (view.moving) return NONE;
  if (!allocation) return withoutPlace(desired, nowMs);
  if (host?.state !== "up") return NONE;
  const failedHere = observation?.lastErrorAt && observation.lastErrorAt > allocation.decidedAt;
  if (failedHere && observation.retryAfter && observation.retryAfter.getTime() > nowMs) return { kind: "wait", untilMs: observation.retryAfter.getTime() };
  const state = stateHere(view);
  const live = LIVE.includes(state);
  const wantsToRun = desired.desiredPower === "running" && desired.deletedAt === null;
  if (desired.desiredPower === "suspended" && desired.deletedAt === null) return live ? suspending(view, state, nowMs) : suspended(view, state);
  if (!wantsToRun) return live ? stopping(view, memory, nowMs) : stopped(view);
  return live ? running(view, memory, nowMs) : starting(view, state, nowMs);
}

const NONE: Step = { kind: "none" };

/** Without a place it runs nowhere: only disks are left to care for. Where it should run, place-instances acts first. */
function withoutPlace(desired: DesiredInstance, nowMs: number): Step {
  const retryAfterMs = desired.observation?.retryAfter?.getTime() ?? 0;
  if (retryAfterMs > nowMs) return { kind: "wait", untilMs: retryAfterMs };
  if (unwanted(desired).length > 0) return { kind: "delete-volumes" };
  if (memoryIsVoid(desired)) return { kind: "forget-memory" };
  if (desired.purgeAfter && desired.purgeAfter.getTime() <= nowMs && desired.volumes.length === 0) return { kind: "finish-purge" };
  if (desired.desiredPower === "running" && desired.deletedAt === null) return NONE;
  // A change of size that was under way when it was put aside is made when it goes on.
  if (memoryOf(desired) && !(desired.desiredPower === "suspended" && sizesStand(desired))) return NONE;
  return isApplied(desired) ? NONE : { kind: "note-applied" };
}

function stopping(view: View, memory: Memory, nowMs: number): Step {
  const { desired } = view;
  const why = desired.deletedAt ? "delete" : "stop";
  // Held by a full or failing storage it hears no request, and waiting out its grace would save nothing.
  if (stateHere(view) === "paused" && isHeldByStorage(desired)) return { kind: "cut-power", why };
  const askedMs = desired.stopRequestedAt?.getTime() ?? null;
  const endMs = askedMs === null ? nowMs : askedMs + desired.stopGraceSeconds * 1_000;
  if (endMs <= nowMs) return { kind: "cut-power", why };
  if (memory.askedAtMs === null || nowMs - memory.askedAtMs >= ASK_AGAIN_MS) return { kind: "ask-shutdown" };
  return { kind: "wait", untilMs: Math.min(endMs, memory.askedAtMs + ASK_AGAIN_MS) };
}

/**
 * What has no running guest (a shutdown under way) has to end first. One that a full storage holds goes on as soon as there is room, and is put
 * aside then; where its pools were looked at and are full, whoever asked is told, and not kept waiting for as long as they stay so. One that
 * stands still for any other reason has a bounded time: a watchdog that bit is never undone, everything else may end by itself.
 */
function suspending(view: View, state: ObservedState, nowMs: number): Step {
  const { observation } = view.desired;
  if (state === "running") return { kind: "suspend" };
  if (!observation) return NONE;
  if (!isHeldByStorage(view.desired)) {
    const untilMs = observation.observedAt.getTime() + standstillMs(observation.reason);
    return untilMs > nowMs ? { kind: "wait", untilMs } : { kind: "abandon-suspend", why: "stands-still" };
  }
  if (view.hold?.hasRoom) return held(view, observation.observedAt, nowMs);
  return view.hold?.isFull ? { kind: "abandon-suspend", why: "held" } : NONE;
}

/** How long one that should be put aside may stand still, by its host's reason, before the order ends. */
function standstillMs(reason: string): number {
  if (reason === "watchdog") return 0;
  return reason === "saved" || reason === "migrating" ? STANDSTILL_UNDER_WAY_MS : STANDSTILL_MS;
}

/** Saved, or gone by itself before it could be: either way it gives its place back. */
function suspended(view: View, state: ObservedState): Step {
  return savedUnnoted(view, state) ? { kind: "suspend" } : { kind: "unplace" };
}

/** The host says that it saved the memory, and a worker died before it wrote that down. */
function savedUnnoted({ desired }: View, state: ObservedState): boolean {
  return state === "stopped" && desired.observation?.reason === "saved" && memoryOf(desired)?.state === "wanted";
}

/** Off every host: a memory is only good if it is whole, unused, and somebody wants to go on from it. */
function memoryIsVoid(desired: DesiredInstance): boolean {
  const memory = memoryOf(desired);
  if (!memory || desired.deletedAt) return false;
  return memory.state === "wanted" || (desired.desiredPower !== "suspended" && desired.desiredPower !== "running");
}

function stopped(view: View): Step {
  const { desired, allocation } = view;
  if (desired.deletedAt) return { kind: "unplace" };
  if (memoryOf(desired)) return { kind: "forget-memory" };
  if (unwanted(desired).length > 0) return { kind: "delete-volumes" };
  if (allocation && (claimDiffers(desired, allocation) || disksToGrow(desired).length > 0)) return { kind: "resize-stopped" };
  return isApplied(desired) ? NONE : { kind: "note-applied" };
}

function starting(view: View, state: ObservedState, nowMs: number): Step {
  const { desired } = view;
  if (savedUnnoted(view, state)) return { kind: "suspend" };
  const { observation } = desired;
  // Nothing new was asked for since it ran: whatever ended it came from inside.
  const settled = observation !== null && (isApplied(desired) || observation.pendingBootReason !== null) && observation.bootGeneration >= desired.bootGeneration && !needsRebuild(desired);
  if (settled && state === "stopped" && observation.reason === "guest-shutdown") return { kind: "accept-guest-shutdown" };
  if (settled && state === "crashed") {
    const { crashes, crashedAt, crashGeneration } = observation;
    if (crashedAt === null || observation.observedAt > crashedAt || crashGeneration !== desired.generation) return { kind: "note-crash" };
    if (nowMs - crashedAt.getTime() < CRASH_WINDOW_MS) {
      if (crashes >= CRASH_LIMIT) return { kind: "give-up-crashing" };
      const untilMs = crashedAt.getTime() + FIRST_CRASH_WAIT_MS * 2 ** (crashes - 1);
      if (untilMs > nowMs) return { kind: "wait", untilMs };
    }
  }
  const waitsMs = view.allocation && view.follows.some((one) => one.awaited) ? view.allocation.decidedAt.getTime() + START_AFTER_WAIT_SECONDS * 1_000 : nowMs;
  if (waitsMs > nowMs) return { kind: "wait", untilMs: Math.min(waitsMs, nowMs + LOOK_FOR_OTHERS_MS) };
  return { kind: "start" };
}

function running(view: View, memory: Memory, nowMs: number): Step {
  const { desired } = view;
  const { observation } = desired;
  if (!observation) return NONE;
  // It runs, so its disks move on: no memory of it fits them any more.
  if (memoryOf(desired)) return { kind: "forget-memory" };
  // Without this it would never be taken off a disk that was replaced since.
  if (observation.rebuildGeneration === 0 && observation.state === "running") return { kind: "confirm-start" };
  if (needsRebuild(desired)) return { kind: "cut-power", why: "rebuild" };
  if (observation.bootGeneration < desired.bootGeneration) {
    // What waits for the next boot needs a new QEMU: a guest's own reboot would keep the old one.
    if (observation.pendingBootReason === null && observation.state === "running") return { kind: "reboot" };
    if (desired.rebootMode === "reset" || observation.state !== "running") return { kind: "cut-power", why: "restart" };
    if (memory.askedAtMs === null) return { kind: "ask-shutdown" };
    const endMs = memory.askedAtMs + RESTART_GRACE_MS;
    return endMs <= nowMs ? { kind: "cut-power", why: "restart" } : { kind: "wait", untilMs: endMs };
  }
  if (unwanted(desired).length > 0) return { kind: "delete-volumes" };
  if (isHeldByStorage(desired)) return held(view, observation.observedAt, nowMs);
  if (isApplied(desired) || observation.state !== "running") return NONE;
  const sizes = !sizesStand(desired) || disksToGrow(desired).length > 0;
  const claims = view.allocation !== null && claimDiffers(desired, view.allocation);
  if (sizes || claims) return observation.pendingBootReason === null ? { kind: "resize" } : NONE;
  return { kind: "note-applied" };
}

/** Its host paused it because a write found no room; QEMU has kept that write, and tries it again when it goes on. */
export function isHeldByStorage({ observation }: DesiredInstance): boolean {
  return observation?.state === "paused" && observation.reason === "io-error";
}

function held({ hold }: View, pausedAt: Date, nowMs: number): Step {
  if (!hold?.hasRoom) return NONE;
  const untilMs = hold.tries === 0 ? nowMs : pausedAt.getTime() + Math.min(LONGEST_HOLD_MS, FIRST_HOLD_MS * 2 ** (hold.tries - 1));
  return untilMs > nowMs ? { kind: "wait", untilMs } : { kind: "go-on" };
}

export function isApplied(desired: DesiredInstance): boolean {
  return (desired.observation?.appliedGeneration ?? 0) >= desired.generation;
}

/** It runs (or ran last) with the vCPUs and the memory that are asked for. */
export function sizesStand({ vcpus, memoryMiB, observation }: DesiredInstance): boolean {
  return observation?.vcpus === vcpus && observation.memoryMiB === memoryMiB;
}

/** The domain runs (or ran last) on a root disk that was replaced since. */
export function needsRebuild(desired: DesiredInstance): boolean {
  const seen = desired.observation?.rebuildGeneration ?? 0;
  return seen > 0 && seen < desired.rebuildGeneration;
}

export function unwanted(desired: DesiredInstance): VolumeView[] {
  return desired.volumes.filter((volume) => volume.state === "unwanted");
}

/** Disks that the guest sees, in order: those that stand or shall stand. */
export function disksOf(desired: Pick<DesiredInstance, "volumes">): VolumeView[] {
  return desired.volumes.filter((volume) => volume.kind !== "memory" && (volume.state === "wanted" || volume.state === "present"));
}

/** The memory that it was put aside with, or is about to be. */
export function memoryOf(desired: DesiredInstance): VolumeView | null {
  return desired.volumes.find((volume) => volume.kind === "memory" && (volume.state === "wanted" || volume.state === "present")) ?? null;
}

export function disksToGrow(desired: DesiredInstance): VolumeView[] {
  return desired.volumes.filter((volume) => volume.state === "present" && (volume.kind === "root" || volume.kind === "data") && volume.observedSizeMiB !== null && volume.observedSizeMiB < volume.sizeGiB * MIB_PER_GIB);
}

function claimDiffers(desired: DesiredInstance, allocation: AllocationRow): boolean {
  const claim = claimOf(desired);
  return claim.vcpus !== allocation.vcpus || claim.memoryMiB !== allocation.memoryMiB || claim.cpuReservationMillicores !== allocation.cpuReservationMillicores || claim.memoryReservationMiB !== allocation.memoryReservationMiB;
}
