import { localMinute, namedWords, nameHosts } from "@/server/fleet";
import type { Instance } from "@/server/planner/types";
import { placeWaking } from "../steer/place-waking";
import type { Copy } from "./copy";
import { Course, rhythmOf, runCourse } from "./course";
import { figuresOf } from "./figures";
import { DEFAULT_WAKE_SECONDS, movesOf, Night } from "./live-night";
import { dayOf } from "./play-change";
import { stepOf, type Outcome } from "./play-night";

const MINUTE_MS = 60_000;
const MINUTES_A_DAY = 1_440;
/** A guest that boots keeps a processor busy; measured on the tiny and the server image under load. */
const BOOT_MILLICORES = 1_000;
/** Without measured machines to go by: a quarter of a desktop's processors, the planner's own default. */
const DEFAULT_PART = 0.25;
/** The load is compared when the boots are over and a few samples have come. */
const COMPARED_AFTER_MS = 30 * MINUTE_MS;

/** The next moment at which the cluster's clocks show a time of day. */
export function nextAt(timeZone: string, timeOfDay: string, afterMs: number): number {
  const [hours, minutes] = timeOfDay.split(":").map(Number);
  const wanted = (hours ?? 0) * 60 + (minutes ?? 0);
  const startMs = Math.ceil(afterMs / MINUTE_MS) * MINUTE_MS;
  for (let step = 0; step < MINUTES_A_DAY + 60; step++) {
    const ms = startMs + step * MINUTE_MS;
    if (localMinute(timeZone, new Date(ms)).minute === wanted) return ms;
  }
  // The one night a year in which the clocks skip it.
  return startMs + MINUTES_A_DAY * MINUTE_MS;
}

/** So many desktops of one size at a time of day: where they go, who is woken for them, and how the boots press. Pure. */
export function playOrders(copy: Copy, question: { readonly count: number; readonly at: string; readonly flavorId: string }): Outcome & { readonly compareAtMs: number } {
  const { snapshot, automation } = copy.source;
  const flavor = copy.flavors.get(question.flavorId);
  if (!flavor) throw new Error(`There is no flavor ${question.flavorId}; it was removed since the question was asked. Ask again with another one.`);
  const rhythm = rhythmOf(copy.history, copy.takenMs);
  const atMs = nextAt(automation.timeZone, question.at, copy.takenMs);
  const atSeconds = Math.round((atMs - copy.takenMs) / 1_000);
  // Until then the cluster goes on as its settings say: who sleeps at nine was put to sleep at night.
  const course = new Course(copy, rhythm);
  const night = new Night(course, copy.takenMs);
  runCourse(course, { fromMs: copy.takenMs, seconds: atSeconds, stepSeconds: stepOf(copy) }, automation.consolidate === "automatic" ? (view, ms) => night.act(view, ms) : undefined);
  const view = course.viewAt(atMs);

  const measured = [...view.demand.values()].filter((row) => snapshot.instances.get(row.instanceId)?.observation?.state === "running");
  const vcpusMeasured = measured.reduce((sum, row) => sum + (snapshot.instances.get(row.instanceId)?.vcpus ?? 0), 0);
  const perVcpu = vcpusMeasured === 0 ? 1_000 * DEFAULT_PART : measured.reduce((sum, row) => sum + row.cpuMillicores, 0) / vcpusMeasured;
  const desktop: Instance = {
    id: "desktop", name: "desktop", generation: 1, vcpus: flavor.vcpus, memoryMiB: flavor.memoryMiB,
    instanceClass: { name: flavor.class, cpuReservationMillicoresPerVcpu: flavor.cpuReservationMillicores / flavor.vcpus, cpuLimitMillicoresPerVcpu: Math.min(1_000, (flavor.cpuLimitMillicores ?? flavor.vcpus * 1_000) / flavor.vcpus), cpuSharesPerVcpu: flavor.cpuShares, memoryReservationRatio: Math.min(1, flavor.memoryReservationMiB / flavor.memoryMiB), memorySharesPerMiB: 1 },
    wanted: "on", hostId: null, cpuModel: snapshot.cluster.cpuModel, disks: [], networks: [], canMigrate: true,
    demand: { cpuMillicores: perVcpu * flavor.vcpus, cpuSpreadMillicores: 0, memoryMiB: flavor.memoryMiB },
  };
  const { plan, wakeIds } = placeWaking(view.snapshot.planner, Array.from({ length: question.count }, (_, index) => ({ instance: { ...desktop, id: `desktop-${index + 1}`, name: `desktop-${index + 1}` } })));
  const places = plan.actions.filter((action) => action.op === "place");

  const before = new Course(copy, rhythm);
  const beforeRun = dayOf(copy, before);
  const after = new Course(copy, rhythm);
  for (const host of course.hosts.values()) after.change(host.id, wakeIds.includes(host.id) ? { state: "up", powerState: "on" } : { state: host.state, powerState: host.powerState });
  const here = new Map<string, number>();
  for (const action of places) here.set(action.toHostId, (here.get(action.toHostId) ?? 0) + 1);
  for (const [hostId, count] of here) after.extra.set(hostId, { instances: count, vcpus: count * flavor.vcpus, memoryMiB: count * flavor.memoryMiB, millicores: count * flavor.vcpus * perVcpu });
  const storms = [...here].flatMap(([hostId, count]) => {
    const host = after.hosts.get(hostId);
    const load = view.loads.get(hostId);
    return host ? [{ hostName: host.name, amount: ((load?.demandMillicores ?? 0) + count * BOOT_MILLICORES) / (host.cores * 1_000) }] : [];
  }).sort((a, b) => b.amount - a.amount);
  const wakeSeconds = Math.max(0, ...wakeIds.map((id) => course.hosts.get(id)?.wakeSeconds ?? DEFAULT_WAKE_SECONDS));
  const refused = plan.refusals[0];
  const steady = after.viewAt(atMs + COMPARED_AFTER_MS);
  const hottest = Math.max(0, ...[...steady.loads.values()].map((load) => (load.capacityMillicores === 0 ? 0 : (load.demandMillicores + (after.extra.get(load.hostId)?.millicores ?? 0)) / load.capacityMillicores)));
  const asleepNow = wakeIds.filter((id) => snapshot.hosts.get(id)?.state === "asleep");
  return {
    from: new Date(copy.takenMs).toISOString(),
    seconds: 86_400,
    before: figuresOf(before, before.viewAt(atMs), beforeRun),
    after: figuresOf(after, after.viewAt(atMs), dayOf(copy, after), snapshot.cluster, withExtra(after, desktop)),
    currency: automation.electricityCurrency,
    // A thousand desktops are one line for each host.
    moves: [...night.moves, ...movesOf(after, places, "order", atSeconds)],
    events: [
      ...night.events,
      ...wakeIds.map((id) => ({ atSeconds: Math.max(0, atSeconds - wakeSeconds), kind: "wake" as const, hostName: course.hosts.get(id)?.name ?? id, amount: null })),
      ...storms.slice(0, 3).map((storm) => ({ atSeconds, kind: "storm" as const, ...storm })),
    ],
    refusals: refused ? [{ name: `${plan.refusals.length}`, text: nameHosts(refused.text, snapshot.names), words: namedWords(refused.words, snapshot.names) }] : [],
    series: [],
    foretold: [
      { figure: "placed", unit: "count", value: places.length, bound: 0 },
      { figure: "wakes", unit: "count", value: wakeIds.length, bound: 1 },
      { figure: "hottestFraction", unit: "fraction", value: hottest, bound: 0.2 },
    ],
    assumed: [...(rhythm.days === 0 ? ["no-history" as const] : []), ...([...course.hosts.values()].some((host) => host.powerCurve === null) ? ["curves" as const] : [])],
    historyDays: rhythm.days,
    apply: asleepNow.length > 0 ? "wake" : null,
    applyHostIds: asleepNow,
    compareAtMs: atMs + COMPARED_AFTER_MS,
  };
}

/** The planner's view with the desktops in their places, so that what is left for others can be counted. */
function withExtra(course: Course, desktop: Instance) {
  const { planner } = course.viewAt(course.copy.takenMs).snapshot;
  const placed = [...course.extra].flatMap(([hostId, extra]) => Array.from({ length: extra.instances }, (_, index) => ({ ...desktop, id: `${hostId}-desktop-${index}`, hostId })));
  return { ...planner, instances: [...planner.instances, ...placed] };
}
