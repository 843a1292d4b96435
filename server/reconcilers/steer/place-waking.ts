import { placeInstances, type Plan } from "@/server/planner";
import type { ClusterSnapshot, PlacementOrder } from "@/server/planner/types";

/**
 * Where orders would go, and which sleepers they need. Hosts that are up are tried first, so that a sleeper is woken only for
 * what finds no room on them; then one sleeper after the other is counted in, those that wake already and the quickest first,
 * so that a burst does not spread over all of them. The reserve may need a host on which nothing is placed yet: every host that
 * was counted in comes along. Pure.
 */
export function placeWaking(planner: ClusterSnapshot, orders: readonly PlacementOrder[]): { readonly plan: Plan; readonly wakeIds: readonly string[] } {
  const sleepers = planner.hosts.filter((host) => host.state === "asleep" || host.state === "waking").toSorted((a, b) => (a.state === "waking" ? 0 : 1) - (b.state === "waking" ? 0 : 1) || (a.wakeSeconds ?? 0) - (b.wakeSeconds ?? 0));
  const awake = new Set<string>();
  let best = placeInstances(planner, orders);
  let wakeIds: string[] = [];
  for (const next of sleepers) {
    if (best.refusals.length === 0) break;
    awake.add(next.id);
    const plan = placeInstances({ ...planner, hosts: planner.hosts.map((host) => (awake.has(host.id) ? { ...host, state: "up" as const } : host)) }, orders);
    if (plan.refusals.length >= best.refusals.length) continue;
    best = plan;
    wakeIds = [...awake];
  }
  return { plan: best, wakeIds };
}
