import type { DUNNING_STAGES, dunningCase } from "@/db/schema/payment";

export type DunningRow = typeof dunningCase.$inferSelect;
export type DunningStage = (typeof DUNNING_STAGES)[number];

/** How long after an invoice became overdue each step is taken, seconds. */
export interface DunningSchedule {
  readonly restrictSeconds: number;
  readonly suspendSeconds: number;
  /** From here on the machines do not come back by themselves; their data is kept. */
  readonly retainSeconds: number;
  readonly deleteSeconds: number;
  /** Between two reminders. */
  readonly remindEverySeconds: number;
}

/** Why an organization is asked to pay. */
export interface Overdue {
  readonly organizationId: string;
  readonly invoiceId: string;
  readonly number: string | null;
  readonly currency: string;
  readonly openMinor: number;
  /** When it became overdue: its due date, or the charge that failed before it. */
  readonly since: Date;
}

export interface DunningDates {
  readonly openedAt: Date;
  readonly restrictAt: Date;
  readonly suspendAt: Date;
  readonly retainAt: Date;
  readonly deleteAt: Date;
}
