import type { Model } from "../model/model";

/** One concern: how bad would `instance` be on `host`, 0 (good) to about 1 (bad)? The instance is not booked. */
export interface Concern {
  name: string;
  weight: number;
  penalty(model: Model, instance: number, host: number): number;
}
