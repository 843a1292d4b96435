import type { Model } from "../model/model";
import { proveReserve, sleepersOf, type Unsurvived } from "./prove-reserve";

export type { Unsurvived } from "./prove-reserve";

/**
 * May any `count` awake hosts be lost at once, while any one sleeping host fails to wake? Null means yes, proved by explicit placements;
 * otherwise the first loss that has no proof. On large clusters with two or more losses that may be a false alarm; "yes" never is.
 */
export function findUnsurvivedLoss(model: Model, count: number): Unsurvived | null {
  return count <= 0 ? null : proveReserve(model, count, sleepersOf(model)).unsurvived;
}
