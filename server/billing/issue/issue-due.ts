import { closePeriod, isUsageSettled } from "@/server/metering";
import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { billingPeriod, periodEnd } from "../rules";
import { issueInvoice } from "./issue-invoice";
import { selectOrganizationsForBilling, type BilledOrganization } from "./store";

export interface DueOutcome {
  readonly closed: number;
  readonly issued: number;
  readonly parked: number;
  /** Organizations that could not be done, and are tried again. */
  readonly failed: number;
  /** Periods that are over and wait for the last word of a host. */
  readonly waiting: number;
}

/**
 * Closes every period that is over and settled, and invoices every closed one that is not: from what is stored, not from what
 * happened, so that a pass after a crash or a week's outage does what is missing and nothing twice.
 */
export async function issueDueInvoices(context: Context, signal?: AbortSignal): Promise<DueOutcome> {
  const organizations = await inTransaction(context, (tx) => selectOrganizationsForBilling(tx), { readOnly: true });
  const done = { closed: 0, issued: 0, parked: 0, failed: 0, waiting: 0 };
  for (const organization of organizations) {
    if (signal?.aborted) break;
    try {
      const unbilled = [...organization.unbilled, ...(await closeOver(context, organization, done))];
      for (const periodStart of unbilled) {
        const { outcome } = await issueInvoice(context, { organizationId: organization.id, periodStart });
        if (outcome === "issued") done.issued += 1;
        if (outcome === "parked") done.parked += 1;
      }
    } catch (error) {
      // One organization's trouble (a currency without a rule, say) must not keep everybody else's invoices.
      done.failed += 1;
      context.logger.error({ organizationId: organization.id, err: error }, "an organization could not be invoiced; it is tried again");
    }
  }
  return done;
}

/** Closes what is over, oldest first; answers where the closed periods begin. */
async function closeOver(context: Context, organization: BilledOrganization, done: { closed: number; waiting: number }): Promise<Date[]> {
  const now = context.clock.now();
  const closed: Date[] = [];
  let startedAt = organization.closedUntil ?? billingPeriod(organization.timeZone, organization.createdAt).start;
  for (let endedAt = periodEnd(organization.timeZone, startedAt); endedAt <= now; endedAt = periodEnd(organization.timeZone, startedAt)) {
    const period = { organizationId: organization.id, startedAt, endedAt };
    const settled = await inTransaction(context, async (tx) => (await isUsageSettled(tx, organization.id, endedAt, now)) && ((await closePeriod(tx, context, period)) || true));
    if (!settled) {
      done.waiting += 1;
      break;
    }
    done.closed += 1;
    closed.push(startedAt);
    startedAt = endedAt;
  }
  return closed;
}
