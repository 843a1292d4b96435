import { randomBytes } from "node:crypto";
import Stripe from "stripe";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PaymentError } from "@/server/drivers/payment/errors";
import { StripePayments } from "@/server/drivers/payment/stripe";
import type { PaymentDriver } from "@/server/drivers/payment/types";
import { openSimulatedStripe, SIMULATED_KEY } from "./setting";

interface Fixture {
  readonly driver: PaymentDriver;
  /** Stripe's own client on the same account, for what a person would do on its pages. */
  readonly stripe: Stripe;
  close(): Promise<void>;
}

async function simulated(): Promise<Fixture> {
  const setting = await openSimulatedStripe();
  const base = new URL(setting.apiBase);
  return { driver: setting.driver, stripe: new Stripe(SIMULATED_KEY, { host: base.hostname, port: base.port, protocol: "http", telemetry: false, maxNetworkRetries: 0 }), close: () => setting.close() };
}

function real(secretKey: string): Promise<Fixture> {
  return Promise.resolve({ driver: new StripePayments({ secretKey }), stripe: new Stripe(secretKey, { telemetry: false }), close: () => Promise.resolve() });
}

/** Only a test key: this suite makes customers and charges. */
const testKey = process.env["STRIPE_SECRET_KEY"]?.startsWith("sk_test_") ? process.env["STRIPE_SECRET_KEY"] : null;
const key = (): string => `contract-${randomBytes(8).toString("hex")}`;

const contract = (open: () => Promise<Fixture>) => (): void => {
  let fixture: Fixture;
  const organizationId = `org_${randomBytes(8).toString("hex")}`;
  const since = new Date(Date.now() - 60_000);
  let customerId = "";
  beforeAll(async () => {
    fixture = await open();
  });
  afterAll(async () => {
    if (customerId) await fixture.stripe.customers.del(customerId);
    await fixture.close();
  });

  /** An open invoice over so many yen. */
  const openInvoice = async (amountMinor: number) => {
    const { driver } = fixture;
    const invoiceId = `bil_${randomBytes(8).toString("hex")}`;
    const draft = await driver.createInvoice({ customerId, organizationId, invoiceId, currency: "JPY", description: "contract" }, key());
    await driver.addInvoiceItem({ customerId, remoteId: draft.remoteId, itemKey: "a", currency: "JPY", amountMinor: amountMinor - 100, description: "use", from: since, to: new Date() }, key());
    await driver.addInvoiceItem({ customerId, remoteId: draft.remoteId, itemKey: "b", currency: "JPY", amountMinor: 100, description: "tax", from: since, to: new Date() }, key());
    return driver.finalizeInvoice(draft.remoteId, key());
  };

  it("makes a customer once for a key, and finds it by our id", async () => {
    const { driver } = fixture;
    const once = key();
    const input = { organizationId, name: "Contract", email: "contract@berth.test" };
    customerId = await driver.createCustomer(input, once);
    expect(await driver.createCustomer(input, once)).toBe(customerId);
    expect(await driver.findCustomer(organizationId, since)).toBe(customerId);
    expect(await driver.findCustomer("org_nobody", since)).toBeNull();
    await expect(driver.createCustomer({ ...input, name: "Somebody else" }, once)).rejects.toMatchObject({ reason: "key-reused" });
    expect(await driver.readCustomer(customerId)).toMatchObject({ id: customerId, organizationId, defaultMethodId: null, methods: [] });
  });

  it("opens the hosted pages", async () => {
    const { driver } = fixture;
    const common = { linkId: "lnk_x", organizationId, customerId, returnUrl: "https://portal.example/back", currency: "JPY", description: "Prepayment" };
    const setup = await driver.createLink({ ...common, kind: "setup", amountMinor: null }, key());
    expect(setup.url).toMatch(/^https?:/);
    expect(await driver.readLink(setup.remoteId)).toMatchObject({ state: "open", customerId, methodId: null });
    const prepay = await driver.createLink({ ...common, kind: "prepay", amountMinor: 5_000 }, key());
    expect(prepay.url).toMatch(/^https?:/);
  });

  it("collects an invoice from the default card; the items sum to what was asked", async () => {
    const { driver, stripe } = fixture;
    const card = await stripe.paymentMethods.attach("pm_card_visa", { customer: customerId });
    await driver.setDefaultMethod(customerId, card.id, key());
    expect(await driver.readCustomer(customerId)).toMatchObject({ defaultMethodId: card.id, methods: [{ last4: "4242", brand: "visa" }] });
    const open = await openInvoice(3_300);
    expect(open).toMatchObject({ status: "open", totalMinor: 3_300, remainingMinor: 3_300, currency: "JPY", organizationId });
    expect((await driver.listInvoiceItems(open.remoteId)).map((item) => item.key)).toEqual(expect.arrayContaining(["a", "b"]));
    expect((await driver.findInvoice(customerId, open.invoiceId ?? "", since))?.remoteId).toBe(open.remoteId);
    await driver.payInvoice(open.remoteId, key());
    const paid = await driver.readInvoice(open.remoteId);
    expect(paid).toMatchObject({ status: "paid", paidMinor: 3_300, remainingMinor: 0 });
    const payment = await driver.readPayment(paid?.remotePaymentIds[0] ?? "");
    expect(payment?.attempts).toMatchObject([{ status: "succeeded", amountMinor: 3_300, method: "visa 4242" }]);
    const chargeId = payment?.attempts[0]?.chargeId ?? "";
    expect(await driver.paymentOfCharge(chargeId)).toBe(payment?.remotePaymentId);
    const refund = await driver.createRefund({ chargeId, refundId: "rfd_contract", amountMinor: 300 }, key());
    expect(await driver.findRefund(chargeId, "rfd_contract")).toMatchObject({ remoteId: refund.remoteId, amountMinor: 300, currency: "JPY" });
    await expect(driver.createRefund({ chargeId, refundId: "rfd_too_much", amountMinor: 3_001 }, key())).rejects.toMatchObject({ code: "invalid" });
  });

  it("says that a card was declined, and counts the attempt", async () => {
    const { driver, stripe } = fixture;
    const card = await stripe.paymentMethods.attach("pm_card_chargeCustomerFail", { customer: customerId });
    await driver.setDefaultMethod(customerId, card.id, key());
    const open = await openInvoice(2_200);
    const refusal: unknown = await driver.payInvoice(open.remoteId, key()).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(PaymentError);
    expect(refusal).toMatchObject({ reason: "declined", outcomeUnknown: false });
    const after = await driver.readInvoice(open.remoteId);
    expect(after).toMatchObject({ status: "open", remainingMinor: 2_200 });
    expect((await driver.readPayment(after?.remotePaymentIds[0] ?? ""))?.attempts).toMatchObject([{ status: "failed", failureCode: "card_declined" }]);
    expect(await driver.creditInvoice({ remoteId: open.remoteId, amountMinor: 200, memo: "goodwill" }, key())).toMatchObject({ remainingMinor: 2_000 });
    expect(await driver.voidInvoice(open.remoteId, key())).toMatchObject({ status: "void" });
  });

  it("reports hours of use: the latest report of an hour counts, a duplicate is done already", async () => {
    const { driver } = fixture;
    const eventName = `berth_contract_${randomBytes(4).toString("hex")}`;
    const meterId = await driver.ensureMeter({ eventName, displayName: "Contract" });
    expect(await driver.ensureMeter({ eventName, displayName: "Contract" })).toBe(meterId);
    const hour = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000);
    await driver.reportHour({ eventName, customerId, hour, value: 3_000, identifier: `${eventName}:1` });
    await driver.reportHour({ eventName, customerId, hour, value: 3_600, identifier: `${eventName}:2` });
    await driver.reportHour({ eventName, customerId, hour, value: 3_600, identifier: `${eventName}:2` });
    // Stripe sums up asynchronously; it says that this may take a while.
    await expect.poll(() => driver.readHour({ meterId, customerId, hour }), { timeout: 60_000 }).toBe(3_600);
    const old = new Date(hour.getTime() - 36 * 86_400_000);
    await expect(driver.reportHour({ eventName, customerId, hour: old, value: 1, identifier: `${eventName}:old` })).rejects.toMatchObject({ code: "invalid" });
  });

  it("keeps flat amounts as subscriptions", async () => {
    const { driver, stripe } = fixture;
    const card = await stripe.paymentMethods.attach("pm_card_visa", { customer: customerId });
    await driver.setDefaultMethod(customerId, card.id, key());
    const made = await driver.createSubscription({ customerId, organizationId, subscriptionId: "rec_contract", description: "Support", currency: "JPY", amountMinor: 1_000 }, key());
    expect(await driver.findSubscription(customerId, "rec_contract")).toEqual(made);
    expect(await driver.cancelSubscription(made.remoteId)).toMatchObject({ status: "ended" });
  });

  it("lists what happened, and answers null for what is not there", async () => {
    const { driver } = fixture;
    const types = new Set<string>();
    for await (const event of driver.listEvents(since)) types.add(event.type);
    expect([...types]).toEqual(expect.arrayContaining(["customer.created", "invoice.paid", "invoice.payment_failed", "charge.refunded"]));
    expect(await driver.readInvoice("in_missing")).toBeNull();
    expect(await driver.readCustomer("cus_missing")).toBeNull();
  });
};

describe("the payment door", () => {
  describe("on the simulated Stripe", contract(simulated));
  describe.skipIf(!testKey)(`on Stripe itself${testKey ? "" : " (skipped: STRIPE_SECRET_KEY is no test key)"}`, contract(() => real(testKey ?? "")));
});
