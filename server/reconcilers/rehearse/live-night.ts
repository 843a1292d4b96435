import { inWindows, type HostRow, type RehearsedEvent, type RehearsedMove } from "@/server/fleet";
import type { Plan } from "@/server/planner";
import { prove } from "../steer/certificate";
import { foreseeShortage, foreseeWake } from "../steer/foresee";
import { planFreeing } from "../steer/free-hosts";
import { findHot, planRelief } from "../steer/relieve-hosts";
import { fitsDemand, FULL_FRACTION, whyNotSteered, type SteeringView } from "../steer/view";
import type { Course } from "./course";

/** From the power button to an answering hypervisor where it was never measured; servers of 2020 to 2023 test their memory for two minutes. */
export const DEFAULT_WAKE_SECONDS = 120;
/** The loop plans again each minute; what it cannot free now it seldom can a few minutes later. */
const PLAN_AGAIN_MS = 900_000;

/**
 * What the loops rebalance-clusters, consolidate-clusters and wake-hosts do at each moment, on a copy: the same planning, with
 * moves that take as long as predicted and wakes that take as long as they did of late.
 */
export class Night {
  readonly moves: RehearsedMove[] = [];
  readonly events: RehearsedEvent[] = [];
  private readonly wakes = new Map<string, number>();
  private busyUntilMs = 0;
  private nextPlanMs = 0;
  assumedWakeTime = false;

  constructor(
    private readonly course: Course,
    private readonly fromMs: number,
  ) {}

  act(view: SteeringView, ms: number): void {
    this.finishWakes(ms);
    if (whyNotSteered(view) !== null) return;
    const now = this.wakes.size > 0 ? this.course.viewAt(ms) : view;
    if (this.wakeSome(now, ms)) return;
    if (ms < this.busyUntilMs || this.wakes.size > 0) return;
    if (this.relieve(now, ms)) return;
    this.consolidate(now, ms);
  }

  private at(ms: number): number {
    return Math.round((ms - this.fromMs) / 1_000);
  }

  private finishWakes(ms: number): void {
    for (const [hostId, doneMs] of this.wakes) {
      if (doneMs > ms) continue;
      this.wakes.delete(hostId);
      this.course.change(hostId, { state: "up", powerState: "on", powerStateChangedAt: new Date(doneMs) });
      this.events.push({ atSeconds: this.at(doneMs), kind: "awake", hostName: this.course.hosts.get(hostId)?.name ?? null, amount: null });
    }
  }

  private wake(hosts: readonly HostRow[], ms: number): boolean {
    for (const host of hosts) {
      if (host.wakeSeconds === null) this.assumedWakeTime = true;
      const seconds = host.wakeSeconds ?? DEFAULT_WAKE_SECONDS;
      this.course.change(host.id, { powerState: "waking", powerStateChangedAt: new Date(ms) });
      this.wakes.set(host.id, ms + seconds * 1_000);
      this.course.charged.wakes.push({ hostId: host.id, seconds });
      this.events.push({ atSeconds: this.at(ms), kind: "wake", hostName: host.name, amount: null });
    }
    return hosts.length > 0;
  }

  /** The reasons of wake-hosts, in its order; nobody orders anything on a copy. */
  private wakeSome(view: SteeringView, ms: number): boolean {
    const { automation } = view;
    const sleeping = view.asleep.filter((host) => host.powerState === "asleep");
    if (sleeping.length === 0 || sleeping.length < view.asleep.length) return false;
    if (automation.consolidate === "off") return this.wake(sleeping, ms);
    const rested = sleeping.filter((host) => ms - (host.powerStateChangedAt?.getTime() ?? ms) >= automation.minAsleepSeconds * 1_000);
    const leadMs = Math.max(0, ...sleeping.map((host) => host.wakeSeconds ?? 0)) * 1_000;
    if (automation.consolidateWindows.length > 0 && !inWindows(automation.consolidateWindows, automation.timeZone, new Date(ms + leadMs))) return this.wake(rested, ms);
    const [quickest] = sleeping.toSorted((a, b) => (a.wakeSeconds ?? 0) - (b.wakeSeconds ?? 0));
    if (!quickest) return false;
    const full = [...view.loads.values()].filter((load) => load.measured && load.recentMillicores > load.capacityMillicores * FULL_FRACTION);
    if (view.loads.size > 0 && full.length === view.loads.size) return this.wake([quickest], ms);
    const fits = fitsDemand(view, new Set(view.asleep.map((host) => host.id)), this.course.copy.history, ms / 1_000);
    if (fits.refusal !== null) return this.wake([quickest], ms);
    const foreseen = view.snapshot.hosts.get(foreseeWake(view)?.hostId ?? "");
    return foreseen ? this.wake([foreseen], ms) : false;
  }

  private relieve(view: SteeringView, ms: number): boolean {
    const { automation } = view;
    if (automation.rebalance !== "automatic" || inWindows(automation.quietHours, automation.timeZone, new Date(ms))) return false;
    const relief = planRelief(view, findHot(view), automation.movesPerHour - view.moves.lastHour);
    if (!relief) return false;
    this.carryOut(relief.plan, "balance", ms);
    return true;
  }

  private consolidate(view: SteeringView, ms: number): void {
    const { automation } = view;
    const open = automation.consolidateWindows.length === 0 || inWindows(automation.consolidateWindows, automation.timeZone, new Date(ms));
    if (automation.consolidate === "off" || !open) return;
    const may = [...view.snapshot.hosts.values()].filter((host) => this.maySleep(view, host, ms));
    const awake = [...view.snapshot.hosts.values()].filter((host) => host.state === "up" && !host.maintenance).length;
    const room = awake - automation.minAwakeHosts;
    if (room <= 0 || may.length === 0) return;
    const occupied = new Set([...view.snapshot.allocations.values()].map((row) => row.hostId));
    for (const host of may) if (!occupied.has(host.id) && this.sleep(view, host, ms)) return;
    if (ms < this.nextPlanMs) return;
    const freeing = planFreeing(view, may, room);
    this.nextPlanMs = ms + PLAN_AGAIN_MS;
    if (freeing && freeing.hosts.length > 0) this.carryOut(freeing.plan, "sleep", ms);
  }

  private maySleep(view: SteeringView, host: HostRow, ms: number): boolean {
    const { automation } = view;
    if (host.state !== "up" || host.powerState !== "on" || host.maintenance || host.drainRequestedAt || host.keepAwake || !this.course.copy.canSleep.has(host.id)) return false;
    const awakeMs = ms - (host.powerStateChangedAt ?? host.enrolledAt).getTime();
    // Cycles of before the copy leave the window as the clock goes on.
    const before = ms - this.course.copy.takenMs < automation.cycleHours * 3_600_000 ? (this.course.copy.slept.get(host.id) ?? 0) : 0;
    const since = this.course.sleeps.get(host.id);
    const mine = since !== undefined && ms - since < automation.cycleHours * 3_600_000 ? 1 : 0;
    return awakeMs >= automation.minAwakeSeconds * 1_000 && before + mine < automation.maxCycles;
  }

  private sleep(view: SteeringView, host: HostRow, ms: number): boolean {
    const asleepIds = [...view.asleep.map((one) => one.id), host.id];
    if (fitsDemand(view, new Set(asleepIds), this.course.copy.history, ms / 1_000).refusal !== null || foreseeShortage(view, new Set(asleepIds)) !== null) return false;
    if (!prove(view.snapshot.planner, view.snapshot, asleepIds).certificate) return false;
    this.course.change(host.id, { state: "asleep", powerState: "asleep", powerStateChangedAt: new Date(ms) });
    this.course.sleeps.set(host.id, ms);
    this.events.push({ atSeconds: this.at(ms), kind: "sleep", hostName: host.name, amount: null });
    this.nextPlanMs = 0;
    return true;
  }

  private carryOut(plan: Plan, why: RehearsedMove["why"], ms: number): void {
    const moves = plan.actions.filter((action) => action.op === "migrate" || action.op === "place");
    this.moves.push(...movesOf(this.course, moves, why, this.at(ms)));
    for (const action of moves) this.course.move(action, ms);
    this.busyUntilMs = ms + plan.predicted.seconds * this.course.copy.movePace * 1_000;
  }
}

/** Actions of a plan in an operator's words, before they are made. */
export function movesOf(course: Course, actions: Plan["actions"], why: RehearsedMove["why"], atSeconds: number): RehearsedMove[] {
  const { names } = course.copy.source.snapshot;
  return actions.flatMap((action) => {
    if (action.instanceId === null) return [];
    const how = action.op === "migrate" ? ("live" as const) : action.op === "start" ? ("restart" as const) : ("place" as const);
    return [{ atSeconds, instanceId: action.instanceId, instanceName: names.get(action.instanceId) ?? action.instanceId, fromHostName: action.fromHostId === null ? null : (names.get(action.fromHostId) ?? action.fromHostId), toHostName: names.get(action.toHostId) ?? action.toHostId, how, why, seconds: action.predicted.seconds * course.copy.movePace, downtimeMs: action.predicted.downtimeMs }];
  });
}
