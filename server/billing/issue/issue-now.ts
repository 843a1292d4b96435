import { closePeriod, listPeriods } from "@/server/metering";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { readOrganization } from "@/server/tenancy";
import { billingPeriod, periodEnd } from "../rules";
import { issueInvoice, type Issued } from "./issue-invoice";

/** A period as short as this is a button pressed twice. */
const SHORTEST_MS = 60_000;

/**
 * Invoices what an organization used until now, before its period is over: the period is closed here, the rest of the month is
 * one of its own, and use that becomes known later is an adjustment. A month before it that still waits to be closed by itself is
 * closed at its own end and gets its own invoice, first. After a crash between closing and issuing, the loop issues the invoices.
 * Answers the newest invoice that came of it.
 * @throws Problem `conflict` when a period was closed a moment ago.
 */
export async function issueNow(context: Context, input: { readonly organizationId: string }): Promise<Issued> {
  const { organizationId } = input;
  const closed = await inTransaction(context, (tx) => closeUntilNow(tx, context, organizationId));
  let newest: Issued = { outcome: "nothing", invoice: null };
  for (const periodStart of closed) {
    const issued = await issueInvoice(context, { organizationId, periodStart });
    if (issued.invoice) newest = issued;
  }
  return newest;
}

/** Closes what is over, oldest first, and what has begun since. Answers where the closed periods begin. */
async function closeUntilNow(tx: Transaction, context: Context, organizationId: string): Promise<readonly Date[]> {
  const organization = await readOrganization(tx, organizationId);
  const now = context.clock.now();
  const closed: Date[] = [];
  let startedAt = (await listPeriods(tx, organizationId)).at(-1)?.endedAt ?? billingPeriod(organization.timeZone, organization.createdAt).start;
  for (let endedAt = periodEnd(organization.timeZone, startedAt); endedAt <= now; endedAt = periodEnd(organization.timeZone, startedAt)) {
    await closePeriod(tx, context, { organizationId, startedAt, endedAt });
    closed.push(startedAt);
    startedAt = endedAt;
  }
  const begun = now.getTime() - startedAt.getTime() >= SHORTEST_MS;
  if (!begun && closed.length === 0) throw new Problem("conflict", sentence("refused-issue-again", { endedAt: startedAt.toISOString() }), { organizationId });
  if (!begun) return closed;
  await closePeriod(tx, context, { organizationId, startedAt, endedAt: now });
  return [...closed, startedAt];
}
