import { nameHosts } from "@/server/fleet";
import { rebalanceCluster, type Plan } from "@/server/planner";
import { sentence, sentences, type Sentence } from "@/server/platform/sentences";
import { loadAfter, meanDemand, type HostLoad, type LoadAfter, type SteeringView } from "./view";

/** What each step of the aggressiveness means: minutes for which it must have been so, and the parts of a host's cores. */
interface Temper {
  readonly minutes: number;
  /** Wanted beyond this part of the cores, a host is hot. */
  readonly hotFraction: number;
  /** Waited for beyond this part of the cores, it is hot too, whatever it is wanted for. */
  readonly stealFraction: number;
  /** So far above the mean it is uneven enough to be worth moves although nobody suffers; Infinity never is. */
  readonly unevenFraction: number;
}

const TEMPERS: readonly Temper[] = [
  { minutes: 15, hotFraction: 0.95, stealFraction: 0.1, unevenFraction: Infinity },
  { minutes: 10, hotFraction: 0.9, stealFraction: 0.08, unevenFraction: Infinity },
  { minutes: 6, hotFraction: 0.85, stealFraction: 0.05, unevenFraction: Infinity },
  { minutes: 4, hotFraction: 0.8, stealFraction: 0.03, unevenFraction: 0.35 },
  { minutes: 3, hotFraction: 0.7, stealFraction: 0.02, unevenFraction: 0.25 },
];

/** A plan changes the loads that the next one is made from, so it stays small. */
const MOVES_AT_ONCE = 4;
/** Annealing of a live cluster: enough for a good answer, and a few hundredths of a second. */
const PROPOSALS = 30_000;
/** The hottest host must gain at least this part of its cores beyond the margin: less is not worth a guest's pause. */
const MIN_GAIN_FRACTION = 0.05;

export function temperOf(aggressiveness: number): Temper {
  return TEMPERS[Math.min(5, Math.max(1, aggressiveness)) - 1] ?? { minutes: 6, hotFraction: 0.85, stealFraction: 0.05, unevenFraction: Infinity };
}

export interface Relief {
  readonly hot: readonly HostLoad[];
  readonly plan: Plan;
  readonly reason: Sentence;
  readonly before: readonly LoadAfter[];
  readonly after: readonly LoadAfter[];
  readonly gainFraction: number;
}

/** Hosts that were hot over the whole window and still are: a peak that passes by itself is left to pass. */
export function findHot(view: SteeringView): HostLoad[] {
  const { hotFraction, stealFraction, unevenFraction } = temperOf(view.automation.aggressiveness);
  const loads = [...view.loads.values()].filter((load) => load.measured && load.instances > 0 && load.capacityMillicores > 0);
  const all = [...view.loads.values()];
  const capacity = all.reduce((sum, load) => sum + load.capacityMillicores, 0);
  const mean = capacity === 0 ? 0 : all.reduce((sum, load) => sum + load.demandMillicores, 0) / capacity;
  return loads.filter((load) => {
    const both = Math.min(load.demandMillicores, load.recentMillicores) / load.capacityMillicores;
    return both > hotFraction || (load.stealMillicores / load.capacityMillicores > stealFraction && load.recentMillicores / load.capacityMillicores > hotFraction - 0.2) || both - mean > unevenFraction;
  });
}

/**
 * Moves that cool the hot hosts, or null when there are none or no move is worth it. The planner proposes; kept is only what
 * makes the hottest host cooler by more than predictions of this cluster are usually wrong. Pure.
 */
export function planRelief(view: SteeringView, hot: readonly HostLoad[], budget: number): Relief | null {
  if (hot.length === 0 || budget <= 0) return null;
  const { snapshot, automation } = view;
  const proposed = rebalanceCluster(view.planner, { score: "demand", seed: 1, maxMoves: Math.min(MOVES_AT_ONCE, budget), minImprovement: 0, proposals: PROPOSALS });
  const before = loadAfter(view, { actions: [] }, new Set(), meanDemand);
  const hottestBefore = hottest(before);
  const hotIds = new Set(hot.map((load) => load.hostId));
  const plan = keepUseful(view, proposed, hotIds);
  if (plan.actions.length === 0) return null;
  const after = loadAfter(view, plan, new Set(), meanDemand);
  const gain = hottestBefore - hottest(after);
  if (gain < MIN_GAIN_FRACTION + automation.predictionMargin * 0.5) return null;
  const name = (id: string): string => snapshot.names.get(id) ?? id;
  const wanted = hot.map((load) => sentence("relief-hot", { host: load.name, percent: percent(load.demandMillicores / load.capacityMillicores) }));
  const moves = plan.actions.map((action) => `${name(action.instanceId ?? "")} → ${name(action.toHostId)}`);
  return { hot, plan: { ...plan, summary: plan.summary.map((text) => nameHosts(text, snapshot.names)) }, before, after, gainFraction: gain, reason: sentences(...wanted, sentence("relief-moves", { moves, fromPercent: percent(hottestBefore), toPercent: percent(hottest(after)) })) };
}

const percent = (fraction: number): number => Math.round(fraction * 100);

function hottest(loads: readonly LoadAfter[]): number {
  return Math.max(0, ...loads.map((load) => (load.capacityMillicores === 0 ? 0 : load.demandMillicores / load.capacityMillicores)));
}

/** Only moves away from a hot host, and none without which the hottest host would be as cool. */
function keepUseful(view: SteeringView, proposed: Plan, hotIds: ReadonlySet<string>): Plan {
  const perHost = new Map<string, number>();
  const most = view.automation.movesPerHostPerHour;
  const allowed = (hostId: string): boolean => (view.moves.lastHourOf.get(hostId) ?? 0) + (perHost.get(hostId) ?? 0) < most;
  let actions = proposed.actions.filter((action) => {
    if (action.op !== "migrate" || action.fromHostId === null || !hotIds.has(action.fromHostId) || hotIds.has(action.toHostId)) return false;
    if (!allowed(action.fromHostId) || !allowed(action.toHostId)) return false;
    for (const hostId of [action.fromHostId, action.toHostId]) perHost.set(hostId, (perHost.get(hostId) ?? 0) + 1);
    return true;
  });
  for (const action of actions.toReversed()) {
    const without = actions.filter((one) => one !== action);
    if (hottest(loadAfter(view, { actions: without }, new Set(), meanDemand)) <= hottest(loadAfter(view, { actions }, new Set(), meanDemand)) + 0.01) actions = without;
  }
  return { ...proposed, actions };
}
