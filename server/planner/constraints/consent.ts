import type { Instance } from "../types";
import type { NotMovable } from "./movable";
import { say } from "../words";

/** Does its owner agree to a move now? Absent windows mean always. */
export function withoutConsent(instance: Instance, nowSeconds: number): NotMovable | null {
  const windows = instance.consentWindows;
  if (windows === undefined) return null;
  if (windows.some((window) => window.fromSeconds <= nowSeconds && nowSeconds < window.toSeconds)) return null;
  return { rule: "consent", text: `the owner of ${instance.id} does not agree to a move now`, words: say("refuses-moves", { instance: instance.id }) };
}
