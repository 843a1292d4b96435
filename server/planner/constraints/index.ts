import type { RuleName } from "../types";
import type { Model } from "../model/model";
import { affinity } from "./affinity";
import { antiAffinity } from "./anti-affinity";
import { capacity } from "./capacity";
import { contention } from "./contention";
import { cordoned } from "./cordoned";
import { cpuModel } from "./cpu-model";
import { hostRule } from "./host-rule";
import { hostState } from "./host-state";
import { maintenance } from "./maintenance";
import { overcommit } from "./overcommit";
import { reachability } from "./reachability";
import { reservation } from "./reservation";
import { storage } from "./storage";
import type { Constraint } from "./types";

/**
 * Every rule about an instance on a host, in the order in which refusals name them: first what the host is, then what
 * it can offer, then who else is there, last how much room is left. Rules about the whole cluster (the failover
 * reserve) and about the time of a move (cooldown, consent) are judged apart.
 */
export const PLACE_RULES: readonly Constraint[] = [
  hostState,
  maintenance,
  cordoned,
  capacity,
  cpuModel,
  reachability,
  hostRule,
  storage,
  antiAffinity,
  affinity,
  reservation,
  overcommit,
  contention,
];

/** What must hold for an instance that already is on a host: a cordon does not send it away. */
export const STAY_RULES: readonly Constraint[] = PLACE_RULES.filter((one) => one.rule !== "cordoned");

/** The first rule that refuses, or null. */
export function firstRefusing(
  rules: readonly Constraint[],
  model: Model,
  instance: number,
  host: number,
): Constraint | null {
  for (const one of rules) if (!one.admits(model, instance, host)) return one;
  return null;
}

/** True when every placement rule admits. */
export function admits(model: Model, instance: number, host: number): boolean {
  return firstRefusing(PLACE_RULES, model, instance, host) === null;
}

/** Rules by name, for callers that switch one off (what-if, and tests that plant a bug). */
export function rulesWithout(...names: RuleName[]): readonly Constraint[] {
  return PLACE_RULES.filter((one) => !names.includes(one.rule));
}

export { type Constraint } from "./types";
