import { firstRefusing, PLACE_RULES } from "../constraints/index";
import { at, moveInstance, removeInstance, putInstance, type Model } from "../model/model";
import type { Move } from "../order-moves";

const RULES = PLACE_RULES.filter((one) => one.rule !== "storage");

/** Where a drained instance goes: to the host with least room left, which moves few twice, or with most, which wedges late. */
export type DrainFit = "tight" | "spread";

/**
 * The plain way, as a base to compare with: the emptiest host first, all its instances to the others or none,
 * until nothing more can be drained. Mutates the model.
 */
export function drainGreedily(model: Model, candidates: readonly number[], fit: DrainFit = "tight"): { moves: Move[]; freed: number[] } {
  const moves: Move[] = [];
  const freed = new Set(candidates.filter((host) => (model.instancesOn[host]?.size ?? 0) === 0));
  const given = new Set<number>();
  for (;;) {
    const host = candidates
      .filter((one) => !freed.has(one) && !given.has(one))
      .toSorted((a, b) => at(model.usedMemoryMiB, a) - at(model.usedMemoryMiB, b) || a - b)[0];
    if (host === undefined) return { moves, freed: [...freed] };
    const attempt: Move[] = [];
    let failed = false;
    for (const instance of [...(model.instancesOn[host] ?? [])].toSorted((a, b) => at(model.memoryMiB, b) - at(model.memoryMiB, a))) {
      removeInstance(model, instance);
      let best = -1;
      let bestLeft = Infinity;
      for (const other of candidates) {
        if (other === host || freed.has(other)) continue;
        const room = at(model.sellableMemoryMiB, other) - at(model.usedMemoryMiB, other);
        const left = fit === "tight" ? room : -room;
        if (left >= bestLeft || firstRefusing(RULES, model, instance, other) !== null) continue;
        best = other;
        bestLeft = left;
      }
      putInstance(model, instance, best < 0 ? host : best);
      if (best < 0) {
        failed = true;
        break;
      }
      attempt.push({ instance, from: host, to: best });
    }
    if (failed) {
      for (const move of attempt.toReversed()) moveInstance(model, move.instance, move.from);
      given.add(host);
    } else {
      freed.add(host);
      moves.push(...attempt);
    }
  }
}
