import type { slaCredit, SlaOutage } from "@/db/schema/payment";

export type SlaCreditRow = typeof slaCredit.$inferSelect;
export type { SlaOutage };

/** An instance's outages within one billed period, and what was charged for it then. */
export interface Downtime {
  readonly organizationId: string;
  readonly instanceId: string;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly currency: string;
  readonly chargedMicros: number;
  readonly outages: readonly SlaOutage[];
}
