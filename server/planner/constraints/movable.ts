import type { Instance, RuleName } from "../types";

export interface NotMovable {
  rule: RuleName;
  text: string;
}

/** Moved too short ago? A move costs its owner something; two in a row are ping-pong. */
export function inCooldown(instance: Instance, nowSeconds: number, cooldownSeconds: number): NotMovable | null {
  if (instance.lastMovedSeconds === undefined) return null;
  const rest = instance.lastMovedSeconds + cooldownSeconds - nowSeconds;
  if (rest <= 0) return null;
  return { rule: "cooldown", text: `${instance.id} was moved recently and rests for another ${Math.ceil(rest)} s` };
}

/** Does its owner agree to a move now? Absent windows mean always. */
export function withoutConsent(instance: Instance, nowSeconds: number): NotMovable | null {
  const windows = instance.consentWindows;
  if (windows === undefined) return null;
  if (windows.some((window) => window.fromSeconds <= nowSeconds && nowSeconds < window.toSeconds)) return null;
  return { rule: "consent", text: `the owner of ${instance.id} does not agree to a move now` };
}

/** Why an optional move (rebalance, consolidate) must leave this instance alone, or null. */
export function whyNotMovable(instance: Instance, nowSeconds: number, cooldownSeconds: number): NotMovable | null {
  if (!instance.canMigrate && instance.wanted === "on") {
    return { rule: "not-migratable", text: `${instance.id} cannot migrate live` };
  }
  return inCooldown(instance, nowSeconds, cooldownSeconds) ?? withoutConsent(instance, nowSeconds);
}
