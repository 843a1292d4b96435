import { behaviourOf } from "./cards";
import type { Charge, Dispute, Invoice, PaymentIntent } from "./objects";
import { invalid, StripeProblem } from "./problem";
import { need, type Cause, type Vault } from "./vault";

const DAY_SECONDS = 86_400;
/** What Stripe charges at the least, in minor units; a smaller invoice is marked paid and carried over to the balance. */
export const MINIMUM_CHARGE: Readonly<Record<string, number>> = { jpy: 50, usd: 50, eur: 50 };

/** What `status`, `decline_code` and words a failing card answers with. */
const DECLINES = {
  declined: { code: "card_declined", decline_code: "generic_decline", message: "Your card was declined." },
  "no-funds": { code: "card_declined", decline_code: "insufficient_funds", message: "Your card has insufficient funds." },
} as const;

/** Charges a card for a payment intent; the object changes and its events are left either way. Answers whether it was paid. */
export function chargeIntent(vault: Vault, intent: PaymentIntent, methodId: string, cause?: Cause): boolean {
  const method = need(vault.state.paymentMethods, "PaymentMethod", methodId);
  if (method.customer !== intent.customer) throw invalid("The PaymentMethod does not belong to the Customer.", "payment_method");
  const behaviour = behaviourOf(method.card);
  const decline = behaviour === "declined" || behaviour === "no-funds" ? DECLINES[behaviour] : null;
  const charge: Charge = {
    id: vault.mint("ch"), object: "charge", amount: intent.amount, amount_refunded: 0, captured: decline === null, created: vault.now(intent.customer), currency: intent.currency, disputed: false, livemode: false,
    paid: decline === null, refunded: false, failure_code: decline?.code ?? null, failure_message: decline?.message ?? null, customer: intent.customer, payment_intent: intent.id, payment_method: methodId,
    status: decline === null ? "succeeded" : "failed", metadata: intent.metadata, payment_method_details: { type: "card", card: { brand: method.card.brand, last4: method.card.last4 ?? "" } },
  };
  vault.state.charges[charge.id] = charge;
  intent.latest_charge = charge.id;
  intent.payment_method = methodId;
  if (decline) {
    intent.last_payment_error = { type: "card_error", ...decline };
    vault.emit("charge.failed", charge, cause);
    vault.emit("payment_intent.payment_failed", intent, cause);
    return false;
  }
  intent.status = "succeeded";
  intent.amount_received = intent.amount;
  intent.last_payment_error = null;
  vault.emit("charge.succeeded", charge, cause);
  vault.emit("payment_intent.succeeded", intent, cause);
  if (behaviour === "disputed") openDispute(vault, charge.id, "fraudulent", cause);
  return true;
}

export function makeIntent(vault: Vault, fields: { readonly customer: string; readonly amount: number; readonly currency: string; readonly invoice: string | null; readonly metadata: Record<string, string> }): PaymentIntent {
  const intent: PaymentIntent = {
    id: vault.mint("pi"), object: "payment_intent", amount_received: 0, created: vault.now(fields.customer), livemode: false, status: "requires_payment_method", latest_charge: null, payment_method: null, last_payment_error: null, ...fields,
  };
  vault.state.paymentIntents[intent.id] = intent;
  vault.emit("payment_intent.created", intent);
  return intent;
}

export function intentOf(vault: Vault, invoice: Invoice): PaymentIntent | null {
  return Object.values(vault.state.paymentIntents).find((intent) => intent.invoice === invoice.id) ?? null;
}

export function settleInvoice(vault: Vault, invoice: Invoice, amount: number, cause?: Cause): void {
  invoice.status = "paid";
  invoice.amount_paid = amount;
  invoice.amount_remaining = 0;
  invoice.next_payment_attempt = null;
  invoice.status_transitions.paid_at = vault.now(invoice.customer);
  vault.emit("invoice.paid", invoice, cause);
  vault.emit("invoice.payment_succeeded", invoice, cause);
}

/** Draft becomes open with a number; nothing to pay, or less than can be charged, is paid at once. */
export function finalizeInvoice(vault: Vault, invoice: Invoice, cause?: Cause): void {
  if (invoice.status !== "draft") throw new StripeProblem(400, "invalid_request_error", "invoice_not_editable", "This invoice is already finalized, you can't re-finalize a non-draft invoice.");
  invoice.status = "open";
  invoice.number = `SIM-${String(Object.values(vault.state.invoices).filter((other) => other.number !== null).length + 1).padStart(5, "0")}`;
  invoice.status_transitions.finalized_at = vault.now(invoice.customer);
  invoice.hosted_invoice_url = `${vault.pageOrigin}/pages/invoice/${invoice.id}`;
  vault.emit("invoice.finalized", invoice, cause);
  if (invoice.total < (MINIMUM_CHARGE[invoice.currency] ?? 50)) settleInvoice(vault, invoice, 0, cause);
}

/** Takes the money for an open invoice. @throws StripeProblem 402 when the card says no; the attempt counts all the same. */
export function payInvoice(vault: Vault, invoice: Invoice, methodId: string | null, cause?: Cause): void {
  if (invoice.status === "paid") throw new StripeProblem(400, "invalid_request_error", "invoice_already_paid", "Invoice is already paid");
  if (invoice.status !== "open") throw new StripeProblem(400, "invalid_request_error", "invoice_not_open", `Invoice is ${invoice.status}; only an open invoice can be paid.`);
  const chosen = methodId ?? invoice.default_payment_method ?? vault.state.customers[invoice.customer]?.invoice_settings.default_payment_method ?? null;
  if (chosen === null) throw new StripeProblem(400, "invalid_request_error", "invoice_payment_intent_requires_action", "There is no default payment method on this Customer; add one, or pay with a payment_method.");
  const intent = intentOf(vault, invoice) ?? makeIntent(vault, { customer: invoice.customer, amount: invoice.amount_remaining, currency: invoice.currency, invoice: invoice.id, metadata: {} });
  const paid = chargeIntent(vault, intent, chosen, cause);
  invoice.attempted = true;
  invoice.attempt_count += 1;
  if (paid) return settleInvoice(vault, invoice, intent.amount, cause);
  // Smart retries follow; a test clock or the dunning of the account goes on from here.
  invoice.next_payment_attempt = vault.now(invoice.customer) + 3 * DAY_SECONDS;
  vault.emit("invoice.payment_failed", invoice, cause);
  const error = intent.last_payment_error;
  throw new StripeProblem(402, "card_error", error?.code ?? "card_declined", error?.message ?? "Your card was declined.", { decline_code: error?.decline_code, payment_intent: intent });
}

export function openDispute(vault: Vault, chargeId: string, reason: string, cause?: Cause): Dispute {
  const charge = need(vault.state.charges, "charge", chargeId);
  const at = vault.now(charge.customer);
  const dispute: Dispute = {
    id: vault.mint("du"), object: "dispute", amount: charge.amount, created: at, currency: charge.currency, livemode: false, reason, status: "needs_response", charge: charge.id, payment_intent: charge.payment_intent, metadata: {},
    evidence_details: { due_by: at + 9 * DAY_SECONDS, has_evidence: false, past_due: false, submission_count: 0 },
  };
  vault.state.disputes[dispute.id] = dispute;
  charge.disputed = true;
  vault.emit("charge.dispute.created", dispute, cause);
  vault.emit("charge.dispute.funds_withdrawn", dispute, cause);
  return dispute;
}

export function closeDispute(vault: Vault, disputeId: string, outcome: "won" | "lost"): Dispute {
  const dispute = need(vault.state.disputes, "dispute", disputeId);
  dispute.status = outcome;
  vault.emit("charge.dispute.closed", dispute);
  if (outcome === "won") vault.emit("charge.dispute.funds_reinstated", dispute);
  return dispute;
}
