import type { Card, PaymentMethod } from "./objects";
import { StripeProblem } from "./problem";
import { need, type Cause, type Vault } from "./vault";

export type CardBehaviour = "pays" | "declined" | "no-funds" | "disputed";

interface TestCard {
  readonly last4: string;
  readonly brand: string;
  readonly behaviour: CardBehaviour;
  readonly label: string;
}

/** Stripe's test numbers by what follows a charge of them. */
export const TEST_CARDS: Readonly<Record<string, TestCard>> = {
  "4242424242424242": { last4: "4242", brand: "visa", behaviour: "pays", label: "pays" },
  "5555555555554444": { last4: "4444", brand: "mastercard", behaviour: "pays", label: "pays" },
  "4000000000000341": { last4: "0341", brand: "visa", behaviour: "declined", label: "can be added, is declined when charged" },
  "4000000000009995": { last4: "9995", brand: "visa", behaviour: "no-funds", label: "has no funds" },
  "4000000000000259": { last4: "0259", brand: "visa", behaviour: "disputed", label: "pays, and the charge is disputed as fraudulent" },
};
/** Names by which the API attaches test cards without a number. */
const NAMED: Readonly<Record<string, string>> = {
  pm_card_visa: "4242424242424242",
  pm_card_mastercard: "5555555555554444",
  pm_card_chargeCustomerFail: "4000000000000341",
  pm_card_visa_chargeDeclinedInsufficientFunds: "4000000000009995",
  pm_card_createDispute: "4000000000000259",
};

export function behaviourOf(card: Card): CardBehaviour {
  return Object.values(TEST_CARDS).find((known) => known.last4 === card.last4)?.behaviour ?? "pays";
}

/** A new payment method of a test card; `expires` is month and year. */
export function makeCard(vault: Vault, number: string, expires?: { readonly month: number; readonly year: number }): PaymentMethod {
  const known = TEST_CARDS[number.replaceAll(/\s/g, "")];
  if (!known) throw new StripeProblem(402, "card_error", "incorrect_number", "Your card number is incorrect.", { decline_code: "incorrect_number" });
  const year = new Date(vault.now() * 1000).getUTCFullYear() + 3;
  const method: PaymentMethod = {
    id: vault.mint("pm"), object: "payment_method", created: vault.now(), livemode: false, type: "card", customer: null, metadata: {},
    card: { brand: known.brand, last4: known.last4, exp_month: expires?.month ?? 12, exp_year: expires?.year ?? year, funding: "credit", country: "US" },
  };
  vault.state.paymentMethods[method.id] = method;
  return method;
}

/** Gives a payment method to a customer; a test card's name makes a new one. */
export function attachCard(vault: Vault, methodId: string, customerId: string, cause?: Cause): PaymentMethod {
  const named = NAMED[methodId];
  const method = named ? makeCard(vault, named) : need(vault.state.paymentMethods, "PaymentMethod", methodId);
  need(vault.state.customers, "customer", customerId);
  if (method.customer !== null && method.customer !== customerId) throw new StripeProblem(400, "invalid_request_error", "payment_method_unexpected_state", "The payment method is attached to another customer.");
  method.customer = customerId;
  vault.emit("payment_method.attached", method, cause);
  return method;
}

export function detachCard(vault: Vault, methodId: string, cause?: Cause): PaymentMethod {
  const method = need(vault.state.paymentMethods, "PaymentMethod", methodId);
  const customer = method.customer ? vault.state.customers[method.customer] : undefined;
  if (customer?.invoice_settings.default_payment_method === methodId) {
    customer.invoice_settings.default_payment_method = null;
    vault.emit("customer.updated", customer, cause);
  }
  method.customer = null;
  vault.emit("payment_method.detached", method, cause);
  return method;
}

export function cardsOf(vault: Vault, customerId: string): PaymentMethod[] {
  return Object.values(vault.state.paymentMethods).filter((method) => method.customer === customerId).toReversed();
}
