import type Stripe from "stripe";
import type { Subscription, TestClock } from "../objects";
import { branch, invalid, listOf, needText, optionalText, readMetadata, wholeNumber } from "../problem";
import { finalizeInvoice, payInvoice } from "../payments";
import type { Form } from "../form";
import type { Invoice } from "../objects";
import { StripeProblem } from "../problem";
import { need, type Vault } from "../vault";
import { LIST_PARAMS, listPage, paramsOf, type Route } from "./route";

/** A month later at the same time of day; Stripe's anchor days beyond 28 are of no matter here. */
function nextMonth(seconds: number): number {
  const date = new Date(seconds * 1000);
  date.setUTCMonth(date.getUTCMonth() + 1);
  return Math.floor(date.getTime() / 1000);
}

/** One period of a subscription as an invoice, finalized and charged. */
function billSubscription(vault: Vault, subscription: Subscription, reason: "subscription_create" | "subscription_cycle"): void {
  const [item] = subscription.items.data;
  if (!item) return;
  const amount = item.price.unit_amount * item.quantity;
  const at = vault.now(subscription.customer);
  const invoice: Invoice = {
    id: vault.mint("in"), object: "invoice", amount_due: amount, amount_paid: 0, amount_remaining: amount, attempt_count: 0, attempted: false, auto_advance: true, billing_reason: reason, collection_method: "charge_automatically", created: at, currency: subscription.currency, customer: subscription.customer,
    default_payment_method: null, description: subscription.description, due_date: null, hosted_invoice_url: null, livemode: false, metadata: {}, next_payment_attempt: null, number: null, period_end: item.current_period_end, period_start: item.current_period_start, status: "draft", parent: { type: "subscription_details", quote_details: null, subscription_details: { subscription: subscription.id, metadata: subscription.metadata } },
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null }, subtotal: amount, total: amount,
  };
  vault.state.invoices[invoice.id] = invoice;
  vault.emit("invoice.created", invoice);
  finalizeInvoice(vault, invoice);
  if (invoice.status !== "open") return;
  try {
    payInvoice(vault, invoice, null);
  } catch (error) {
    if (!(error instanceof StripeProblem)) throw error;
    subscription.status = "past_due";
  }
}

/** What time alone brings about: renewals and the account's own retries of failed payments. */
export function advanceTestClock(vault: Vault, clock: TestClock, to: number): void {
  clock.frozen_time = to;
  const mine = (customer: string): boolean => vault.state.customers[customer]?.test_clock === clock.id;
  for (const subscription of Object.values(vault.state.subscriptions)) {
    const [item] = subscription.items.data;
    if (!item || !mine(subscription.customer)) continue;
    while (subscription.status !== "canceled" && item.current_period_end <= to) {
      item.current_period_start = item.current_period_end;
      item.current_period_end = nextMonth(item.current_period_start);
      billSubscription(vault, subscription, "subscription_cycle");
    }
  }
  for (const invoice of Object.values(vault.state.invoices)) {
    if (!mine(invoice.customer) || invoice.status !== "open" || !invoice.auto_advance || invoice.next_payment_attempt === null || invoice.next_payment_attempt > to) continue;
    try {
      payInvoice(vault, invoice, null);
    } catch (error) {
      if (!(error instanceof StripeProblem)) throw error;
    }
  }
}

export const accountRoutes: readonly Route[] = [
  {
    method: "POST", path: "/v1/subscriptions", params: paramsOf<Stripe.SubscriptionCreateParams>("customer", "items", "metadata", "description", "currency", "collection_method", "off_session", "payment_behavior", "expand"),
    handle: ({ vault, form, cause }) => {
      const customer = need(vault.state.customers, "customer", needText(form, "customer"));
      const [line] = listOf(form, "items");
      if (typeof line !== "object" || Array.isArray(line)) throw invalid("You must pass items.", "items", "parameter_missing");
      const price = branch(line as Form, "price_data");
      const at = vault.now(customer.id);
      const currency = needText(price, "currency");
      const quantity = (line as Form)["quantity"];
      const subscription: Subscription = {
        id: vault.mint("sub"), object: "subscription", created: at, currency, livemode: false, cancel_at_period_end: false, description: optionalText(form, "description"), customer: customer.id, status: "active", metadata: readMetadata(form),
        items: { object: "list", data: [{ id: vault.mint("si"), object: "subscription_item", quantity: quantity === undefined ? 1 : wholeNumber(quantity, "quantity"), current_period_start: at, current_period_end: nextMonth(at), price: { id: vault.mint("price"), object: "price", unit_amount: wholeNumber(price["unit_amount"], "unit_amount"), currency } }] },
      };
      vault.state.subscriptions[subscription.id] = subscription;
      vault.emit("customer.subscription.created", subscription, cause);
      billSubscription(vault, subscription, "subscription_create");
      return subscription;
    },
  },
  { method: "GET", path: "/v1/subscriptions", params: [...LIST_PARAMS, "customer", "status"], handle: (call) => listPage(call, "/v1/subscriptions", Object.values(call.vault.state.subscriptions).filter((item) => (call.form["customer"] === undefined || item.customer === call.form["customer"]) && (call.form["status"] === "all" || item.status !== "canceled"))) },
  { method: "GET", path: "/v1/subscriptions/:id", params: ["expand"], handle: ({ vault, path: { id = "" } }) => need(vault.state.subscriptions, "subscription", id) },
  {
    method: "DELETE", path: "/v1/subscriptions/:id", params: ["invoice_now", "prorate", "expand"],
    handle: ({ vault, path: { id = "" }, cause }) => {
      const subscription = need(vault.state.subscriptions, "subscription", id);
      subscription.status = "canceled";
      vault.emit("customer.subscription.deleted", subscription, cause);
      return subscription;
    },
  },
  {
    method: "POST", path: "/v1/products", params: paramsOf<Stripe.ProductCreateParams>("name", "metadata", "description", "expand"),
    handle: ({ vault, form }) => ({ id: vault.mint("prod"), object: "product", created: vault.now(), livemode: false, active: true, name: needText(form, "name"), metadata: readMetadata(form) }),
  },
  { method: "GET", path: "/v1/events/:id", params: ["expand"], handle: ({ vault, path: { id = "" } }) => need(Object.fromEntries(vault.state.events.map((event) => [event.id, event])), "event", id) },
  { method: "GET", path: "/v1/events", params: [...LIST_PARAMS, "type", "types", "delivery_success"], handle: (call) => listPage(call, "/v1/events", call.vault.state.events) },
  {
    method: "POST", path: "/v1/test_helpers/test_clocks", params: paramsOf<Stripe.TestHelpers.TestClockCreateParams>("frozen_time", "name", "expand"),
    handle: ({ vault, form }) => {
      const clock: TestClock = { id: vault.mint("clock"), object: "test_helpers.test_clock", created: vault.now(), frozen_time: wholeNumber(form["frozen_time"], "frozen_time"), livemode: false, name: optionalText(form, "name"), status: "ready" };
      vault.state.testClocks[clock.id] = clock;
      return clock;
    },
  },
  {
    method: "POST", path: "/v1/test_helpers/test_clocks/:id/advance", params: paramsOf<Stripe.TestHelpers.TestClockAdvanceParams>("frozen_time", "expand"),
    handle: ({ vault, form, path: { id = "" } }) => {
      const clock = need(vault.state.testClocks, "test clock", id);
      const to = wholeNumber(form["frozen_time"], "frozen_time");
      if (to <= clock.frozen_time) throw invalid("A test clock can only be advanced.", "frozen_time");
      advanceTestClock(vault, clock, to);
      return clock;
    },
  },
];
