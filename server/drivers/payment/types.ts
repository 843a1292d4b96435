/**
 * The payment door. Facts are what the provider says now; callers compare and never trust the order of messages. Amounts
 * are whole minor units of the currency. Every call rejects with `PaymentError`.
 *
 * A `key` makes a call safe to repeat for 24 hours (then the provider forgets it): the same key with the same
 * parameters has one effect. Whoever repeats a call later looks for its effect first, by the `find*` calls.
 */
export interface PaymentDriver {
  readonly kind: "stripe";

  /** By our own id in its metadata, among those made at or after `since`. */
  findCustomer(organizationId: string, since: Date): Promise<string | null>;
  createCustomer(input: { readonly organizationId: string; readonly name: string; readonly email: string | null }, key: string): Promise<string>;
  /** Null when it was deleted there or never was. */
  readCustomer(customerId: string): Promise<CustomerFacts | null>;
  setDefaultMethod(customerId: string, methodId: string, key: string): Promise<void>;

  createLink(input: LinkRequest, key: string): Promise<LinkFacts>;
  readLink(sessionId: string): Promise<LinkOutcome>;

  findInvoice(customerId: string, invoiceId: string, since: Date): Promise<InvoiceFacts | null>;
  createInvoice(input: { readonly customerId: string; readonly organizationId: string; readonly invoiceId: string; readonly currency: string; readonly description: string }, key: string): Promise<InvoiceFacts>;
  /** Our own keys of the items that an invoice has. */
  listInvoiceItems(remoteId: string): Promise<readonly { readonly key: string | null; readonly amountMinor: number }[]>;
  addInvoiceItem(input: InvoiceItemRequest, key: string): Promise<void>;
  finalizeInvoice(remoteId: string, key: string): Promise<InvoiceFacts>;
  /** Charges the customer's default payment method. Rejects with reason `declined` when the card says no. */
  payInvoice(remoteId: string, key: string): Promise<InvoiceFacts>;
  voidInvoice(remoteId: string, key: string): Promise<InvoiceFacts>;
  /** Lowers what is open of an open invoice. */
  creditInvoice(input: { readonly remoteId: string; readonly amountMinor: number; readonly memo: string }, key: string): Promise<InvoiceFacts>;
  readInvoice(remoteId: string): Promise<InvoiceFacts | null>;
  /** All invoices made in [from, to), newest first, page by page. */
  listInvoices(range: { readonly from: Date; readonly to: Date }): AsyncIterable<InvoiceFacts>;

  /** All attempts to collect one payment. */
  readPayment(remotePaymentId: string): Promise<PaymentFacts | null>;
  /** The payment that a charge belongs to; null when there is no such charge. */
  paymentOfCharge(chargeId: string): Promise<string | null>;
  findRefund(chargeId: string, refundId: string): Promise<RefundFacts | null>;
  createRefund(input: { readonly chargeId: string; readonly refundId: string; readonly amountMinor: number }, key: string): Promise<RefundFacts>;
  /** All refunds of a charge. */
  listRefunds(chargeId: string): Promise<readonly RefundFacts[]>;
  readRefund(remoteId: string): Promise<RefundFacts | null>;
  readDispute(remoteId: string): Promise<DisputeFacts | null>;

  findSubscription(customerId: string, subscriptionId: string): Promise<SubscriptionFacts | null>;
  createSubscription(input: { readonly customerId: string; readonly organizationId: string; readonly subscriptionId: string; readonly description: string; readonly currency: string; readonly amountMinor: number }, key: string): Promise<SubscriptionFacts>;
  cancelSubscription(remoteId: string): Promise<SubscriptionFacts>;

  /** Makes the meter if it is missing; of one hour the latest report counts. */
  ensureMeter(meter: MeterName): Promise<string>;
  /** Replaces what was reported for that hour. A report of the same identifier within 24 hours is answered as done. */
  reportHour(input: HourReport): Promise<void>;
  readHour(input: { readonly meterId: string; readonly customerId: string; readonly hour: Date }): Promise<number>;

  /** The provider's own list of events since a moment (it keeps 30 days), oldest last. */
  listEvents(since: Date): AsyncIterable<ProviderEvent>;
}

export interface MeterName {
  /** Letters, digits and underscores. */
  readonly eventName: string;
  readonly displayName: string;
}

export interface HourReport {
  readonly eventName: string;
  readonly customerId: string;
  readonly hour: Date;
  /** Whole units; the provider takes no fractions. */
  readonly value: number;
  /** Unique for 24 hours only, and at most 100 characters. */
  readonly identifier: string;
}

export interface MethodFacts {
  readonly id: string;
  readonly kind: string;
  readonly brand: string | null;
  readonly last4: string | null;
  readonly expiresMonth: number | null;
  readonly expiresYear: number | null;
}

export interface CustomerFacts {
  readonly id: string;
  /** Ours, from its metadata. */
  readonly organizationId: string | null;
  readonly defaultMethodId: string | null;
  readonly methods: readonly MethodFacts[];
  readonly taxIds: readonly { readonly id: string; readonly type: string; readonly value: string; readonly verification: string | null }[];
}

export interface LinkRequest {
  readonly kind: "setup" | "prepay" | "portal";
  readonly linkId: string;
  readonly organizationId: string;
  readonly customerId: string;
  readonly returnUrl: string;
  readonly currency: string;
  /** For `prepay`. */
  readonly amountMinor: number | null;
  readonly description: string;
}

export interface LinkFacts {
  readonly remoteId: string;
  readonly url: string;
  readonly expiresAt: Date | null;
}

export interface LinkOutcome {
  readonly state: "open" | "complete" | "expired";
  readonly customerId: string | null;
  /** Of a completed `setup`: the method that was added. */
  readonly methodId: string | null;
  /** Of a completed `prepay`. */
  readonly remotePaymentId: string | null;
}

export interface InvoiceItemRequest {
  readonly customerId: string;
  readonly remoteId: string;
  /** Ours; looked for before an item is sent again. */
  readonly itemKey: string;
  readonly currency: string;
  readonly amountMinor: number;
  readonly description: string;
  readonly from: Date;
  readonly to: Date;
}

export interface InvoiceFacts {
  readonly remoteId: string;
  readonly customerId: string | null;
  /** Ours, from its metadata; null for an invoice that we did not make. */
  readonly invoiceId: string | null;
  readonly organizationId: string | null;
  readonly subscriptionId: string | null;
  readonly number: string | null;
  readonly status: "draft" | "open" | "paid" | "uncollectible" | "void";
  readonly currency: string;
  readonly totalMinor: number;
  readonly paidMinor: number;
  readonly remainingMinor: number;
  readonly attempts: number;
  readonly url: string | null;
  readonly createdAt: Date;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  /** Payments that were begun for it; present when one invoice was read, empty in lists. */
  readonly remotePaymentIds: readonly string[];
}

export interface AttemptFacts {
  readonly chargeId: string;
  readonly status: "succeeded" | "failed" | "pending";
  readonly amountMinor: number;
  readonly currency: string;
  readonly method: string | null;
  readonly failureCode: string | null;
  readonly failureText: string | null;
  readonly at: Date;
}

export interface PaymentFacts {
  readonly remotePaymentId: string;
  readonly customerId: string | null;
  /** Ours: the link of a prepayment. */
  readonly linkId: string | null;
  /** The invoice that it pays; null for money paid in advance. */
  readonly remoteInvoiceId: string | null;
  readonly attempts: readonly AttemptFacts[];
}

export interface RefundFacts {
  readonly remoteId: string;
  /** Ours; null when it was made in the provider's own dashboard. */
  readonly refundId: string | null;
  readonly chargeId: string | null;
  readonly status: "pending" | "succeeded" | "failed";
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string | null;
  readonly at: Date;
}

export interface DisputeFacts {
  readonly remoteId: string;
  readonly chargeId: string;
  readonly status: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  readonly evidenceDueAt: Date | null;
  readonly at: Date;
}

export interface SubscriptionFacts {
  readonly remoteId: string;
  readonly status: "active" | "ended";
}

/** One event as it came; the object in it is as old as the event. */
export interface ProviderEvent {
  readonly id: string;
  readonly type: string;
  readonly apiVersion: string | null;
  readonly occurredAt: Date;
  readonly objectKind: string | null;
  readonly objectId: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
}
