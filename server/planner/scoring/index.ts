import type { Model } from "../model/model";
import { demand } from "./demand";
import { pack, spread } from "./fill";
import { softGroups } from "./soft-groups";
import { softRules } from "./soft-rules";
import type { Concern } from "./types";

/** `spread` leaves every instance room to grow; `pack` leaves hosts empty, to sleep. */
export type Strategy = "spread" | "pack";

const SHARED: readonly Concern[] = [demand, softGroups, softRules];
const CONCERNS: Record<Strategy, readonly Concern[]> = { spread: [spread, ...SHARED], pack: [pack, ...SHARED] };

/** How bad a place is, the sum of all concerns; lower is better. */
export function scorePlace(model: Model, instance: number, host: number, strategy: Strategy): number {
  let score = 0;
  for (const concern of CONCERNS[strategy]) score += concern.weight * concern.penalty(model, instance, host);
  return score;
}
