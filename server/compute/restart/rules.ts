import type { RestartPriority } from "./types";

/** Steps are even and leave room between them; 100 is what machines had before anybody could choose. */
const NUMBERS: Readonly<Record<RestartPriority, number>> = { high: 150, normal: 100, low: 50 };

/** The number that the planner orders by; higher restarts first. */
export function numberOf(priority: RestartPriority): number {
  return NUMBERS[priority];
}

/** The word of a stored number; one between two words is the nearer to normal. */
export function priorityOf(haPriority: number): RestartPriority {
  if (haPriority >= NUMBERS.high) return "high";
  return haPriority <= NUMBERS.low ? "low" : "normal";
}

/**
 * The way from `from` to `to` along "starts after", both ends included; null when there is none. A way from one of the wanted predecessors back to
 * the machine itself would be a circle: nobody in it could begin.
 */
export function findWay(edges: ReadonlyMap<string, readonly string[]>, from: string, to: string): string[] | null {
  const cameFrom = new Map<string, string | null>([[from, null]]);
  const queue = [from];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    if (at === to) {
      const way: string[] = [];
      for (let step: string | null = at; step !== null; step = cameFrom.get(step) ?? null) way.unshift(step);
      return way;
    }
    for (const next of edges.get(at) ?? []) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      queue.push(next);
    }
  }
  return null;
}
