import { enqueueMeterHours, type DunningSchedule } from "@/server/billing";
import type { PaymentDriver } from "@/server/drivers/payment/types";
import { inTransaction } from "@/server/platform/transaction";
import { dunOrganizationsLoop } from "../dun-organizations";
import { grantSlaCreditsLoop } from "../grant-sla-credits";
import { pushPaymentsLoop } from "../push-payments";
import { reconcileBooksLoop } from "../reconcile-books";
import type { LoopDefinition } from "../types";
import { replayEventsLoop, workInboxLoop } from "../work-inbox";

export interface PaymentLoopOptions {
  /** Null: no payment provider is set up; invoices are issued, and paid by entries of an operator. */
  readonly driver: PaymentDriver | null;
  readonly dunning: DunningSchedule;
  /** How use is told to the provider: as items of invoices alone, or by the hour as well. */
  readonly usage: "invoice-items" | "billing-meters";
  /** How often the provider's list of events is read, milliseconds. */
  readonly replayMs: number;
}

const reportUsageLoop: LoopDefinition = {
  name: "report-usage",
  periodMs: 300_000,
  async pass({ context }) {
    const hours = await inTransaction(context, (tx) => enqueueMeterHours(tx, context));
    return { backlog: 0, ...(hours > 0 ? { againInMs: 1_000 } : {}) };
  },
};

/** Everything between our ledger and the payment provider. */
export function paymentLoops({ driver, dunning, usage, replayMs }: PaymentLoopOptions): readonly LoopDefinition[] {
  const always = [dunOrganizationsLoop(dunning), reconcileBooksLoop(driver), grantSlaCreditsLoop];
  if (driver === null) return always;
  return [...always, pushPaymentsLoop(driver), workInboxLoop(driver), replayEventsLoop(driver, replayMs), ...(usage === "billing-meters" ? [reportUsageLoop] : [])];
}
