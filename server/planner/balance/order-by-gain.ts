import { firstRefusing, PLACE_RULES } from "../constraints/index";
import { moveInstance, putInstance, removeInstance, type Model } from "../model/model";
import type { Move } from "../order-moves";
import type { BalanceState } from "./balance-state";

/** Looking for the best next move is quadratic; longer plans keep the order that has room. */
const MAX_MOVES = 400;
const STEP_RULES = PLACE_RULES.filter((one) => one.rule !== "affinity" && one.rule !== "storage");

/**
 * The same moves, the one that gains most first, so that whoever stops early stops with the best of it; each still has room when it is made. Also
 * the score after every move. The model stands at the end of the moves, before and after; `state` stands at their start and is moved to their end.
 */
export function orderByGain(model: Model, state: BalanceState, eligible: readonly number[], instances: readonly number[], moves: Move[]): { moves: Move[]; curve: number[] } {
  const localOf = new Map(instances.map((instance, local) => [instance, local]));
  const localHost = new Map(eligible.map((host, local) => [host, local]));
  const local = (move: Move): [number, number] => [localOf.get(move.instance) ?? -1, localHost.get(move.to) ?? -1];
  const once = new Set(moves.map((move) => move.instance)).size === moves.length;
  let ordered = moves;
  if (moves.length <= MAX_MOVES && moves.length > 1 && once) {
    for (const move of moves.toReversed()) moveInstance(model, move.instance, move.from);
    ordered = greedy(model, state, local, moves) ?? moves;
    for (const move of ordered) moveInstance(model, move.instance, move.to);
  }
  const curve: number[] = [];
  for (const move of ordered) {
    state.move(...local(move));
    curve.push(state.score());
  }
  return { moves: ordered, curve };
}

/** Null if the greedy order gets stuck. State and model come back as they were. */
function greedy(model: Model, state: BalanceState, local: (move: Move) => [number, number], moves: readonly Move[]): Move[] | null {
  const left = new Set(moves);
  const done: Move[] = [];
  while (left.size > 0) {
    const ranked = [...left].map((move) => ({ move, score: state.scoreOfExchange(local(move)[0], -1, local(move)[1]) })).toSorted((a, b) => a.score - b.score || a.move.instance - b.move.instance);
    const next = ranked.find(({ move }) => {
      removeInstance(model, move.instance);
      const refused = firstRefusing(STEP_RULES, model, move.instance, move.to) !== null;
      putInstance(model, move.instance, move.from);
      return !refused;
    })?.move;
    if (next === undefined) break;
    moveInstance(model, next.instance, next.to);
    state.move(...local(next));
    left.delete(next);
    done.push(next);
  }
  for (const move of done.toReversed()) {
    moveInstance(model, move.instance, move.from);
    const [instance] = local(move);
    state.move(instance, state.home[instance] ?? -1);
  }
  return left.size > 0 ? null : done;
}
