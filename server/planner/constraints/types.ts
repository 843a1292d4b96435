import type { Change, Rejection, RuleName } from "../types";
import type { PlannerWords } from "../words";
import { hostAt, type Model } from "../model/model";

/** One hard rule. `admits` is called in the inner loops and allocates nothing; `explain` only after a refusal. */
export interface Constraint {
  rule: RuleName;
  /** May `instance` be on `host`, given everything that the model has booked? The instance itself is not booked. */
  admits(model: Model, instance: number, host: number): boolean;
  /** Why not, in numbers, with the smallest change on this host that would satisfy this rule. */
  explain(model: Model, instance: number, host: number): Rejection;
}

/** A refusal about an amount: what was needed, what there is, and the change that closes the gap. */
export function lacks(
  model: Model,
  host: number,
  rule: RuleName,
  unit: string,
  needed: number,
  available: number,
  text: string,
  words: PlannerWords,
  change: Change | null,
): Rejection {
  const missing = Math.max(0, needed - available);
  return { hostId: hostAt(model, host).id, rule, text, words: [words], needed, available, missing, unit, change };
}

/** A refusal that is not about an amount. */
export function forbids(model: Model, host: number, rule: RuleName, text: string, words: PlannerWords, change: Change | null): Rejection {
  return { hostId: hostAt(model, host).id, rule, text, words: [words], needed: null, available: null, missing: null, unit: null, change };
}

/** A change on one host. Costs compare changes: below 2 nothing running is touched, from 3 on somebody gives something up. */
export function changeOn(
  kind: Change["kind"],
  hostId: string | null,
  text: string,
  words: PlannerWords,
  cost: number,
  amount: number | null = null,
  unit: string | null = null,
): Change {
  return { kind, hostId, text, words: [words], amount, unit, cost };
}

/** Figures for people: at most two decimals, rounded up so that what is asked for is enough. */
export function roundUp(value: number): number {
  return Math.ceil(value * 100 - 1e-9) / 100;
}
