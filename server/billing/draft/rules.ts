import { rateAdjustments, rateUsage, type RatedPeriod } from "@/server/rating";
import type { Basis } from "./types";

/** From basis to bill, without a clock or a database: the draft, the invoice and the offline check all go through here. */
export function rateBasis(basis: Pick<Basis, "input" | "latePeriods">): RatedPeriod {
  return rateUsage({ ...basis.input, extraLines: basis.latePeriods.flatMap((late) => rateAdjustments(late)) });
}
