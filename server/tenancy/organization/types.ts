import type { Standing } from "../types";

export interface Organization {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  /** Billing currency, ISO 4217. */
  readonly currency: string;
  readonly timeZone: string;
  readonly standing: Standing;
  readonly createdAt: Date;
}

/** An organization as our staff sees it in a list. */
export interface OrganizationSummary extends Organization {
  readonly memberCount: number;
  readonly closedAt: Date | null;
}
