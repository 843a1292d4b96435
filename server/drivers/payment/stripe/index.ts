import Stripe from "stripe";
import type { CustomerFacts, DisputeFacts, HourReport, InvoiceFacts, InvoiceItemRequest, LinkFacts, LinkOutcome, LinkRequest, MeterName, PaymentDriver, PaymentFacts, ProviderEvent, RefundFacts, SubscriptionFacts } from "../types";
import { call, callOrNull } from "./call";
import { attemptFacts, disputeFacts, eventFacts, idOf, invoiceFacts, META, methodFacts, refundFacts, seconds, moment } from "./facts";
import { PaymentError } from "../errors";

/** A lookup begins this much before our own clock says that we asked, because clocks differ. */
const CLOCK_MARGIN_SECONDS = 600;
const HOUR_SECONDS = 3_600;
/** Long enough for the slowest answers of Stripe, short enough that a pass of a loop ends. */
const DEFAULT_TIMEOUT_MS = 20_000;

export interface StripeDriverOptions {
  readonly secretKey: string;
  /** `http://127.0.0.1:12111` of the simulated one; left out for Stripe itself. */
  readonly apiBase?: string;
  readonly timeoutMs?: number;
}

/** The payment door over Stripe's own SDK, which pins the API version. */
export class StripePayments implements PaymentDriver {
  readonly kind = "stripe";
  private readonly stripe: Stripe;

  constructor(options: StripeDriverOptions) {
    const base = options.apiBase ? new URL(options.apiBase) : null;
    this.stripe = new Stripe(options.secretKey, {
      // The loops repeat, with their own keys and pauses; a retry inside of the SDK would hide the first failure from them.
      maxNetworkRetries: 0,
      telemetry: false,
      timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      ...(base ? { host: base.hostname, port: base.port, protocol: base.protocol === "https:" ? ("https" as const) : ("http" as const) } : {}),
    });
  }

  async findCustomer(organizationId: string, since: Date): Promise<string | null> {
    return call(`look for the customer of ${organizationId}`, async () => {
      for await (const customer of this.stripe.customers.list({ created: { gte: seconds(since) - CLOCK_MARGIN_SECONDS }, limit: 100 })) {
        if (customer.metadata[META.organization] === organizationId) return customer.id;
      }
      return null;
    });
  }

  async createCustomer(input: { readonly organizationId: string; readonly name: string; readonly email: string | null }, key: string): Promise<string> {
    const made = await call(`make a customer of ${input.organizationId}`, () =>
      this.stripe.customers.create({ name: input.name, ...(input.email ? { email: input.email } : {}), metadata: { [META.organization]: input.organizationId } }, { idempotencyKey: key }),
    );
    return made.id;
  }

  async readCustomer(customerId: string): Promise<CustomerFacts | null> {
    return callOrNull(`read the customer ${customerId}`, async () => {
      const customer = await this.stripe.customers.retrieve(customerId);
      if (customer.deleted === true) return null;
      const methods = await this.stripe.customers.listPaymentMethods(customerId, { limit: 100 });
      const taxIds = await this.stripe.customers.listTaxIds(customerId, { limit: 100 });
      return {
        id: customer.id,
        organizationId: customer.metadata[META.organization] ?? null,
        defaultMethodId: idOf(customer.invoice_settings.default_payment_method),
        methods: methods.data.map(methodFacts),
        taxIds: taxIds.data.map((taxId) => ({ id: taxId.id, type: taxId.type, value: taxId.value, verification: taxId.verification?.status ?? null })),
      };
    });
  }

  async setDefaultMethod(customerId: string, methodId: string, key: string): Promise<void> {
    await call(`make ${methodId} the default of ${customerId}`, () => this.stripe.customers.update(customerId, { invoice_settings: { default_payment_method: methodId } }, { idempotencyKey: key }));
  }

  async createLink(input: LinkRequest, key: string): Promise<LinkFacts> {
    const { customerId, returnUrl } = input;
    if (input.kind === "portal") {
      const portal = await call(`open the customer portal of ${input.organizationId}`, () => this.stripe.billingPortal.sessions.create({ customer: customerId, return_url: returnUrl }, { idempotencyKey: key }));
      return { remoteId: portal.id, url: portal.url, expiresAt: null };
    }
    const metadata = { [META.organization]: input.organizationId, [META.link]: input.linkId };
    const common = { customer: customerId, success_url: returnUrl, cancel_url: returnUrl, metadata };
    const currency = input.currency.toLowerCase();
    const params: Stripe.Checkout.SessionCreateParams =
      input.kind === "setup"
        ? { ...common, mode: "setup", currency }
        : { ...common, mode: "payment", payment_intent_data: { metadata }, line_items: [{ quantity: 1, price_data: { currency, unit_amount: input.amountMinor ?? 0, product_data: { name: input.description } } }] };
    const session = await call(`open a page for ${input.organizationId}`, () => this.stripe.checkout.sessions.create(params, { idempotencyKey: key }));
    return { remoteId: session.id, url: session.url ?? "", expiresAt: moment(session.expires_at) };
  }

  async readLink(sessionId: string): Promise<LinkOutcome> {
    return call(`read the page ${sessionId}`, async () => {
      const session = await this.stripe.checkout.sessions.retrieve(sessionId);
      const setup = idOf(session.setup_intent);
      const methodId = setup && session.status === "complete" ? idOf((await this.stripe.setupIntents.retrieve(setup)).payment_method) : null;
      return { state: session.status === "complete" ? "complete" : session.status === "expired" ? "expired" : "open", customerId: idOf(session.customer), methodId, remotePaymentId: idOf(session.payment_intent) };
    });
  }

  async findInvoice(customerId: string, invoiceId: string, since: Date): Promise<InvoiceFacts | null> {
    return call(`look for the invoice ${invoiceId}`, async () => {
      for await (const invoice of this.stripe.invoices.list({ customer: customerId, created: { gte: seconds(since) - CLOCK_MARGIN_SECONDS }, limit: 100 })) {
        if (invoice.metadata?.[META.invoice] === invoiceId && invoice.status !== "void") return invoiceFacts(invoice);
      }
      return null;
    });
  }

  async createInvoice(input: { readonly customerId: string; readonly organizationId: string; readonly invoiceId: string; readonly currency: string; readonly description: string }, key: string): Promise<InvoiceFacts> {
    const params: Stripe.InvoiceCreateParams = {
      customer: input.customerId, currency: input.currency.toLowerCase(), collection_method: "charge_automatically", auto_advance: false, pending_invoice_items_behavior: "exclude", description: input.description,
      metadata: { [META.organization]: input.organizationId, [META.invoice]: input.invoiceId },
    };
    return invoiceFacts(await call(`make the invoice ${input.invoiceId}`, () => this.stripe.invoices.create(params, { idempotencyKey: key })));
  }

  async listInvoiceItems(remoteId: string): Promise<readonly { readonly key: string | null; readonly amountMinor: number }[]> {
    return call(`list the items of ${remoteId}`, async () => {
      const items = [];
      for await (const item of this.stripe.invoiceItems.list({ invoice: remoteId, limit: 100 })) items.push({ key: item.metadata?.[META.item] ?? null, amountMinor: item.amount });
      return items;
    });
  }

  async addInvoiceItem(input: InvoiceItemRequest, key: string): Promise<void> {
    const params: Stripe.InvoiceItemCreateParams = {
      customer: input.customerId, invoice: input.remoteId, currency: input.currency.toLowerCase(), amount: input.amountMinor, description: input.description.slice(0, 500), metadata: { [META.item]: input.itemKey },
      period: { start: seconds(input.from), end: Math.max(seconds(input.from), seconds(input.to)) },
    };
    await call(`add ${input.itemKey} to ${input.remoteId}`, () => this.stripe.invoiceItems.create(params, { idempotencyKey: key }));
  }

  async finalizeInvoice(remoteId: string, key: string): Promise<InvoiceFacts> {
    // Collection is ours to begin: nothing is retried behind our back.
    return invoiceFacts(await call(`finalize the invoice ${remoteId}`, () => this.stripe.invoices.finalizeInvoice(remoteId, { auto_advance: false }, { idempotencyKey: key })));
  }

  async payInvoice(remoteId: string, key: string): Promise<InvoiceFacts> {
    return invoiceFacts(await call(`charge the invoice ${remoteId}`, () => this.stripe.invoices.pay(remoteId, { off_session: true }, { idempotencyKey: key })));
  }

  async voidInvoice(remoteId: string, key: string): Promise<InvoiceFacts> {
    return invoiceFacts(await call(`void the invoice ${remoteId}`, () => this.stripe.invoices.voidInvoice(remoteId, {}, { idempotencyKey: key })));
  }

  async creditInvoice(input: { readonly remoteId: string; readonly amountMinor: number; readonly memo: string }, key: string): Promise<InvoiceFacts> {
    await call(`credit the invoice ${input.remoteId}`, () => this.stripe.creditNotes.create({ invoice: input.remoteId, amount: input.amountMinor, memo: input.memo }, { idempotencyKey: key }));
    const invoice = await this.readInvoice(input.remoteId);
    if (!invoice) throw new PaymentError("other", "not-found", `The invoice ${input.remoteId} was gone after it was credited.`);
    return invoice;
  }

  async readInvoice(remoteId: string): Promise<InvoiceFacts | null> {
    return callOrNull(`read the invoice ${remoteId}`, async () => invoiceFacts(await this.stripe.invoices.retrieve(remoteId, { expand: ["payments"] })));
  }

  async *listInvoices(range: { readonly from: Date; readonly to: Date }): AsyncIterable<InvoiceFacts> {
    let after: string | undefined;
    for (;;) {
      const page = await call("list invoices", () => this.stripe.invoices.list({ created: { gte: seconds(range.from), lt: seconds(range.to) }, limit: 100, ...(after ? { starting_after: after } : {}) }));
      for (const invoice of page.data) yield invoiceFacts(invoice);
      after = page.data.at(-1)?.id;
      if (!page.has_more || !after) return;
    }
  }

  async readPayment(remotePaymentId: string): Promise<PaymentFacts | null> {
    return callOrNull(`read the payment ${remotePaymentId}`, async () => {
      const intent = await this.stripe.paymentIntents.retrieve(remotePaymentId);
      const attempts = [];
      for await (const charge of this.stripe.charges.list({ payment_intent: remotePaymentId, limit: 100 })) attempts.push(attemptFacts(charge));
      const { data: invoices } = await this.stripe.invoicePayments.list({ payment: { type: "payment_intent", payment_intent: remotePaymentId }, limit: 1 });
      return { remotePaymentId: intent.id, customerId: idOf(intent.customer), linkId: intent.metadata[META.link] ?? null, remoteInvoiceId: idOf(invoices[0]?.invoice), attempts: attempts.toReversed() };
    });
  }

  async paymentOfCharge(chargeId: string): Promise<string | null> {
    return callOrNull(`read the charge ${chargeId}`, async () => idOf((await this.stripe.charges.retrieve(chargeId)).payment_intent));
  }

  async listRefunds(chargeId: string): Promise<readonly RefundFacts[]> {
    return call(`list the refunds of ${chargeId}`, async () => {
      const found: RefundFacts[] = [];
      for await (const refund of this.stripe.refunds.list({ charge: chargeId, limit: 100 })) found.push(refundFacts(refund));
      return found.toReversed();
    });
  }

  async findRefund(chargeId: string, refundId: string): Promise<RefundFacts | null> {
    return (await this.listRefunds(chargeId)).find((refund) => refund.refundId === refundId) ?? null;
  }

  async createRefund(input: { readonly chargeId: string; readonly refundId: string; readonly amountMinor: number }, key: string): Promise<RefundFacts> {
    return refundFacts(await call(`refund ${input.chargeId}`, () => this.stripe.refunds.create({ charge: input.chargeId, amount: input.amountMinor, metadata: { [META.refund]: input.refundId } }, { idempotencyKey: key })));
  }

  async readRefund(remoteId: string): Promise<RefundFacts | null> {
    return callOrNull(`read the refund ${remoteId}`, async () => refundFacts(await this.stripe.refunds.retrieve(remoteId)));
  }

  async readDispute(remoteId: string): Promise<DisputeFacts | null> {
    return callOrNull(`read the dispute ${remoteId}`, async () => disputeFacts(await this.stripe.disputes.retrieve(remoteId)));
  }

  async findSubscription(customerId: string, subscriptionId: string): Promise<SubscriptionFacts | null> {
    return call(`look for the subscription ${subscriptionId}`, async () => {
      for await (const found of this.stripe.subscriptions.list({ customer: customerId, status: "all", limit: 100 })) if (found.metadata[META.subscription] === subscriptionId) return subscriptionFacts(found);
      return null;
    });
  }

  async createSubscription(input: { readonly customerId: string; readonly organizationId: string; readonly subscriptionId: string; readonly description: string; readonly currency: string; readonly amountMinor: number }, key: string): Promise<SubscriptionFacts> {
    return call(`make the subscription ${input.subscriptionId}`, async () => {
      const product = await this.stripe.products.create({ name: input.description }, { idempotencyKey: `${key}:product` });
      const made = await this.stripe.subscriptions.create(
        { customer: input.customerId, description: input.description, items: [{ quantity: 1, price_data: { currency: input.currency.toLowerCase(), product: product.id, unit_amount: input.amountMinor, recurring: { interval: "month" } } }], metadata: { [META.organization]: input.organizationId, [META.subscription]: input.subscriptionId } },
        { idempotencyKey: key },
      );
      return subscriptionFacts(made);
    });
  }

  async cancelSubscription(remoteId: string): Promise<SubscriptionFacts> {
    return subscriptionFacts(await call(`end the subscription ${remoteId}`, () => this.stripe.subscriptions.cancel(remoteId)));
  }

  async ensureMeter(meter: MeterName): Promise<string> {
    return call(`make the meter ${meter.eventName}`, async () => {
      for await (const known of this.stripe.billing.meters.list({ status: "active", limit: 100 })) if (known.event_name === meter.eventName) return known.id;
      // Hourly windows: of one hour the latest report counts, so that a report can be repeated and corrected.
      const made = await this.stripe.billing.meters.create({ display_name: meter.displayName, event_name: meter.eventName, default_aggregation: { formula: "sum" }, event_time_window: "hour" }, { idempotencyKey: `meter:${meter.eventName}` });
      return made.id;
    });
  }

  async reportHour(input: HourReport): Promise<void> {
    try {
      await call(`report an hour of ${input.eventName}`, () =>
        this.stripe.billing.meterEvents.create({ event_name: input.eventName, identifier: input.identifier, timestamp: seconds(input.hour), payload: { stripe_customer_id: input.customerId, value: String(input.value) } }, { idempotencyKey: input.identifier }),
      );
    } catch (error) {
      // A duplicate is answered with 400: it is there already, which is what was wanted.
      if (error instanceof PaymentError && (error.code === "already-exists" || /already exists with identifier/i.test(error.message))) return;
      throw error;
    }
  }

  async readHour(input: { readonly meterId: string; readonly customerId: string; readonly hour: Date }): Promise<number> {
    const start = seconds(input.hour);
    const page = await call("read a metered hour", () => this.stripe.billing.meters.listEventSummaries(input.meterId, { customer: input.customerId, start_time: start, end_time: start + HOUR_SECONDS, value_grouping_window: "hour" }));
    return page.data.reduce((sum, row) => sum + row.aggregated_value, 0);
  }

  async *listEvents(since: Date): AsyncIterable<ProviderEvent> {
    let after: string | undefined;
    for (;;) {
      const page = await call("list events", () => this.stripe.events.list({ created: { gte: seconds(since) }, limit: 100, ...(after ? { starting_after: after } : {}) }));
      for (const event of page.data) yield eventFacts(event);
      after = page.data.at(-1)?.id;
      if (!page.has_more || !after) return;
    }
  }
}

function subscriptionFacts(subscription: Stripe.Subscription): SubscriptionFacts {
  return { remoteId: subscription.id, status: subscription.status === "canceled" || subscription.status === "incomplete_expired" ? "ended" : "active" };
}

export { verifyWebhook } from "./verify-webhook";
