import { firstRefusing, PLACE_RULES } from "./constraints/index";
import { at, moveInstance, putInstance, removeInstance, type Model } from "./model/model";

export interface Move {
  instance: number;
  from: number;
  to: number;
}

/** A group that lives together moves one by one, so togetherness is judged at the end only. */
const STEP_RULES = PLACE_RULES.filter((one) => one.rule !== "affinity" && one.rule !== "storage");

/**
 * Brings a goal (instance to host) into an order in which every step has room when it is made, the largest first. A circle, in which
 * everybody waits for somebody else's room, is opened by a stop-over on a third host. Steps that break a rule are dropped.
 * Afterwards the model stands at the end of the returned moves.
 */
export function orderMoves(model: Model, goal: ReadonlyMap<number, number>, maxMoves: number): { moves: Move[]; dropped: number[] } {
  let waiting = [...goal].filter(([instance, to]) => model.hostOf[instance] !== to);
  waiting.sort(([a], [b]) => at(model.memoryMiB, b) - at(model.memoryMiB, a) || a - b);
  const moves: Move[] = [];
  /** Each stops over once at most: two hosts with room would otherwise hand one instance to and fro for ever. */
  const parked = new Set<number>();
  const step = (instance: number, to: number): boolean => {
    const from = model.hostOf[instance] ?? -1;
    removeInstance(model, instance);
    const refused = firstRefusing(STEP_RULES, model, instance, to) !== null;
    putInstance(model, instance, refused ? from : to);
    if (!refused) moves.push({ instance, from, to });
    return !refused;
  };
  while (waiting.length > 0 && moves.length < maxMoves) {
    const before = moves.length;
    const still: [number, number][] = [];
    for (const [instance, to] of waiting) {
      if (moves.length >= maxMoves || !step(instance, to)) still.push([instance, to]);
    }
    waiting = still;
    if (moves.length > before || waiting.length === 0) continue;
    if (moves.length + waiting.length + 1 > maxMoves || !stopOver(model, waiting, parked, step)) break;
  }
  return { moves, dropped: waiting.map(([instance]) => instance) };
}

/** Parks the smallest of those that wait, and have not been parked yet, on any host with room that is not its goal. */
function stopOver(model: Model, waiting: [number, number][], parked: Set<number>, step: (instance: number, to: number) => boolean): boolean {
  const goals = new Set(waiting.map(([, to]) => to));
  for (const [instance, to] of waiting.toReversed()) {
    if (parked.has(instance)) continue;
    for (let host = 0; host < model.hosts.length; host += 1) {
      if (host === to || goals.has(host) || host === model.hostOf[instance]) continue;
      if (at(model.sellableMemoryMiB, host) - at(model.usedMemoryMiB, host) < at(model.memoryMiB, instance)) continue;
      if (!step(instance, host)) continue;
      parked.add(instance);
      return true;
    }
  }
  return false;
}

/** Takes moves back, the last first, until `holds` says yes; returns how many stay. */
export function takeBackUntil(model: Model, moves: Move[], holds: () => boolean): number {
  let kept = moves.length;
  while (kept > 0 && !holds()) {
    kept -= 1;
    const move = moves[kept];
    if (move !== undefined) moveInstance(model, move.instance, move.from);
  }
  return kept;
}
