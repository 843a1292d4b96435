import type { commitment, discount } from "@/db/schema/billing";
import type { UsageWindowRow } from "@/server/metering";
import type { Words } from "@/server/platform/sentences";
import type { LateUse, Period, RateInput } from "@/server/rating";

export type CommitmentRow = typeof commitment.$inferSelect;
export type DiscountRow = typeof discount.$inferSelect;

/** A closed period with late facts: what it was rated from, what of the late facts was billed before, and what is new. */
export interface LatePeriod {
  readonly closed: Omit<RateInput, "discounts" | "extraLines">;
  readonly known: readonly LateUse[];
  readonly late: readonly LateUse[];
}

/** Everything that a period is rated from: the same input gives the same bill, here and offline. */
export interface Basis {
  readonly organizationId: string;
  readonly timeZone: string;
  readonly period: Period;
  readonly input: Omit<RateInput, "extraLines">;
  readonly latePeriods: readonly LatePeriod[];
  readonly windows: readonly UsageWindowRow[];
  /** How people call coupons and credits, by id. */
  readonly labels: ReadonlyMap<string, string>;
  /** The same of credits for an outage, as a sentence for any language. */
  readonly labelWords: ReadonlyMap<string, readonly Words[]>;
  readonly adjustmentIds: readonly string[];
}
