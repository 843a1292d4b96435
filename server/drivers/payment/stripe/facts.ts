import type Stripe from "stripe";
import type { AttemptFacts, DisputeFacts, InvoiceFacts, MethodFacts, ProviderEvent, RefundFacts } from "../types";

/** Names of ours in Stripe's metadata; what a lost answer left behind is found by them. */
export const META = { organization: "berth_organization", invoice: "berth_invoice", item: "berth_item", link: "berth_link", refund: "berth_refund", subscription: "berth_subscription" } as const;

export const seconds = (moment: Date): number => Math.floor(moment.getTime() / 1000);
export const moment = (at: number): Date => new Date(at * 1000);

/** The id of a field that may be expanded. */
export function idOf(value: string | { readonly id: string } | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : value.id;
}

export function methodFacts(method: Stripe.PaymentMethod): MethodFacts {
  const { card } = method;
  return { id: method.id, kind: method.type, brand: card?.brand ?? null, last4: card?.last4 ?? null, expiresMonth: card?.exp_month ?? null, expiresYear: card?.exp_year ?? null };
}

const STATUSES: readonly InvoiceFacts["status"][] = ["open", "paid", "uncollectible", "void"];

function statusOf(invoice: Stripe.Invoice): InvoiceFacts["status"] {
  return STATUSES.find((status) => status === invoice.status) ?? "draft";
}

export function invoiceFacts(invoice: Stripe.Invoice): InvoiceFacts {
  const payments = invoice.payments?.data ?? [];
  // An invoice of a subscription carries what we wrote on the subscription, as it was when the invoice was made.
  const agreed = invoice.parent?.subscription_details?.metadata;
  return {
    remoteId: invoice.id,
    customerId: idOf(invoice.customer),
    invoiceId: invoice.metadata?.[META.invoice] ?? null,
    organizationId: invoice.metadata?.[META.organization] ?? agreed?.[META.organization] ?? null,
    subscriptionId: agreed?.[META.subscription] ?? null,
    number: invoice.number,
    status: statusOf(invoice),
    currency: invoice.currency.toUpperCase(),
    totalMinor: invoice.total,
    paidMinor: invoice.amount_paid,
    remainingMinor: invoice.amount_remaining,
    attempts: invoice.attempt_count,
    url: invoice.hosted_invoice_url ?? null,
    createdAt: moment(invoice.created),
    periodStart: moment(invoice.period_start),
    periodEnd: moment(invoice.period_end),
    remotePaymentIds: payments.flatMap(({ payment }) => idOf(payment.payment_intent) ?? []),
  };
}

function describeMethod(charge: Stripe.Charge): string | null {
  const card = charge.payment_method_details?.card;
  if (card) return `${card.brand ?? "card"} ${card.last4 ?? ""}`.trim();
  return charge.payment_method_details?.type ?? null;
}

export function attemptFacts(charge: Stripe.Charge): AttemptFacts {
  return {
    chargeId: charge.id,
    status: charge.status === "succeeded" ? "succeeded" : charge.status === "failed" ? "failed" : "pending",
    amountMinor: charge.amount,
    currency: charge.currency.toUpperCase(),
    method: describeMethod(charge),
    failureCode: charge.failure_code,
    failureText: charge.failure_message,
    at: moment(charge.created),
  };
}

export function refundFacts(refund: Stripe.Refund): RefundFacts {
  const failed = refund.status === "failed" || refund.status === "canceled";
  return {
    remoteId: refund.id, refundId: refund.metadata?.[META.refund] ?? null, chargeId: idOf(refund.charge), status: refund.status === "succeeded" ? "succeeded" : failed ? "failed" : "pending",
    amountMinor: refund.amount, currency: refund.currency.toUpperCase(), reason: refund.reason, at: moment(refund.created),
  };
}

export function disputeFacts(dispute: Stripe.Dispute): DisputeFacts {
  const due = dispute.evidence_details.due_by;
  return { remoteId: dispute.id, chargeId: idOf(dispute.charge) ?? "", status: dispute.status, amountMinor: dispute.amount, currency: dispute.currency.toUpperCase(), reason: dispute.reason, evidenceDueAt: due === null ? null : moment(due), at: moment(dispute.created) };
}

/** An event as it came; what is in it is only used to know which object to read. */
export function eventFacts(event: Stripe.Event): ProviderEvent {
  const object = event.data.object as { readonly id?: unknown; readonly object?: unknown };
  return {
    id: event.id,
    type: event.type,
    apiVersion: event.api_version,
    occurredAt: moment(event.created),
    objectKind: typeof object.object === "string" ? object.object : null,
    objectId: typeof object.id === "string" ? object.id : null,
    payload: JSON.parse(JSON.stringify(event)) as Record<string, unknown>,
  };
}
