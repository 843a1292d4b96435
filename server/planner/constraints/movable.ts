import type { ClusterPolicy, Host, Instance, RuleName } from "../types";
import type { PlannerWords } from "../words";
import { dirtiesTooFast } from "./bandwidth";
import { withoutConsent } from "./consent";
import { inCooldown } from "./cooldown";
import { cannotMigrate } from "./migratable";

export interface NotMovable {
  rule: RuleName;
  text: string;
  words: PlannerWords;
}

/** Rules about the time and manner of a move, one a file as the others. An object, so that a test can switch one off. */
export const MOVE_RULES = { cannotMigrate, dirtiesTooFast, inCooldown, withoutConsent };

/** Why an optional move (rebalance, consolidate) must leave this instance alone, or null. `from` is where it runs. */
export function whyNotMovable(instance: Instance, nowSeconds: number, policy: ClusterPolicy, from?: Host): NotMovable | null {
  return (
    MOVE_RULES.cannotMigrate(instance) ??
    MOVE_RULES.dirtiesTooFast(instance, from, undefined, policy) ??
    MOVE_RULES.inCooldown(instance, nowSeconds, policy.cooldownSeconds) ??
    MOVE_RULES.withoutConsent(instance, nowSeconds)
  );
}
