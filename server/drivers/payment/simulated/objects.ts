import type Stripe from "stripe";

/**
 * What the simulated Stripe keeps: the fields that Berth reads and those that a person looks for, typed by the SDK, so
 * that a field that Stripe renamed does not compile here.
 */
export type Customer = Pick<Stripe.Customer, "id" | "object" | "created" | "email" | "name" | "livemode" | "description" | "preferred_locales"> & {
  metadata: Record<string, string>;
  invoice_settings: { default_payment_method: string | null };
  test_clock: string | null;
};

export type Card = Pick<Stripe.PaymentMethod.Card, "brand" | "last4" | "exp_month" | "exp_year" | "funding" | "country">;
export type PaymentMethod = Pick<Stripe.PaymentMethod, "id" | "object" | "created" | "livemode"> & { type: "card"; customer: string | null; card: Card; metadata: Record<string, string> };

export type InvoiceItem = Pick<Stripe.InvoiceItem, "id" | "object" | "amount" | "currency" | "date" | "description" | "livemode" | "period"> & { customer: string; invoice: string; metadata: Record<string, string> };

export type InvoiceStatus = "draft" | "open" | "paid" | "uncollectible" | "void";
export type Invoice = Pick<
  Stripe.Invoice,
  "id" | "object" | "amount_due" | "amount_paid" | "amount_remaining" | "attempt_count" | "attempted" | "auto_advance" | "collection_method" | "created" | "currency" | "description" | "due_date" | "hosted_invoice_url" | "livemode" | "number" | "period_end" | "period_start" | "subtotal" | "total" | "status_transitions" | "billing_reason"
> & { customer: string; status: InvoiceStatus; metadata: Record<string, string>; default_payment_method: string | null; next_payment_attempt: number | null; parent: { type: "subscription_details"; quote_details: null; subscription_details: { subscription: string; metadata: Record<string, string> } } | null };

export type PaymentIntent = Pick<Stripe.PaymentIntent, "id" | "object" | "amount" | "amount_received" | "created" | "currency" | "livemode"> & {
  customer: string;
  status: "requires_payment_method" | "succeeded" | "canceled";
  latest_charge: string | null;
  payment_method: string | null;
  metadata: Record<string, string>;
  /** Not of Stripe's object: which invoice it pays; Stripe answers that by invoice payments. */
  invoice: string | null;
  last_payment_error: { type: "card_error"; code: string; decline_code: string; message: string } | null;
};

export type Charge = Pick<Stripe.Charge, "id" | "object" | "amount" | "amount_refunded" | "captured" | "created" | "currency" | "disputed" | "livemode" | "paid" | "refunded" | "failure_code" | "failure_message"> & {
  customer: string;
  payment_intent: string;
  payment_method: string;
  status: "succeeded" | "failed";
  metadata: Record<string, string>;
  payment_method_details: { type: "card"; card: { brand: string; last4: string } };
};

export type Refund = Pick<Stripe.Refund, "id" | "object" | "amount" | "created" | "currency" | "reason"> & { charge: string; payment_intent: string; status: "pending" | "succeeded" | "failed"; metadata: Record<string, string> };
export type Dispute = Pick<Stripe.Dispute, "id" | "object" | "amount" | "created" | "currency" | "livemode" | "reason" | "status"> & { charge: string; payment_intent: string; metadata: Record<string, string>; evidence_details: { due_by: number | null; has_evidence: boolean; past_due: boolean; submission_count: number } };
export type TaxId = Pick<Stripe.TaxId, "id" | "object" | "country" | "created" | "livemode" | "value"> & { customer: string; type: string; verification: { status: "pending" | "verified" | "unverified"; verified_name: string | null; verified_address: string | null } };

export type CheckoutSession = Pick<Stripe.Checkout.Session, "id" | "object" | "amount_total" | "created" | "currency" | "expires_at" | "livemode" | "success_url" | "cancel_url" | "url"> & {
  customer: string;
  mode: "payment" | "setup";
  status: "open" | "complete" | "expired";
  payment_status: "paid" | "unpaid" | "no_payment_required";
  payment_intent: string | null;
  setup_intent: string | null;
  metadata: Record<string, string>;
  /** Not of Stripe's object: what Checkout puts on the payment that it makes. */
  payment_metadata: Record<string, string>;
};
export type SetupIntent = Pick<Stripe.SetupIntent, "id" | "object" | "created" | "livemode"> & { customer: string; payment_method: string; status: "succeeded"; metadata: Record<string, string> };
export type PortalSession = Pick<Stripe.BillingPortal.Session, "id" | "object" | "created" | "customer" | "livemode" | "return_url" | "url">;

export type Meter = Pick<Stripe.Billing.Meter, "id" | "object" | "created" | "display_name" | "event_name" | "livemode" | "status" | "event_time_window"> & {
  default_aggregation: { formula: string };
  customer_mapping: { event_payload_key: string; type: "by_id" };
  value_settings: { event_payload_key: string };
};
export interface MeterEvent {
  readonly event_name: string;
  readonly identifier: string;
  readonly customer: string;
  readonly value: number;
  readonly timestamp: number;
  /** When it came, seconds; the latest of a window counts. */
  readonly created: number;
  readonly sequence: number;
  cancelled: boolean;
}

export type Subscription = Pick<Stripe.Subscription, "id" | "object" | "created" | "currency" | "livemode" | "cancel_at_period_end" | "description"> & {
  customer: string;
  status: "active" | "canceled" | "past_due";
  metadata: Record<string, string>;
  items: { object: "list"; data: { id: string; object: "subscription_item"; quantity: number; current_period_start: number; current_period_end: number; price: { id: string; object: "price"; unit_amount: number; currency: string } }[] };
};
export type CreditNote = Pick<Stripe.CreditNote, "id" | "object" | "amount" | "created" | "currency" | "livemode" | "memo"> & { customer: string; invoice: string; metadata: Record<string, string> };
export type TestClock = Pick<Stripe.TestHelpers.TestClock, "id" | "object" | "created" | "frozen_time" | "livemode" | "name"> & { status: "ready" };

export interface StoredEvent {
  readonly id: string;
  readonly object: "event";
  readonly api_version: string;
  readonly created: number;
  readonly livemode: boolean;
  readonly pending_webhooks: number;
  readonly type: string;
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null };
  readonly data: { readonly object: unknown };
}
