import type { Random } from "../random";
import type { BalanceState } from "./balance-state";

export interface SearchLimits {
  /** At most so many instances may end away from home. */
  maxDisplaced: number;
  /** An instance away from home must be worth so much score. */
  minGainPerMove: number;
  /** Proposals of the second phase. */
  proposals: number;
  /** Says whether a rule other than room forbids the place; asked only for changes about to be made. */
  forbids: ((instance: number, host: number) => boolean) | null;
  movable: Uint8Array;
}

/** How many random hosts compete to be "the odd one out" of a step, and how many partners it is tried with. */
const TOURNAMENT = 24;
const PARTNERS = 24;
/** In large clusters there is always a better host to turn to than a costly search for swaps at this one. */
const LARGE = 200;
const PARTNERS_WHEN_LARGE = 12;
const PARTNERS_FOR_SWAPS_WHEN_LARGE = 2;

/**
 * Phase 1: the best single move or swap for the host that is furthest from the mean, again and again: cheap and close. The gain is
 * counted per instance moved, so a swap must be worth two moves.
 */
export function descend(state: BalanceState, limits: SearchLimits, random: Random): void {
  const n = state.hostCount;
  if (n < 2) return;
  let idle = 0;
  const patience = n <= LARGE ? 40 + 4 * n : 100 + (n >> 3);
  let score = state.score();
  while (idle < patience && state.displaced < limits.maxDisplaced) {
    const odd = oddHost(state, random);
    const best = bestAt(state, limits, odd, score, random);
    if (best.instance < 0 || best.gain < limits.minGainPerMove) {
      idle += 1;
      continue;
    }
    idle = 0;
    if (best.other >= 0) {
      const from = state.hostOf[best.instance] as number;
      state.move(best.other, from);
    }
    state.move(best.instance, best.to);
    score = state.score();
  }
}

function oddHost(state: BalanceState, random: Random): number {
  let odd = 0;
  let most = -1;
  const tries = Math.min(TOURNAMENT, state.hostCount);
  for (let t = 0; t < tries; t += 1) {
    const host = (random() * state.hostCount) | 0;
    const deviation = state.deviation(host);
    if (deviation > most) {
      most = deviation;
      odd = host;
    }
  }
  return odd;
}

interface Step {
  instance: number;
  other: number;
  to: number;
  gain: number;
}

/** The move out of, or into, or the swap with `odd` that gains most per displaced instance. */
function bestAt(state: BalanceState, limits: SearchLimits, odd: number, score: number, random: Random): Step {
  // A gain below rounding is none: exchanging two alike would otherwise "gain" for ever.
  const best: Step = { instance: -1, other: -1, to: -1, gain: 1e-12 };
  const all = state.hostCount <= PARTNERS;
  const partners = all ? state.hostCount : state.hostCount > LARGE ? PARTNERS_WHEN_LARGE : PARTNERS;
  const room = limits.maxDisplaced - state.displaced;
  for (let p = 0; p < partners; p += 1) {
    const partner = all ? p : (random() * state.hostCount) | 0;
    if (partner === odd) continue;
    for (const instance of state.lists[odd] as number[]) consider(state, limits, best, instance, -1, partner, score, room);
    for (const instance of state.lists[partner] as number[]) consider(state, limits, best, instance, -1, odd, score, room);
  }
  // Swaps cost two moves and a hundred times the looking; they are for when single moves have nothing left to give.
  if (best.instance >= 0 || room < 2) return best;
  const swapPartners = state.hostCount > LARGE ? PARTNERS_FOR_SWAPS_WHEN_LARGE : partners;
  for (let p = 0; p < swapPartners; p += 1) {
    const partner = all ? p : (random() * state.hostCount) | 0;
    if (partner === odd) continue;
    for (const instance of state.lists[odd] as number[]) {
      for (const other of state.lists[partner] as number[]) consider(state, limits, best, instance, other, partner, score, room);
    }
  }
  return best;
}

/** Away from home costs 1, back home gives 1 back, from one foreign host to another costs nothing. */
export function cost(state: BalanceState, instance: number, to: number): number {
  const home = state.home[instance] as number;
  return ((to === home ? 0 : 1) as number) - ((state.hostOf[instance] as number) === home ? 0 : 1);
}

function consider(
  state: BalanceState,
  limits: SearchLimits,
  best: Step,
  instance: number,
  other: number,
  to: number,
  score: number,
  room: number,
): void {
  if (limits.movable[instance] === 0 || (other >= 0 && limits.movable[other] === 0)) return;
  const from = state.hostOf[instance] as number;
  const price = cost(state, instance, to) + (other < 0 ? 0 : cost(state, other, from));
  if (price > room || !state.hasRoom(instance, to, other) || (other >= 0 && !state.hasRoom(other, from, instance))) return;
  const gain = (score - state.scoreOfExchange(instance, other, to)) / Math.max(0.5, price);
  if (gain <= best.gain) return;
  if (limits.forbids !== null && (limits.forbids(instance, to) || (other >= 0 && limits.forbids(other, from)))) return;
  best.instance = instance;
  best.other = other;
  best.to = to;
  best.gain = gain;
}

