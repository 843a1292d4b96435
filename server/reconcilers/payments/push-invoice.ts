import { readInvoiceForPush, splitInvoice, waiveRemainder, type BegunPush } from "@/server/billing";
import { PaymentFailed } from "./push-failure";
import type { InvoiceFacts, PaymentDriver } from "@/server/drivers/payment/types";
import { DriverError } from "@/server/drivers/errors";
import type { Context } from "@/server/platform/context";
import { sentence, type Money } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { refreshInvoice } from "./read-facts";

type Ours = Awaited<ReturnType<typeof readInvoiceForPush>>;

/**
 * Makes the provider's invoice what ours is: one draft with items that sum to it, finalized, charged once, lowered or void
 * when ours is. Looks before each step, so that it may begin anywhere: after a crash, a lost answer, a day without the provider.
 */
export async function pushInvoice(context: Context, driver: PaymentDriver, begun: BegunPush, customerId: string): Promise<string | null> {
  let ours = await readOurs(context, begun);
  let theirs = await find(driver, begun, ours, customerId);
  if (!theirs) {
    // Only while the provider has nothing of it, also after attempts that came to nothing: what is left of a larger invoice is lowered there by a credit note.
    await inTransaction(context, (tx) => waiveRemainder(tx, context, begun.push.subjectId));
    // The search took its time; an earlier attempt may have written it off, or money may have come.
    ours = await readOurs(context, begun);
  }
  const { invoice } = ours.view;
  if (invoice.status === "void") {
    if (theirs?.status === "open") theirs = await driver.voidInvoice(theirs.remoteId, `${begun.key}:void`);
    if (theirs) await refreshInvoice(context, driver, theirs.remoteId);
    return theirs?.remoteId ?? null;
  }
  // Written off, or paid from money in advance before the provider ever heard of it: there is nothing to collect.
  if (!theirs && ours.view.openMinor <= 0) return null;
  theirs ??= await driver.createInvoice({ customerId, organizationId: invoice.organizationId, invoiceId: invoice.id, currency: invoice.currency, description: invoice.number ?? invoice.id }, `${begun.key}:create`);
  if (theirs.status === "draft") theirs = await fill(driver, begun, ours, theirs, customerId);
  theirs = await lower(driver, begun, ours, theirs);
  theirs = await collect(driver, begun, ours, theirs);
  await refreshInvoice(context, driver, theirs.remoteId);
  return theirs.remoteId;
}

function readOurs(context: Context, begun: BegunPush): Promise<Ours> {
  return inTransaction(context, (tx) => readInvoiceForPush(tx, begun.push.subjectId), { isolation: "repeatable read", readOnly: true });
}

async function find(driver: PaymentDriver, begun: BegunPush, ours: Ours, customerId: string): Promise<InvoiceFacts | null> {
  if (ours.remoteId !== null) return driver.readInvoice(ours.remoteId);
  if (begun.push.remoteId !== null) return driver.readInvoice(begun.push.remoteId);
  return begun.lookFirst ? driver.findInvoice(customerId, ours.view.invoice.id, begun.push.createdAt) : null;
}

/** Adds the items that are missing, and finalizes only what sums to ours. */
async function fill(driver: PaymentDriver, begun: BegunPush, { view }: Ours, draft: InvoiceFacts, customerId: string): Promise<InvoiceFacts> {
  const { invoice } = view;
  const present = new Set(begun.lookFirst ? (await driver.listInvoiceItems(draft.remoteId)).map((item) => item.key) : []);
  for (const item of splitInvoice(view)) {
    if (present.has(item.key)) continue;
    const { key: itemKey, description, amountMinor } = item;
    await driver.addInvoiceItem({ customerId, remoteId: draft.remoteId, itemKey, currency: invoice.currency, amountMinor, description, from: invoice.periodStart, to: invoice.periodEnd }, `${begun.key}:item:${itemKey}`);
  }
  const filled = await driver.readInvoice(draft.remoteId);
  if (filled?.totalMinor !== invoice.totalMinor) {
    const said = { invoice: invoice.number ?? invoice.id, draft: draft.remoteId };
    const money = (minor: number): Money => ({ minor, currency: invoice.currency });
    throw new PaymentFailed(filled ? sentence("push-total-differs", { ...said, ours: money(invoice.totalMinor), theirs: money(filled.totalMinor) }) : sentence("push-draft-gone", said), { stuck: true });
  }
  return driver.finalizeInvoice(draft.remoteId, `${begun.key}:finalize`);
}

/** Credit notes and money paid in advance lower what is asked for there. */
async function lower(driver: PaymentDriver, begun: BegunPush, { view }: Ours, theirs: InvoiceFacts): Promise<InvoiceFacts> {
  const excess = theirs.remainingMinor - Math.max(0, view.openMinor);
  if (theirs.status !== "open" || excess <= 0) return theirs;
  return driver.creditInvoice({ remoteId: theirs.remoteId, amountMinor: excess, memo: "Credit note or money paid in advance" }, `${begun.key}:credit:${theirs.remainingMinor}`);
}

/** Charges the default card once, and once more for each time that somebody asked to try again. */
async function collect(driver: PaymentDriver, begun: BegunPush, ours: Ours, theirs: InvoiceFacts): Promise<InvoiceFacts> {
  const beyond = begun.push.payload["collectBeyond"];
  const tries = typeof beyond === "number" ? beyond : 0;
  if (theirs.status !== "open" || theirs.remainingMinor <= 0 || !ours.hasDefaultMethod || theirs.attempts > tries) return theirs;
  try {
    return await driver.payInvoice(theirs.remoteId, `${begun.key}:pay:${theirs.attempts}`);
  } catch (error) {
    // The card said no: that is an outcome. It is written down with the invoice, and dunning goes on from there.
    if (error instanceof DriverError && "reason" in error && error.reason === "declined") return theirs;
    throw error;
  }
}
