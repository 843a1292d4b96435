import type { Random } from "../random";
import type { BalanceState } from "./balance-state";
import { cost, type SearchLimits } from "./search";

/** Up to two changes that are made together: `a` goes to `aTo`, then `b` to `bTo` (-1: no second change). */
interface Proposal {
  a: number;
  aTo: number;
  b: number;
  bTo: number;
}

/** Heat relative to the typical worsening of a proposal; found by trying on generated clusters of 20 to 100 hosts. Each round starts from the best state so far. */
const HEATS: readonly { hot: number; cold: number }[] = [
  { hot: 0.08, cold: 0.0001 },
  { hot: 0.02, cold: 0.0001 },
  { hot: 0.08, cold: 0.0001 },
  { hot: 0.04, cold: 0.0001 },
];
const SAMPLES = 200;
/** The walk may be a little beyond the limit of moves, at a price that rises while it is: walls in the landscape become hills. */
const SLACK = 1.4;
const PRICE_STEP = 1.03;
const STEPS_PER_PRICE = 500;

/**
 * Phase 2: annealing. Random changes; a worse state is accepted now and then, less and less; ends with the best state met. Instances
 * away from home cost `minGainPerMove` each, and in what is kept never more than the limit are away.
 */
export function anneal(state: BalanceState, limits: SearchLimits, random: Random): void {
  const proposals = Math.floor(limits.proposals / HEATS.length);
  for (const heat of HEATS) if (proposals > 0) cool(state, { ...limits, proposals }, random, heat);
}

function cool(state: BalanceState, asked: SearchLimits, random: Random, { hot, cold }: { hot: number; cold: number }): void {
  if (state.hostCount < 2 || state.instanceCount === 0 || asked.maxDisplaced < 1) return;
  const hard = asked.maxDisplaced;
  const limits = { ...asked, maxDisplaced: Math.ceil(hard * SLACK) + 2 };
  let price = Math.max(asked.minGainPerMove, (state.score() * 0.05) / hard);
  const proposal: Proposal = { a: -1, aTo: -1, b: -1, bTo: -1 };
  let current = state.score() + price * state.displaced;
  const typical = typicalWorsening(state, limits, random, proposal, current);
  let best = state.score() + limits.minGainPerMove * state.displaced;
  const bestHosts = state.hostOf.slice();
  const cooling = Math.log(cold / hot);
  let dirty = false;
  for (let step = 0; step < limits.proposals; step += 1) {
    if ((step & 0xffff) === 0xffff) state.recount();
    if (step % STEPS_PER_PRICE === 0) {
      const before = price;
      price = Math.max(limits.minGainPerMove, price * (state.displaced > hard ? PRICE_STEP : 1 / PRICE_STEP));
      current += (price - before) * state.displaced;
    }
    if (!propose(state, limits, random, proposal)) continue;
    const aFrom = state.hostOf[proposal.a] as number;
    if (!tryMove(state, limits, proposal.a, proposal.aTo)) continue;
    const bFrom = proposal.b < 0 ? -1 : (state.hostOf[proposal.b] as number);
    if (proposal.b >= 0 && !tryMove(state, limits, proposal.b, proposal.bTo)) {
      state.move(proposal.a, aFrom);
      continue;
    }
    const next = state.score() + price * state.displaced;
    const heat = typical * hot * Math.exp((cooling * step) / limits.proposals);
    if (next > current && random() >= Math.exp((current - next) / heat)) {
      if (proposal.b >= 0) state.move(proposal.b, bFrom);
      state.move(proposal.a, aFrom);
      continue;
    }
    const displaced = state.displaced;
    const plain = next - (price - limits.minGainPerMove) * displaced;
    const isBest = displaced <= hard && plain < best - 1e-12;
    // The best state is copied only when the walk is about to leave it.
    if (dirty && !isBest) {
      dirty = false;
      if (proposal.b >= 0) state.move(proposal.b, bFrom);
      state.move(proposal.a, aFrom);
      bestHosts.set(state.hostOf);
      state.move(proposal.a, proposal.aTo);
      if (proposal.b >= 0) state.move(proposal.b, proposal.bTo);
    }
    current = next;
    if (isBest) {
      best = plain;
      dirty = true;
    }
  }
  if (!dirty) for (let i = 0; i < state.instanceCount; i += 1) state.move(i, bestHosts[i] as number);
  state.recount();
}

function typicalWorsening(state: BalanceState, limits: SearchLimits, random: Random, proposal: Proposal, current: number): number {
  let sum = 0;
  let count = 0;
  for (let s = 0; s < SAMPLES; s += 1) {
    if (!propose(state, limits, random, proposal) || proposal.b >= 0) continue;
    const worse = state.scoreOfMove(proposal.a, proposal.aTo) - current;
    if (worse <= 0) continue;
    sum += worse;
    count += 1;
  }
  return count === 0 ? 1e-6 : sum / count;
}

/** Room first, as if a swap's partner were gone already; the second change of a pair sees the first one made. */
function tryMove(state: BalanceState, limits: SearchLimits, instance: number, to: number): boolean {
  if (limits.movable[instance] === 0) return false;
  if (limits.forbids !== null && limits.forbids(instance, to)) return false;
  if (!state.hasRoom(instance, to, -1)) return false;
  state.move(instance, to);
  return true;
}

function pick(list: readonly number[], random: Random): number {
  return list.length === 0 ? -1 : (list[(random() * list.length) | 0] as number);
}

/** Fills in a random proposal that keeps the limit; false if this draw gave none. */
function propose(state: BalanceState, limits: SearchLimits, random: Random, out: Proposal): boolean {
  out.b = -1;
  const n = state.hostCount;
  const kind = random();
  const room = limits.maxDisplaced - state.displaced;
  if (kind < 0.3 && state.away.length > 0) {
    // Send one that is away anyway somewhere else.
    out.a = pick(state.away, random);
    out.aTo = (random() * n) | 0;
    return out.aTo !== state.hostOf[out.a];
  }
  if (kind < 0.7 && state.away.length > 0) {
    // One comes home, another leaves: mostly one that lives in the same house, or that goes to the same target.
    out.a = pick(state.away, random);
    const away = state.hostOf[out.a] as number;
    out.aTo = state.home[out.a] as number;
    if (kind < 0.55) {
      out.b = pick(state.lists[out.aTo] as number[], random);
      out.bTo = random() < 0.6 ? away : (random() * n) | 0;
    } else {
      out.b = (random() * state.instanceCount) | 0;
      out.bTo = away;
    }
    if (out.b < 0 || out.b === out.a || out.bTo === state.hostOf[out.b]) return false;
    return cost(state, out.b, out.bTo) - 1 <= room;
  }
  if (kind < 0.85) {
    // Swap two.
    out.a = random() < 0.5 && state.away.length > 0 ? pick(state.away, random) : (random() * state.instanceCount) | 0;
    out.aTo = (random() * n) | 0;
    out.b = pick(state.lists[out.aTo] as number[], random);
    out.bTo = state.hostOf[out.a] as number;
    if (out.b < 0 || out.aTo === out.bTo) return false;
    return cost(state, out.a, out.aTo) + cost(state, out.b, out.bTo) <= room;
  }
  out.a = (random() * state.instanceCount) | 0;
  out.aTo = (random() * n) | 0;
  return out.aTo !== state.hostOf[out.a] && cost(state, out.a, out.aTo) <= room;
}
