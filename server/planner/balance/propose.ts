import type { Random } from "../random";
import type { BalanceState } from "./balance-state";
import { cost, type SearchLimits } from "./search";

/** Up to three changes that are made together, in this order. */
export class Proposal {
  count = 0;
  readonly instance = new Int32Array(3);
  readonly to = new Int32Array(3);
  /** How many more instances are away from home afterwards. */
  price = 0;

  add(state: BalanceState, instance: number, to: number): boolean {
    if (instance < 0 || to === state.hostOf[instance]) return false;
    for (let k = 0; k < this.count; k += 1) if (this.instance[k] === instance) return false;
    this.instance[this.count] = instance;
    this.to[this.count] = to;
    this.count += 1;
    this.price += cost(state, instance, to);
    return true;
  }
}

function pick(list: readonly number[], random: Random): number {
  return list.length === 0 ? -1 : (list[(random() * list.length) | 0] as number);
}

/** One that is away already is moved again half of the time: that costs nothing. */
function pickMover(state: BalanceState, random: Random): number {
  return state.away.length > 0 && random() < 0.5 ? pick(state.away, random) : (random() * state.instanceCount) | 0;
}

function anyHost(state: BalanceState, random: Random): number {
  return (random() * state.hostCount) | 0;
}

/**
 * Fills in a random proposal that keeps the limit; false if this draw gave none. Chains of three weigh most: near the end hosts are a
 * whole instance from their place, and only an exchange among several closes such a gap.
 */
export function propose(state: BalanceState, limits: SearchLimits, random: Random, out: Proposal): boolean {
  out.count = 0;
  out.price = 0;
  const kind = random();
  let made: boolean;
  if (kind < 0.1) made = out.add(state, pick(state.away, random), anyHost(state, random));
  else if (kind < 0.2) made = trade(state, random, out);
  else if (kind < 0.4) made = exchange(state, random, out);
  else if (kind < 0.5) made = out.add(state, pickMover(state, random), anyHost(state, random)) && out.add(state, pickMover(state, random), anyHost(state, random));
  else if (kind < 0.9) made = chain(state, random, out);
  else made = out.add(state, (random() * state.instanceCount) | 0, anyHost(state, random));
  return made && out.price <= limits.maxDisplaced - state.displaced;
}

/** One comes home, another leaves: mostly one of the same house, or one that goes where the first came from. */
function trade(state: BalanceState, random: Random, out: Proposal): boolean {
  const a = pick(state.away, random);
  if (a < 0) return false;
  const away = state.hostOf[a] as number;
  const home = state.home[a] as number;
  const neighbour = random() < 0.6;
  const b = neighbour ? pick(state.lists[home] as number[], random) : (random() * state.instanceCount) | 0;
  if (b < 0 || state.sameSize(a, b)) return false;
  return out.add(state, a, home) && out.add(state, b, neighbour && random() < 0.4 ? anyHost(state, random) : away);
}

function exchange(state: BalanceState, random: Random, out: Proposal): boolean {
  const a = pickMover(state, random);
  const from = state.hostOf[a] as number;
  const to = anyHost(state, random);
  const b = pick(state.lists[to] as number[], random);
  if (b < 0 || state.sameSize(a, b)) return false;
  return out.add(state, a, to) && out.add(state, b, from);
}

/** Three: the first goes where the second was, the second back or on, a third from there anywhere. */
function chain(state: BalanceState, random: Random, out: Proposal): boolean {
  const a = pickMover(state, random);
  const from = state.hostOf[a] as number;
  const to = anyHost(state, random);
  const third = random() < 0.5 ? from : anyHost(state, random);
  if (!out.add(state, a, to) || !out.add(state, pick(state.lists[to] as number[], random), third)) return false;
  const last = random() < 0.5 ? to : random() < 0.5 ? from : anyHost(state, random);
  return out.add(state, pick(state.lists[third] as number[], random), last);
}
