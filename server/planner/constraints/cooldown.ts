import type { Instance } from "../types";
import type { NotMovable } from "./movable";
import { say } from "../words";

/** Moved too short ago? A move costs its owner something; two in a row are ping-pong. */
export function inCooldown(instance: Instance, nowSeconds: number, cooldownSeconds: number): NotMovable | null {
  if (instance.lastMovedSeconds === undefined) return null;
  const rest = instance.lastMovedSeconds + cooldownSeconds - nowSeconds;
  if (rest <= 0) return null;
  return { rule: "cooldown", text: `${instance.id} was moved recently and rests for another ${Math.ceil(rest)} s`, words: say("rests-after-move", { instance: instance.id, restSeconds: Math.ceil(rest) }) };
}
