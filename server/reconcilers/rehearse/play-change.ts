import { namedWords, nameHosts, type RehearsedEvent, type RehearsedRefusal } from "@/server/fleet";
import { evacuateHosts, placeInstances, planFailover, type Plan } from "@/server/planner";
import type { ClusterSnapshot } from "@/server/planner/types";
import type { Copy } from "./copy";
import { Course, rhythmOf, runCourse, type Run } from "./course";
import { figuresOf } from "./figures";
import { DEFAULT_WAKE_SECONDS, movesOf } from "./live-night";
import type { Outcome } from "./play-night";

/** A day: what is hot at noon must be seen when somebody asks at midnight. */
const DAY_SECONDS = 86_400;
const STEP_SECONDS = 1_800;
/** Hosts are observed each second and the fencing loop comes each second: silence is acted on one to two seconds late. */
const OBSERVED_LATE_MS = 1_000;
/** A controller that answers cuts the power, or says that it is off, well within a second. */
const DEFAULT_FENCE_MS = 500;
/** A boot of a small Linux until its host says "running", with the decision before it. */
const DEFAULT_RESTART_MS = 5_000;
/** Losses are awaited for so long: then the fleet is another one. */
const LOSS_COMPARED_FOR_MS = 7 * DAY_SECONDS * 1_000;

export const dayOf = (copy: Copy, course: Course): Run => runCourse(course, { fromMs: copy.takenMs, seconds: DAY_SECONDS, stepSeconds: STEP_SECONDS });

/** What the loss is compared by when it really happens: fixed here, and the same for rehearsals and drills. */
export const LOSS_BOUNDS = { detectMs: 3_000, fenceMs: 3_000, backMs: 15_000, backFraction: 0.5, restarted: 0 } as const;

const refusalsOf = (copy: Copy, plan: Plan): RehearsedRefusal[] =>
  plan.refusals.map((refusal) => ({ name: copy.source.snapshot.names.get(refusal.instanceId) ?? refusal.instanceId, text: nameHosts(refusal.text, copy.source.snapshot.names), words: namedWords(refusal.words, copy.source.snapshot.names) }));

function assumedOf(copy: Copy, more: Outcome["assumed"] = []): Outcome["assumed"] {
  const { days } = rhythmOf(copy.history, copy.takenMs);
  return [...(days === 0 ? ["no-history" as const] : []), ...([...copy.source.snapshot.hosts.values()].some((host) => host.powerCurve === null) ? ["curves" as const] : []), ...more];
}

function frame(copy: Copy): Pick<Outcome, "from" | "seconds" | "currency" | "historyDays" | "series" | "applyHostIds" | "apply" | "moves" | "events" | "refusals"> {
  return { from: new Date(copy.takenMs).toISOString(), seconds: DAY_SECONDS, currency: copy.source.automation.electricityCurrency, historyDays: rhythmOf(copy.history, copy.takenMs).days, series: [], applyHostIds: [], apply: null, moves: [], events: [], refusals: [] };
}

/** A host dies now: when that is known, where everything restarts, and what is left afterwards. Pure. */
export function playLoss(copy: Copy, hostId: string): Outcome & { readonly compareAtMs: number } {
  const rhythm = rhythmOf(copy.history, copy.takenMs);
  const before = new Course(copy, rhythm);
  const beforeRun = dayOf(copy, before);
  const { snapshot } = copy.source;
  const { cluster } = snapshot;
  const lost = snapshot.hosts.get(hostId);
  const plan = planFailover(before.viewAt(copy.takenMs).snapshot.planner, [hostId], { wake: true, followers: "place" });
  const starts = plan.actions.filter((action) => action.op === "start");
  const woken = plan.actions.filter((action) => action.op === "power-on");
  // A host without power is silent, and its controller says so: nobody waits for the whole grace.
  const detectMs = copy.losses.detectMs ?? Math.min(cluster.fenceAfterSeconds * 1_000, cluster.suspectAfterSeconds * 1_000 + OBSERVED_LATE_MS);
  const fenceMs = copy.losses.fenceMs ?? DEFAULT_FENCE_MS;
  const wakeMs = woken.length === 0 ? 0 : 1_000 * Math.max(...woken.map((action) => snapshot.hosts.get(action.toHostId)?.wakeSeconds ?? DEFAULT_WAKE_SECONDS));
  const restartMs = starts.length === 0 ? 0 : (copy.losses.restartMs ?? DEFAULT_RESTART_MS);
  const backMs = detectMs + fenceMs + wakeMs + restartMs;
  const after = new Course(copy, rhythm);
  after.change(hostId, { state: "fenced" });
  for (const action of woken) after.change(action.toHostId, { state: "up", powerState: "on" });
  const moves = movesOf(after, starts, "loss", Math.round((detectMs + fenceMs) / 1_000)).map((move) => ({ ...move, downtimeMs: backMs }));
  for (const action of starts) after.move(action, copy.takenMs);
  // What finds no place runs nowhere until a host comes back.
  for (const row of after.allocations.values()) if (row.hostId === hostId) after.allocations.delete(row.instanceId);
  const event = (kind: RehearsedEvent["kind"], ms: number, hostName: string | null, amount: number | null = null): RehearsedEvent => ({ atSeconds: ms / 1_000, kind, hostName, amount });
  const refusals = refusalsOf(copy, plan);
  return {
    ...frame(copy),
    before: figuresOf(before, before.viewAt(copy.takenMs), beforeRun),
    after: figuresOf(after, after.viewAt(copy.takenMs), dayOf(copy, after)),
    moves,
    events: [
      event("detected", detectMs, lost?.name ?? null),
      event("fenced", detectMs + fenceMs, lost?.name ?? null),
      ...woken.map((action) => event("wake", detectMs + fenceMs, snapshot.names.get(action.toHostId) ?? null)),
      ...(starts.length > 0 ? [event("back", backMs, null, starts.length)] : []),
    ],
    refusals,
    foretold: [
      { figure: "detectMs", unit: "ms", value: detectMs, bound: LOSS_BOUNDS.detectMs },
      { figure: "fenceMs", unit: "ms", value: fenceMs, bound: LOSS_BOUNDS.fenceMs },
      { figure: "backMs", unit: "ms", value: starts.length === 0 ? detectMs + fenceMs : backMs, bound: Math.max(LOSS_BOUNDS.backMs, backMs * LOSS_BOUNDS.backFraction) },
      { figure: "restarted", unit: "count", value: starts.length, bound: LOSS_BOUNDS.restarted },
    ],
    assumed: assumedOf(copy, [...(copy.losses.fenceMs === null ? ["fence-time" as const] : []), ...(copy.losses.restartMs === null && starts.length > 0 ? ["restart-time" as const] : [])]),
    compareAtMs: copy.takenMs + LOSS_COMPARED_FOR_MS,
  };
}

/** More or less may be sold of each core. Nothing that runs is touched; what waits is tried again. Pure. */
export function playRatio(copy: Copy, cpuRatio: number): Outcome {
  const rhythm = rhythmOf(copy.history, copy.takenMs);
  const before = new Course(copy, rhythm);
  const run = dayOf(copy, before);
  const view = before.viewAt(copy.takenMs);
  const { snapshot } = copy.source;
  const wider: ClusterSnapshot = { ...view.snapshot.planner, policy: { ...view.snapshot.planner.policy, cpuRatio } };
  const waiting = new Set(snapshot.waiting.map((one) => one.id));
  const orders = wider.instances.filter((one) => waiting.has(one.id)).map((instance) => ({ instance }));
  const plan = placeInstances(wider, orders);
  const after = new Course(copy, rhythm);
  const places = plan.actions.filter((action) => action.op === "place");
  for (const action of places) {
    const one = snapshot.instances.get(action.instanceId ?? "");
    const now = after.extra.get(action.toHostId) ?? { instances: 0, vcpus: 0, memoryMiB: 0, millicores: 0 };
    if (one) after.extra.set(action.toHostId, { instances: now.instances + 1, vcpus: now.vcpus + one.vcpus, memoryMiB: now.memoryMiB + one.memoryMiB, millicores: now.millicores + one.vcpus * 250 });
  }
  const figuresBefore = figuresOf(before, view, run);
  const figuresAfter = figuresOf(after, after.viewAt(copy.takenMs), dayOf(copy, after), { cpuRatio, memoryRatio: snapshot.cluster.memoryRatio }, wider);
  // Sold out at today's demand for each vCPU that is sold: how full the fullest moment of the day would be.
  const cores = [...view.loads.values()].reduce((sum, load) => sum + load.capacityMillicores, 0);
  const wanted = [...view.loads.values()].reduce((sum, load) => sum + load.demandMillicores, 0);
  const peak = Math.max(...Array.from({ length: 48 }, (_, slot) => rhythm.factorAt(copy.takenMs + slot * STEP_SECONDS * 1_000)));
  const soldOut = cores === 0 || figuresAfter.vcpusSold === 0 ? 0 : ((wanted * peak) / cores) * (figuresAfter.vcpusSellable / figuresAfter.vcpusSold);
  const refusals = refusalsOf(copy, plan);
  return {
    ...frame(copy),
    before: figuresBefore,
    after: figuresAfter,
    moves: movesOf(after, places, "order", 0),
    events: [{ atSeconds: 0, kind: "full", hostName: null, amount: soldOut }],
    refusals,
    foretold: [
      { figure: "vcpusSellable", unit: "vcpus", value: figuresAfter.vcpusSellable, bound: 0 },
      { figure: "waiting", unit: "count", value: refusals.length, bound: 1 },
      { figure: "hottestFraction", unit: "fraction", value: hottestNow(after, copy), bound: 0.2 },
    ],
    assumed: assumedOf(copy),
    apply: cpuRatio === snapshot.cluster.cpuRatio ? null : "ratio",
  };
}

function hottestNow(course: Course, copy: Copy): number {
  return Math.max(0, ...[...course.viewAt(copy.takenMs).loads.values()].map((load) => (load.capacityMillicores === 0 ? 0 : (load.demandMillicores + (course.extra.get(load.hostId)?.millicores ?? 0)) / load.capacityMillicores)));
}

/** Hosts are emptied for good: what goes where, what cannot leave, and what is left without them. Pure. */
export function playRetirement(copy: Copy, hostIds: readonly string[]): Outcome {
  const rhythm = rhythmOf(copy.history, copy.takenMs);
  const before = new Course(copy, rhythm);
  const beforeRun = dayOf(copy, before);
  const { snapshot } = copy.source;
  const plan = evacuateHosts(before.viewAt(copy.takenMs).snapshot.planner, [...hostIds]);
  const after = new Course(copy, rhythm);
  const actions = plan.actions.filter((action) => action.op === "migrate" || action.op === "start" || action.op === "place");
  const moves = movesOf(after, actions, "retire", 0);
  for (const action of actions) after.move(action, copy.takenMs);
  const refusals = refusalsOf(copy, plan);
  if (refusals.length === 0) for (const hostId of hostIds) after.change(hostId, { state: "retired" });
  const seconds = plan.predicted.seconds * copy.movePace;
  const up = hostIds.filter((id) => snapshot.hosts.get(id)?.state === "up" && !snapshot.hosts.get(id)?.drainRequestedAt);
  return {
    ...frame(copy),
    before: figuresOf(before, before.viewAt(copy.takenMs), beforeRun),
    after: figuresOf(after, after.viewAt(copy.takenMs), dayOf(copy, after)),
    moves,
    events: refusals.length === 0 ? hostIds.map((id) => ({ atSeconds: seconds, kind: "empty" as const, hostName: snapshot.names.get(id) ?? id, amount: null })) : [],
    refusals,
    foretold: [
      { figure: "moves", unit: "count", value: moves.length, bound: Math.max(1, moves.length * 0.1) },
      { figure: "emptySeconds", unit: "seconds", value: seconds, bound: Math.max(30, seconds * 0.5) },
      { figure: "longestPauseMs", unit: "ms", value: Math.max(0, ...moves.filter((move) => move.how === "live").map((move) => move.downtimeMs)), bound: 500 },
    ],
    assumed: assumedOf(copy),
    apply: up.length > 0 ? "drain" : null,
    applyHostIds: up,
  };
}
