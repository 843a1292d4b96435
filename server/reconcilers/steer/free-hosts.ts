import { nameHosts, type HostRow } from "@/server/fleet";
import { consolidateCluster, evacuateHosts, type Plan } from "@/server/planner";
import { sentence, type Sentence } from "@/server/platform/sentences";
import { prove } from "./certificate";
import { loadAfter, tooMuch, type SteeringView } from "./view";

export interface Freeing {
  readonly hosts: readonly HostRow[];
  readonly plan: Plan;
  readonly reason: Sentence;
  readonly moves: readonly { readonly instanceId: string; readonly name: string; readonly from: string; readonly to: string; readonly seconds: number; readonly downtimeMs: number }[];
  readonly inputs: Record<string, unknown>;
  readonly predicted: Record<string, unknown>;
}

/** Orders of packing that are tried; a live cluster is planned again every minute, so one good order is enough. */
const TRIES = 8;

/**
 * Which hosts to empty next, and how. The consolidation of the planner says which hosts the cluster can do without;
 * of these as many are taken, the cheapest first, as the budget of moves allows, as can be proved to sleep, and as
 * leave every other host room for what its guests want. Pure.
 */
export function planFreeing(view: SteeringView, may: readonly HostRow[], room: number): Freeing | null {
  const { snapshot, planner, automation } = view;
  const goal = consolidateCluster(planner, { seed: 1, tries: TRIES, certify: false });
  const allowed = new Map(may.map((host) => [host.id, host]));
  const costOf = (hostId: string): number => planner.instances.filter((one) => one.hostId === hostId).reduce((sum, one) => sum + one.memoryMiB, 0);
  const occupied = new Set(planner.instances.map((one) => one.hostId));
  const candidates = goal.hostsFreed.filter((id) => allowed.has(id) && occupied.has(id)).sort((a, b) => costOf(a) - costOf(b) || (a < b ? -1 : 1));
  const budget = Math.max(0, automation.movesPerHour - view.moves.lastHour);
  const asleep = view.asleep.map((host) => host.id);
  const taken: string[] = [];
  let best: Plan | null = null;
  for (const hostId of candidates) {
    if (taken.length >= room) break;
    const hosts = [...taken, hostId];
    const plan = evacuateHosts(planner, hosts);
    const moves = plan.actions.filter((action) => action.op === "migrate");
    const restarts = plan.actions.some((action) => action.op === "stop" || action.op === "start");
    if (plan.refusals.length > 0 || restarts || moves.length > budget) continue;
    const after = moved(view, plan);
    if (!prove(after, snapshot, [...asleep, ...hosts]).certificate) continue;
    if (tooMuch(loadAfter(view, plan, new Set(hosts))) !== null) continue;
    taken.push(hostId);
    best = plan;
  }
  if (!best) return null;
  const hosts = taken.flatMap((id) => allowed.get(id) ?? []);
  const name = (id: string | null): string => (id === null ? "" : (snapshot.names.get(id) ?? id));
  const moves = best.actions.filter((action) => action.op !== "stop" && action.fromHostId !== null).map((action) => ({ instanceId: action.instanceId ?? "", name: name(action.instanceId), from: name(action.fromHostId), to: name(action.toHostId), seconds: action.predicted.seconds, downtimeMs: action.predicted.downtimeMs }));
  const awake = [...snapshot.hosts.values()].filter((host) => host.state === "up").length;
  const reason = sentence("freeing-hosts", { hosts: hosts.map((host) => host.name), moves: moves.length, stay: awake - hosts.length, awake });
  return {
    hosts,
    plan: { ...best, summary: best.summary.map((text) => nameHosts(text, snapshot.names)) },
    reason,
    moves,
    inputs: { awake, budget, candidates: candidates.map(name), loads: [...view.loads.values()].map((load) => ({ ...load })) },
    predicted: { hostsFreed: hosts.length, gbMoved: best.predicted.gbMoved, seconds: best.predicted.seconds, loadAfter: loadAfter(view, best, new Set(taken)) },
  };
}

/** The planner's view after the moves of a plan. */
function moved(view: SteeringView, plan: Plan): SteeringView["planner"] {
  const to = new Map(plan.actions.filter((action) => action.op === "migrate" || action.op === "place").map((action) => [action.instanceId, action.toHostId]));
  return { ...view.planner, instances: view.planner.instances.map((one) => ({ ...one, hostId: to.get(one.id) ?? one.hostId })) };
}
