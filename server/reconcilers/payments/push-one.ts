import { beginPush, failPush, finishPush, noteCustomer, noteCustomerMade, noteLinkReady, noteSubscription, readHourForPush, readLinkRow, readOrganizationForPush, readRefundRow, readSubscriptionForPush, recordRefund, requireCustomer, type BegunPush } from "@/server/billing";
import { DriverError } from "@/server/drivers/errors";
import type { PaymentDriver } from "@/server/drivers/payment/types";
import type { Context } from "@/server/platform/context";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { judgeFailure, PaymentFailed } from "./push-failure";
import { pushInvoice } from "./push-invoice";

type Write = (tx: Transaction) => Promise<unknown>;
interface Pushed {
  readonly remoteId: string | null;
  readonly write?: Write;
}

async function pushCustomer(context: Context, driver: PaymentDriver, begun: BegunPush): Promise<Pushed> {
  if (begun.customerId !== null) return { remoteId: begun.customerId };
  const { organizationId, createdAt } = begun.push;
  const { name, email } = await inTransaction(context, (tx) => readOrganizationForPush(tx, organizationId), { readOnly: true });
  const found = begun.lookFirst ? await driver.findCustomer(organizationId, createdAt) : null;
  const remoteId = found ?? (await driver.createCustomer({ organizationId, name, email }, `${begun.key}:customer`));
  return { remoteId, write: (tx) => noteCustomerMade(tx, context, { organizationId, remoteId }) };
}

async function pushLink(context: Context, driver: PaymentDriver, begun: BegunPush, customerId: string): Promise<Pushed> {
  const link = await inTransaction(context, (tx) => readLinkRow(tx, begun.push.subjectId));
  if (!link || link.state !== "requested") return { remoteId: link?.remoteId ?? null };
  const { id: linkId, kind, organizationId, returnUrl, amountMinor } = link;
  // A page that was made and lost is never opened by anybody; a second one does no harm.
  const made = await driver.createLink({ kind, linkId, organizationId, customerId, returnUrl, amountMinor, currency: link.currency ?? "JPY", description: "Prepayment" }, `${begun.key}:link`);
  return { remoteId: made.remoteId, write: (tx) => noteLinkReady(tx, linkId, made) };
}

async function pushDefaultMethod(context: Context, driver: PaymentDriver, begun: BegunPush, customerId: string): Promise<Pushed> {
  const { methodId } = begun.push.payload;
  if (typeof methodId !== "string") throw new PaymentFailed(sentence("push-no-card"), { stuck: true });
  await driver.setDefaultMethod(customerId, methodId, `${begun.key}:default:${methodId}`);
  const facts = await driver.readCustomer(customerId);
  return { remoteId: methodId, write: (tx) => noteCustomer(tx, context, customerId, facts) };
}

async function pushRefund(context: Context, driver: PaymentDriver, begun: BegunPush): Promise<Pushed> {
  const wanted = await inTransaction(context, (tx) => readRefundRow(tx, begun.push.subjectId));
  if (!wanted) throw new PaymentFailed(sentence("push-no-refund", { refund: begun.push.subjectId }), { stuck: true });
  const { refund, chargeId } = wanted;
  const found = begun.lookFirst ? await driver.findRefund(chargeId, refund.id) : null;
  const facts = found ?? (await driver.createRefund({ chargeId, refundId: refund.id, amountMinor: refund.amountMinor }, `${begun.key}:refund`));
  return { remoteId: facts.remoteId, write: (tx) => recordRefund(tx, context, facts) };
}

async function pushHour(context: Context, driver: PaymentDriver, begun: BegunPush, customerId: string): Promise<Pushed> {
  const report = await inTransaction(context, (tx) => readHourForPush(tx, begun.push), { readOnly: true });
  await driver.ensureMeter({ eventName: report.eventName, displayName: report.displayName });
  // Of one hour the latest report counts, so the newest value is sent, whichever was asked for.
  await driver.reportHour({ eventName: report.eventName, customerId, hour: report.hour, value: report.value, identifier: report.identifier });
  return { remoteId: report.identifier };
}

async function pushSubscription(context: Context, driver: PaymentDriver, begun: BegunPush, customerId: string): Promise<Pushed> {
  const wanted = await inTransaction(context, (tx) => readSubscriptionForPush(tx, begun.push.subjectId));
  if (!wanted) throw new PaymentFailed(sentence("push-no-subscription", { subscription: begun.push.subjectId }), { stuck: true });
  const { row, grossMinor } = wanted;
  const { id: subscriptionId, organizationId, description, currency } = row;
  const found = row.remoteId !== null || begun.lookFirst || row.status === "ending" ? await driver.findSubscription(customerId, subscriptionId) : null;
  if (row.status === "ending" || row.status === "ended") {
    if (found?.status === "active") await driver.cancelSubscription(found.remoteId);
    return { remoteId: found?.remoteId ?? null, write: (tx) => noteSubscription(tx, context, subscriptionId, { remoteId: found?.remoteId ?? null, status: "ended" }) };
  }
  const made = found ?? (await driver.createSubscription({ customerId, organizationId, subscriptionId, description, currency, amountMinor: grossMinor }, `${begun.key}:subscription`));
  return { remoteId: made.remoteId, write: (tx) => noteSubscription(tx, context, subscriptionId, made) };
}

async function dispatch(context: Context, driver: PaymentDriver, begun: BegunPush): Promise<Pushed> {
  if (begun.push.kind === "customer") return pushCustomer(context, driver, begun);
  const { customerId } = begun;
  if (customerId === null) {
    await inTransaction(context, (tx) => requireCustomer(tx, context, begun.push.organizationId));
    throw new PaymentFailed(sentence("push-no-customer"), { stuck: false });
  }
  switch (begun.push.kind) {
    case "link": return pushLink(context, driver, begun, customerId);
    case "default-method": return pushDefaultMethod(context, driver, begun, customerId);
    case "invoice": return { remoteId: await pushInvoice(context, driver, begun, customerId) };
    case "refund": return pushRefund(context, driver, begun);
    case "meter-hour": return pushHour(context, driver, begun, customerId);
    case "subscription": return pushSubscription(context, driver, begun, customerId);
  }
}

/** True when the provider says that it knows no such customer: it was deleted there, and nobody told us yet. */
function customerGone(error: unknown): boolean {
  return error instanceof DriverError && error.code === "not-found" && /no such customer/i.test(error.message);
}

/** One attempt at one wish. Answers whether it is done. Whatever goes wrong is written down with when to come again. */
export async function pushOne(context: Context, driver: PaymentDriver, pushId: string): Promise<boolean> {
  const begun = await beginPush(context, pushId);
  if (!begun) return true;
  try {
    const { remoteId, write } = await dispatch(context, driver, begun);
    await inTransaction(context, async (tx) => {
      await write?.(tx);
      await finishPush(tx, context, begun, remoteId);
    });
    return true;
  } catch (error) {
    const { customerId } = begun;
    if (customerId !== null && customerGone(error)) await inTransaction(context, (tx) => noteCustomer(tx, context, customerId, null));
    context.logger.warn({ push: begun.push.id, kind: begun.push.kind, attempts: begun.push.attempts, err: error }, "a push to the payment provider did not end");
    await failPush(context, begun, judgeFailure(error, begun.push.attempts));
    return false;
  }
}
