import Stripe from "stripe";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatedStripe } from "@/server/drivers/payment/simulated";
import { VirtualClock } from "@/server/platform/clock";
import { openSimulatedStripe, SIMULATED_KEY } from "./setting";

const HOUR_MS = 3_600_000;
let simulated: SimulatedStripe;
let stripe: Stripe;
let close: () => Promise<void>;
const clock = new VirtualClock(Date.UTC(2026, 9, 5));

beforeAll(async () => {
  const setting = await openSimulatedStripe({ clock });
  simulated = setting.stripe;
  const base = new URL(setting.apiBase);
  stripe = new Stripe(SIMULATED_KEY, { host: base.hostname, port: base.port, protocol: "http", telemetry: false, maxNetworkRetries: 0, timeout: 30_000 });
  close = () => setting.close();
});
afterAll(() => close());

const refusal = async (work: Promise<unknown>): Promise<{ status: number | undefined; code: string | undefined; type: string }> => {
  const error: unknown = await work.then(() => null, (caught: unknown) => caught);
  if (!(error instanceof Stripe.errors.StripeError)) throw new Error("Stripe refused nothing");
  return { status: error.statusCode, code: error.code, type: error.type };
};

describe("the documented rules, as the real SDK meets them", () => {
  it("one key has one answer for 24 hours, a failed one too; other parameters are refused", async () => {
    const first = await stripe.customers.create({ name: "A" }, { idempotencyKey: "k1" });
    expect((await stripe.customers.create({ name: "A" }, { idempotencyKey: "k1" })).id).toBe(first.id);
    expect(await refusal(stripe.customers.create({ name: "B" }, { idempotencyKey: "k1" }))).toMatchObject({ status: 400, type: "StripeIdempotencyError" });
    await clock.advance(24 * HOUR_MS);
    expect((await stripe.customers.create({ name: "A" }, { idempotencyKey: "k1" })).id).not.toBe(first.id);

    simulated.faults = () => "error-before";
    expect(await refusal(stripe.customers.create({ name: "C" }, { idempotencyKey: "k2" }))).toMatchObject({ status: 500 });
    simulated.faults = () => null;
    expect(await refusal(stripe.customers.create({ name: "C" }, { idempotencyKey: "k2" }))).toMatchObject({ status: 500 });
    // What failed before anything was executed may be corrected under its key.
    expect(await refusal(stripe.invoices.create({ customer: "cus_missing", currency: "jpy" }, { idempotencyKey: "k3" }))).toMatchObject({ status: 404 });
    expect((await stripe.invoices.create({ customer: first.id, currency: "jpy" }, { idempotencyKey: "k3" })).status).toBe("draft");
  });

  it("a lost answer is known by its key; a lost request did nothing", async () => {
    simulated.faults = () => "lost-reply";
    await expect(stripe.customers.create({ name: "D" }, { idempotencyKey: "k4" })).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError);
    simulated.faults = () => "lost-request";
    await expect(stripe.customers.create({ name: "E" }, { idempotencyKey: "k5" })).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError);
    simulated.faults = () => null;
    const names = Object.values(simulated.vault.state.customers).map((customer) => customer.name);
    expect(names.filter((name) => name === "D" || name === "E")).toEqual(["D"]);
    const found = await stripe.customers.create({ name: "D" }, { idempotencyKey: "k4" });
    expect(found.lastResponse.headers["idempotent-replayed"]).toBe("true");
  });

  it("refuses unknown parameters, wrong keys, fractions, and what a state does not allow", async () => {
    const customer = await stripe.customers.create({ name: "F" });
    expect(await refusal(stripe.rawRequest("POST", "/v1/customers", { surname: "x" }))).toMatchObject({ status: 400, code: "parameter_unknown" });
    const base = new URL(simulated.vault.pageOrigin);
    expect(await refusal(new Stripe("sk_test_other", { host: base.hostname, port: base.port, protocol: "http" }).customers.retrieve(customer.id))).toMatchObject({ status: 401 });
    const invoice = await stripe.invoices.create({ customer: customer.id, currency: "jpy" });
    expect(await refusal(stripe.invoiceItems.create({ customer: customer.id, invoice: invoice.id, currency: "usd", amount: 100 }))).toMatchObject({ status: 400 });
    expect(await refusal(stripe.invoiceItems.create({ customer: customer.id, invoice: invoice.id, currency: "jpy", amount: 0.5 }))).toMatchObject({ status: 400, code: "parameter_invalid_integer" });
    await stripe.invoiceItems.create({ customer: customer.id, invoice: invoice.id, currency: "jpy", amount: 100 });
    await stripe.invoices.finalizeInvoice(invoice.id);
    expect(await refusal(stripe.invoices.finalizeInvoice(invoice.id))).toMatchObject({ status: 400, code: "invoice_not_editable" });
    expect(await refusal(stripe.customers.createTaxId(customer.id, { type: "jp_trn", value: "T123" }))).toMatchObject({ status: 400, code: "tax_id_invalid" });
    expect((await stripe.customers.createTaxId(customer.id, { type: "jp_trn", value: "T1234567890123" })).verification?.status).toBe("pending");
  });

  it("meter events: one identifier for 24 hours, 35 days back, whole numbers, cancelled within 24 hours, the latest of an hour", async () => {
    const customer = await stripe.customers.create({ name: "G" });
    const meter = await stripe.billing.meters.create({ display_name: "m", event_name: "m", default_aggregation: { formula: "sum" }, event_time_window: "hour" });
    const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
    const hour = Math.floor(nowSeconds() / 3600) * 3600;
    const send = (identifier: string, value: string, timestamp = hour) => stripe.billing.meterEvents.create({ event_name: "m", identifier, timestamp, payload: { stripe_customer_id: customer.id, value } });
    const read = async () => (await stripe.billing.meters.listEventSummaries(meter.id, { customer: customer.id, start_time: hour, end_time: hour + 3600, value_grouping_window: "hour" })).data[0]?.aggregated_value ?? 0;
    await send("a", "10");
    expect(await refusal(send("a", "10"))).toMatchObject({ status: 400 });
    await send("b", "12");
    expect(await read()).toBe(12);
    await stripe.billing.meterEventAdjustments.create({ event_name: "m", type: "cancel", cancel: { identifier: "b" } });
    expect(await read()).toBe(10);
    expect(await refusal(send("c", "1.5"))).toMatchObject({ status: 400 });
    expect(await refusal(send("d", "1", nowSeconds() - 35 * 86_400 - 1))).toMatchObject({ status: 400, code: "timestamp_too_far_in_past" });
    expect(await refusal(send("e", "1", nowSeconds() + 301))).toMatchObject({ status: 400, code: "timestamp_in_future" });
    await clock.advance(24 * HOUR_MS + 1_000);
    await send("a", "11");
    expect(await read()).toBe(11);
    await clock.advance(24 * HOUR_MS + 1_000);
    expect(await refusal(stripe.billing.meterEventAdjustments.create({ event_name: "m", type: "cancel", cancel: { identifier: "a" } }))).toMatchObject({ status: 400 });
  });

  it("one call at a time for each customer and meter; a rate above the account's is 429", async () => {
    const customer = await stripe.customers.create({ name: "H" });
    await stripe.billing.meters.create({ display_name: "n", event_name: "n", default_aggregation: { formula: "sum" } });
    const calls = await Promise.allSettled(Array.from({ length: 6 }, (_, index) => stripe.billing.meterEvents.create({ event_name: "n", identifier: `n${index}`, payload: { stripe_customer_id: customer.id, value: "1" } })));
    expect(calls.some((call) => call.status === "rejected" && call.reason instanceof Stripe.errors.StripeRateLimitError)).toBe(true);
    const limited = await openSimulatedStripe({ requestsPerSecond: 5, clock });
    const base = new URL(limited.apiBase);
    const hurried = new Stripe(SIMULATED_KEY, { host: base.hostname, port: base.port, protocol: "http", maxNetworkRetries: 0 });
    const answers = await Promise.allSettled(Array.from({ length: 9 }, () => hurried.customers.list()));
    expect(answers.filter((answer) => answer.status === "rejected")).toHaveLength(4);
    await limited.close();
  });

  it("a test clock renews subscriptions and tries failed payments again", async () => {
    const at = Math.floor(clock.nowMs() / 1000);
    const testClock = await stripe.testHelpers.testClocks.create({ frozen_time: at });
    const customer = await stripe.customers.create({ name: "I", test_clock: testClock.id });
    const card = await stripe.paymentMethods.attach("pm_card_visa", { customer: customer.id });
    await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: card.id } });
    const product = await stripe.products.create({ name: "Support" });
    await stripe.subscriptions.create({ customer: customer.id, items: [{ price_data: { currency: "jpy", product: product.id, unit_amount: 1_000, recurring: { interval: "month" } } }] });
    await stripe.testHelpers.testClocks.advance(testClock.id, { frozen_time: at + 65 * 86_400 });
    expect((await stripe.invoices.list({ customer: customer.id })).data.map((invoice) => [invoice.billing_reason, invoice.status])).toEqual([["subscription_cycle", "paid"], ["subscription_cycle", "paid"], ["subscription_create", "paid"]]);
  });
});
