import type { Random } from "../random";
import type { BalanceState } from "./balance-state";
import { Proposal, propose } from "./propose";
import { cost, type SearchLimits } from "./search";

/** Heat relative to the typical worsening of a proposal, at the start and at the end; tried on clusters of 20 to 100 hosts, where one long cooling beats several short ones. */
const HOT = 0.05;
const COLD = 0.0005;
const SAMPLES = 200;
/** The walk may be a little beyond the limit of moves, at a price that rises while it is: walls in the landscape become hills. */
const SLACK = 1.4;
const PRICE_STEP = 1.03;
const STEPS_PER_PRICE = 500;

/**
 * Phase 2: annealing. Random changes; a worse state is accepted now and then, less and less; ends with the best state met. Instances
 * away from home cost `minGainPerMove` each, and in what is kept never more than the limit are away.
 */
export function anneal(state: BalanceState, asked: SearchLimits, random: Random): void {
  if (state.hostCount < 2 || state.instanceCount === 0 || asked.maxDisplaced < 1 || asked.proposals < 1) return;
  const hard = asked.maxDisplaced;
  const limits = { ...asked, maxDisplaced: Math.ceil(hard * SLACK) + 2 };
  let price = Math.max(asked.minGainPerMove, (state.score() * 0.05) / hard);
  const proposal = new Proposal();
  let current = state.score() + price * state.displaced;
  const typical = typicalWorsening(state, random);
  let best = state.score() + limits.minGainPerMove * state.displaced;
  const bestHosts = state.hostOf.slice();
  const cooling = Math.log(COLD / HOT);
  let heat = typical * HOT;
  let dirty = false;
  for (let step = 0; step < limits.proposals; step += 1) {
    if ((step & 0xffff) === 0xffff) state.recount();
    if (step % STEPS_PER_PRICE === 0) {
      heat = typical * HOT * Math.exp((cooling * step) / limits.proposals);
      const before = price;
      price = Math.max(limits.minGainPerMove, price * (state.displaced > hard ? PRICE_STEP : 1 / PRICE_STEP));
      current += (price - before) * state.displaced;
    }
    if (!propose(state, limits, random, proposal)) continue;
    if (!shiftAll(state, proposal, limits)) continue;
    const displaced = state.displaced + proposal.price;
    const next = state.score() + price * displaced;
    if ((next > current && random() >= Math.exp((current - next) / heat)) || forbidden(proposal, limits)) {
      shiftBack(state, proposal, proposal.count);
      continue;
    }
    const plain = next - (price - limits.minGainPerMove) * displaced;
    const isBest = displaced <= hard && plain < best - 1e-12;
    // The best state is copied only when the walk is about to leave it.
    if (dirty && !isBest) {
      dirty = false;
      bestHosts.set(state.hostOf);
    }
    for (let k = 0; k < proposal.count; k += 1) state.settle(proposal.instance[k] as number, proposal.to[k] as number);
    current = next;
    if (isBest) {
      best = plain;
      dirty = true;
    }
  }
  if (!dirty) for (let i = 0; i < state.instanceCount; i += 1) state.move(i, bestHosts[i] as number);
  state.recount();
}

/** Makes the changes one after the other, each only if there is room then, so that a partner's going makes room; false, and nothing changed, if one has none. */
function shiftAll(state: BalanceState, proposal: Proposal, limits: SearchLimits): boolean {
  for (let k = 0; k < proposal.count; k += 1) {
    const instance = proposal.instance[k] as number;
    const to = proposal.to[k] as number;
    if (limits.movable[instance] === 0 || !state.hasRoom(instance, to, -1)) {
      shiftBack(state, proposal, k);
      return false;
    }
    state.shift(instance, state.hostOf[instance] as number, to);
  }
  return true;
}

function shiftBack(state: BalanceState, proposal: Proposal, count: number): void {
  for (let k = count - 1; k >= 0; k -= 1) {
    const instance = proposal.instance[k] as number;
    state.shift(instance, proposal.to[k] as number, state.hostOf[instance] as number);
  }
}

/** The rules beyond room are dear to ask, so only what would be taken is asked about. They see everybody else where they are. */
function forbidden(proposal: Proposal, limits: SearchLimits): boolean {
  if (limits.forbids === null) return false;
  for (let k = 0; k < proposal.count; k += 1) if (limits.forbids(proposal.instance[k] as number, proposal.to[k] as number)) return true;
  return false;
}

function typicalWorsening(state: BalanceState, random: Random): number {
  const score = state.score();
  let sum = 0;
  let count = 0;
  for (let s = 0; s < SAMPLES; s += 1) {
    const instance = (random() * state.instanceCount) | 0;
    const to = (random() * state.hostCount) | 0;
    if (to === state.hostOf[instance] || cost(state, instance, to) < 0) continue;
    const worse = state.scoreOfExchange(instance, -1, to) - score;
    if (worse <= 0) continue;
    sum += worse;
    count += 1;
  }
  return count === 0 ? 1e-6 : sum / count;
}
