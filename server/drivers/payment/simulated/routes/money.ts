import type Stripe from "stripe";
import type { Refund } from "../objects";
import { invalid, optionalText, readMetadata, StripeProblem, wholeNumber } from "../problem";
import { closeDispute } from "../payments";
import { need } from "../vault";
import { LIST_PARAMS, listPage, paramsOf, type Route } from "./route";

export const moneyRoutes: readonly Route[] = [
  { method: "GET", path: "/v1/payment_intents/:id", params: ["expand"], handle: ({ vault, path: { id = "" } }) => need(vault.state.paymentIntents, "payment_intent", id) },
  { method: "GET", path: "/v1/charges/:id", params: ["expand"], handle: ({ vault, path: { id = "" } }) => need(vault.state.charges, "charge", id) },
  {
    method: "GET", path: "/v1/charges", params: [...LIST_PARAMS, "customer", "payment_intent"],
    handle: (call) => listPage(call, "/v1/charges", Object.values(call.vault.state.charges).filter((item) => ["customer", "payment_intent"].every((name) => call.form[name] === undefined || item[name as "customer" | "payment_intent"] === call.form[name]))),
  },
  {
    method: "POST", path: "/v1/refunds", params: paramsOf<Stripe.RefundCreateParams>("charge", "payment_intent", "amount", "reason", "metadata", "expand"),
    handle: ({ vault, form, cause }) => {
      const intentId = optionalText(form, "payment_intent");
      const chargeId = optionalText(form, "charge") ?? (intentId ? need(vault.state.paymentIntents, "payment_intent", intentId).latest_charge : null);
      if (!chargeId) throw invalid("One of charge and payment_intent is needed.", "charge", "parameter_missing");
      const charge = need(vault.state.charges, "charge", chargeId);
      const left = charge.amount - charge.amount_refunded;
      if (charge.status !== "succeeded") throw new StripeProblem(400, "invalid_request_error", "charge_not_refundable", "The charge did not succeed.");
      if (left === 0) throw new StripeProblem(400, "invalid_request_error", "charge_already_refunded", `Charge ${charge.id} has already been refunded.`);
      if (charge.disputed) throw new StripeProblem(400, "invalid_request_error", "charge_disputed", `Charge ${charge.id} has been charged back; cannot issue a refund.`);
      const amount = form["amount"] === undefined ? left : wholeNumber(form["amount"], "amount");
      if (amount < 1 || amount > left) throw invalid(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, "amount", "amount_too_large");
      const refund: Refund = { id: vault.mint("re"), object: "refund", amount, created: vault.now(charge.customer), currency: charge.currency, reason: optionalText(form, "reason"), charge: charge.id, payment_intent: charge.payment_intent, status: "succeeded", metadata: readMetadata(form) };
      vault.state.refunds[refund.id] = refund;
      charge.amount_refunded += amount;
      charge.refunded = charge.amount_refunded === charge.amount;
      vault.emit("refund.created", refund, cause);
      vault.emit("charge.refunded", charge, cause);
      return refund;
    },
  },
  { method: "GET", path: "/v1/refunds/:id", params: ["expand"], handle: ({ vault, path: { id = "" } }) => need(vault.state.refunds, "refund", id) },
  { method: "GET", path: "/v1/refunds", params: [...LIST_PARAMS, "charge", "payment_intent"], handle: (call) => listPage(call, "/v1/refunds", Object.values(call.vault.state.refunds).filter((item) => ["charge", "payment_intent"].every((name) => call.form[name] === undefined || item[name as "charge" | "payment_intent"] === call.form[name]))) },
  { method: "GET", path: "/v1/disputes/:id", params: ["expand"], handle: ({ vault, path: { id = "" } }) => need(vault.state.disputes, "dispute", id) },
  { method: "GET", path: "/v1/disputes", params: [...LIST_PARAMS, "charge", "payment_intent"], handle: (call) => listPage(call, "/v1/disputes", Object.values(call.vault.state.disputes).filter((item) => call.form["charge"] === undefined || item.charge === call.form["charge"])) },
  // Closing a dispute is accepting it.
  { method: "POST", path: "/v1/disputes/:id/close", params: ["expand"], handle: ({ vault, path: { id = "" } }) => closeDispute(vault, id, "lost") },
];
