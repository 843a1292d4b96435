import { closePeriod, listPeriods } from "@/server/metering";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { readOrganization } from "@/server/tenancy";
import { billingPeriod, periodEnd } from "../rules";
import { issueInvoice, type Issued } from "./issue-invoice";

/** A period as short as this is a button pressed twice. */
const SHORTEST_MS = 60_000;

/**
 * Invoices what an organization used until now, before its period is over: the period is closed here, the rest of the month is
 * one of its own, and use that becomes known later is an adjustment. After a crash between the two, the loop issues the invoice.
 * @throws Problem `conflict` when a period before this one waits to be closed by itself, or when one was closed a moment ago.
 */
export async function issueNow(context: Context, input: { readonly organizationId: string }): Promise<Issued> {
  const { organizationId } = input;
  const startedAt = await inTransaction(context, async (tx) => {
    const organization = await readOrganization(tx, organizationId);
    const last = (await listPeriods(tx, organizationId)).at(-1);
    const now = context.clock.now();
    const from = last?.endedAt ?? billingPeriod(organization.timeZone, organization.createdAt).start;
    if (periodEnd(organization.timeZone, from) <= now) throw new Problem("conflict", sentence("refused-issue-earlier", { startedAt: from.toISOString() }), { organizationId });
    if (now.getTime() - from.getTime() < SHORTEST_MS) throw new Problem("conflict", sentence("refused-issue-again", { endedAt: from.toISOString() }), { organizationId });
    await closePeriod(tx, context, { organizationId, startedAt: from, endedAt: now });
    return from;
  });
  return issueInvoice(context, { organizationId, periodStart: startedAt });
}
