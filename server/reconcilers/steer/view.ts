import { readConsents, standOf, type MoveConsent } from "@/server/compute";
import { enrichSnapshot, inWindows, readMoveFacts, takeSnapshot, type Automation, type FleetSnapshot, type HostRow, type MoveFacts } from "@/server/fleet";
import { readDemand, readDemandHistory, type MeasuredDemand } from "@/server/metering";
import type { ClusterSnapshot } from "@/server/planner/types";
import { sentence, type Sentence } from "@/server/platform/sentences";
import type { Pass } from "../types";
import { readPast, type Past } from "./past";

/** Samples come once a minute; the last three say what is so now, the rest whether it stays so. */
const RECENT_MINUTES = 3;
/** One sample may be a boot. */
const MIN_SAMPLES = 2;

/** How much is wanted of a host that is up, thousandths of a core. */
export interface HostLoad {
  readonly hostId: string;
  readonly name: string;
  readonly capacityMillicores: number;
  /** Means over the whole window, and over its last minutes; what guests waited for counts as wanted. */
  readonly demandMillicores: number;
  readonly recentMillicores: number;
  readonly stealMillicores: number;
  readonly instances: number;
  /** False while fewer instances were measured than stand there. */
  readonly measured: boolean;
}

/** One moment of a cluster with everything that moving and sleeping depend on. */
export interface SteeringView {
  readonly automation: Automation;
  readonly snapshot: FleetSnapshot;
  /** The planner's view with measured demand, rest after moves, and consents. */
  readonly planner: ClusterSnapshot;
  readonly demand: ReadonlyMap<string, MeasuredDemand>;
  readonly moves: MoveFacts;
  readonly consents: ReadonlyMap<string, MoveConsent>;
  readonly loads: ReadonlyMap<string, HostLoad>;
  readonly asleep: readonly HostRow[];
}

export async function steeringView(pass: Pick<Pass, "context">, automation: Automation, minutes: number): Promise<SteeringView> {
  const { context } = pass;
  const { clusterId } = automation;
  const snapshot = await takeSnapshot(context, clusterId);
  const demand = await readDemand(context, clusterId, { minutes, recentMinutes: RECENT_MINUTES });
  const moves = await readMoveFacts(context, clusterId);
  const consents = new Map((await readConsents(context, clusterId)).map((consent) => [consent.instanceId, consent]));
  return viewOf({ automation, snapshot, demand, moves, consents, past: await readPast(context, clusterId), now: context.clock.now() });
}

export type ViewSource = Pick<SteeringView, "automation" | "snapshot" | "demand" | "moves" | "consents"> & { readonly now: Date; readonly past?: Past };

/** The same from what was read before, at any moment. Pure. */
export function viewOf({ automation, snapshot, demand, moves, consents, past, now }: ViewSource): SteeringView {
  const unmovable = new Set([...consents.values()].filter((consent) => standOf(consent, inWindows(consent.notDuring, consent.timeZone, now), now.getTime()) !== "agrees").map((consent) => consent.instanceId));
  const planner = enrichSnapshot(snapshot.planner, automation, { moves, unmovable, demand: plannerDemand(snapshot, demand), ...(past ? { past } : {}) });
  return { automation, snapshot, planner, demand, moves, consents, loads: loadsOf(snapshot, demand), asleep: [...snapshot.hosts.values()].filter((host) => host.state === "asleep") };
}

function plannerDemand(snapshot: FleetSnapshot, demand: ReadonlyMap<string, MeasuredDemand>): Map<string, { cpuMillicores: number; cpuSpreadMillicores: number; memoryMiB: number }> {
  const wanted = new Map<string, { cpuMillicores: number; cpuSpreadMillicores: number; memoryMiB: number }>();
  for (const [id, row] of demand) {
    const instance = snapshot.instances.get(id);
    if (!instance || row.minutes < MIN_SAMPLES) continue;
    const most = instance.vcpus * 1_000;
    wanted.set(id, { cpuMillicores: Math.min(most, row.cpuMillicores), cpuSpreadMillicores: row.cpuSpreadMillicores, memoryMiB: row.memoryUsedMiB ?? instance.memoryMiB });
  }
  return wanted;
}

function loadsOf(snapshot: FleetSnapshot, demand: ReadonlyMap<string, MeasuredDemand>): Map<string, HostLoad> {
  const loads = new Map<string, HostLoad>();
  const here = new Map<string, string[]>();
  for (const row of snapshot.allocations.values()) here.set(row.hostId, [...(here.get(row.hostId) ?? []), row.instanceId]);
  for (const host of snapshot.hosts.values()) {
    if (host.state !== "up") continue;
    const running = (here.get(host.id) ?? []).filter((id) => snapshot.instances.get(id)?.observation?.state === "running");
    const rows = running.flatMap((id) => demand.get(id) ?? []);
    const sum = (of: (row: MeasuredDemand) => number): number => rows.reduce((total, row) => total + of(row), 0);
    loads.set(host.id, {
      hostId: host.id,
      name: host.name,
      capacityMillicores: host.cores * 1_000,
      demandMillicores: sum((row) => row.cpuMillicores),
      recentMillicores: sum((row) => row.recentCpuMillicores),
      stealMillicores: sum((row) => row.stealMillicores),
      instances: (here.get(host.id) ?? []).length,
      measured: rows.filter((row) => row.minutes >= MIN_SAMPLES).length === running.length,
    });
  }
  return loads;
}

/** What an instance wants now and is likely to want soon, thousandths of a core: the last minutes, or one deviation above the mean. */
export function likelyDemand(view: SteeringView, instanceId: string): number {
  const row = view.demand.get(instanceId);
  const instance = view.snapshot.instances.get(instanceId);
  if (!instance) return 0;
  const most = instance.vcpus * 1_000;
  // Not measured yet: the planner's own default, a quarter of its vCPUs.
  return row ? Math.min(most, Math.max(row.recentCpuMillicores, row.cpuMillicores + row.cpuSpreadMillicores)) : most / 4;
}

/** What it wanted on average over the window, thousandths of a core: what predictions are compared by. */
export function meanDemand(view: SteeringView, instanceId: string): number {
  return view.demand.get(instanceId)?.cpuMillicores ?? (view.snapshot.instances.get(instanceId)?.vcpus ?? 0) * 250;
}

/** A cluster in which something is wrong or under way is left to those who mend it. Null: it is at rest. */
export function whyNotSteered(view: SteeringView): Sentence | null {
  const { snapshot } = view;
  for (const host of snapshot.hosts.values()) {
    if (["suspect", "unreachable", "fencing", "isolated", "returning"].includes(host.state)) return sentence("trouble-host", { host: host.name, state: host.state });
    if (host.state === "fenced" && [...snapshot.allocations.values()].some((row) => row.hostId === host.id)) return sentence("trouble-restarting", { host: host.name });
    if (host.drainRequestedAt && host.state === "up" && [...snapshot.allocations.values()].some((row) => row.hostId === host.id)) return sentence("trouble-draining", { host: host.name });
  }
  if (snapshot.waiting.length > 0) return sentence("trouble-waiting", { machines: snapshot.waiting.length });
  return null;
}

/** More of a host's cores than this is not planned for: what is above it is for bursts. */
export const FULL_FRACTION = 0.8;

export interface LoadAfter {
  readonly hostId: string;
  readonly name: string;
  readonly demandMillicores: number;
  readonly capacityMillicores: number;
}

/** What each host that stays awake would be wanted for after the moves of a plan. */
export function loadAfter(view: SteeringView, plan: { readonly actions: readonly { readonly op: string; readonly instanceId: string | null; readonly toHostId: string }[] }, leaving: ReadonlySet<string>, of: (view: SteeringView, instanceId: string) => number = likelyDemand): LoadAfter[] {
  const to = new Map(plan.actions.filter((action) => action.op === "migrate").map((action) => [action.instanceId, action.toHostId]));
  const wanted = new Map<string, number>();
  for (const row of view.snapshot.allocations.values()) {
    const hostId = to.get(row.instanceId) ?? row.hostId;
    if (view.snapshot.instances.get(row.instanceId)?.observation?.state !== "running") continue;
    wanted.set(hostId, (wanted.get(hostId) ?? 0) + of(view, row.instanceId));
  }
  return [...view.snapshot.hosts.values()].filter((host) => host.state === "up" && !leaving.has(host.id)).map((host) => ({ hostId: host.id, name: host.name, demandMillicores: Math.round(wanted.get(host.id) ?? 0), capacityMillicores: host.cores * 1_000 }));
}

/** The first host that would be wanted beyond what is planned for, in words. */
export function tooMuch(loads: readonly LoadAfter[]): string | null {
  const over = loads.find((load) => load.demandMillicores > load.capacityMillicores * FULL_FRACTION);
  return over ? `${over.name} would be wanted for ${over.demandMillicores} of ${over.capacityMillicores} millicores` : null;
}

const HISTORY_DAYS = 14;
const HISTORY_STEP_SECONDS = 1_800;
const STEPS_A_DAY = 86_400 / HISTORY_STEP_SECONDS;

/** What the cluster wanted in the last two weeks, in steps of half an hour. */
export interface ClusterDemand {
  readonly endSeconds: number;
  readonly cpuMillicores: readonly (number | null)[];
}

export function readClusterDemand(pass: Pick<Pass, "context">, clusterId: string): Promise<ClusterDemand> {
  return readDemandHistory(pass.context, clusterId, { days: HISTORY_DAYS, stepSeconds: HISTORY_STEP_SECONDS });
}

/** Would the hosts that stay awake carry what is wanted now and what the coming hours are likely to bring? */
export async function demandFits(pass: Pass, view: SteeringView, asleep: ReadonlySet<string>): Promise<{ readonly refusal: Sentence | null; readonly inputs: Record<string, unknown> }> {
  return fitsDemand(view, asleep, await readClusterDemand(pass, view.automation.clusterId));
}

/**
 * What the whole cluster is likely to want at most within the seconds that follow the history (or `atSeconds`, where that is
 * later), thousandths of a core: now, or the most that the same time of day brought in the last days and on the same day of
 * the week. Pure.
 */
export function forecastPeak(view: SteeringView, history: ClusterDemand, seconds: number, atSeconds: number = history.endSeconds): number {
  const now = [...view.loads.values()].reduce((sum, load) => sum + Math.max(load.recentMillicores, load.demandMillicores), 0);
  const { cpuMillicores, endSeconds } = history;
  const later = Math.floor((atSeconds - endSeconds) / HISTORY_STEP_SECONDS);
  const steps = Math.max(1, Math.ceil(seconds / HISTORY_STEP_SECONDS));
  const seen: number[] = [now];
  for (let day = 1; day <= HISTORY_DAYS; day++) {
    for (let step = 0; step <= steps; step++) {
      const at = cpuMillicores.length + later - day * STEPS_A_DAY + step;
      const value = at >= 0 && at < cpuMillicores.length ? cpuMillicores[at] : undefined;
      if (value !== undefined && value !== null) seen.push(value);
    }
  }
  return Math.max(...seen);
}

/** The same from a history that was read before. Pure. */
export function fitsDemand(view: SteeringView, asleep: ReadonlySet<string>, history: ClusterDemand, atSeconds?: number): { readonly refusal: Sentence | null; readonly inputs: Record<string, unknown> } {
  const { automation, snapshot } = view;
  const stay = [...snapshot.hosts.values()].filter((host) => host.state === "up" && !host.maintenance && !asleep.has(host.id));
  const capacity = stay.reduce((sum, host) => sum + host.cores * 1_000, 0);
  const wakeSeconds = Math.max(0, ...[...snapshot.hosts.values()].map((host) => host.wakeSeconds ?? 0));
  const aheadSeconds = automation.minAsleepSeconds + wakeSeconds;
  const peak = forecastPeak(view, history, aheadSeconds, atSeconds);
  const refusal = peak > capacity * FULL_FRACTION ? sentence("wake-expected", { neededCores: Math.round(peak / 100) / 10, withinSeconds: Math.round(aheadSeconds), awakeCores: Math.round(capacity / 100) / 10 }) : null;
  return { refusal, inputs: { forecastPeakMillicores: Math.round(peak), aheadSeconds: Math.round(aheadSeconds), awakeCapacityMillicores: capacity } };
}
