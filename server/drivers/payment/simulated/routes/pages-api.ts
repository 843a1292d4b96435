import type Stripe from "stripe";
import type { CheckoutSession, PortalSession } from "../objects";
import { branch, invalid, listOf, needText, optionalText, readMetadata, StripeProblem, wholeNumber } from "../problem";
import type { Form } from "../form";
import { need } from "../vault";
import { paramsOf, type Route } from "./route";

/** Checkout sessions end by themselves after a day. */
const SESSION_SECONDS = 86_400;

function amountOf(form: Form): { readonly amount: number; readonly currency: string } {
  const [line] = listOf(form, "line_items");
  if (typeof line !== "object" || Array.isArray(line)) throw invalid("You must pass line_items in payment mode.", "line_items", "parameter_missing");
  const price = branch(line as Form, "price_data");
  return { amount: wholeNumber(price["unit_amount"], "line_items[0][price_data][unit_amount]"), currency: needText(price, "currency") };
}

export const pageApiRoutes: readonly Route[] = [
  {
    method: "POST", path: "/v1/checkout/sessions",
    params: paramsOf<Stripe.Checkout.SessionCreateParams>("mode", "customer", "success_url", "cancel_url", "currency", "line_items", "metadata", "allowed_payment_method_types", "payment_intent_data", "setup_intent_data", "locale", "expires_at", "expand", "client_reference_id"),
    handle: ({ vault, form }) => {
      const customer = need(vault.state.customers, "customer", needText(form, "customer"));
      const mode = needText(form, "mode");
      if (mode !== "setup" && mode !== "payment") throw invalid(`Invalid mode: ${mode}`, "mode");
      const bought = mode === "payment" ? amountOf(form) : null;
      const at = vault.now();
      const id = vault.mint("cs_test");
      const session: CheckoutSession = {
        id, object: "checkout.session", amount_total: bought?.amount ?? null, created: at, currency: bought?.currency ?? optionalText(form, "currency"), customer: customer.id, expires_at: at + SESSION_SECONDS, livemode: false, metadata: readMetadata(form), mode,
        payment_intent: null, payment_status: mode === "payment" ? "unpaid" : "no_payment_required", setup_intent: null, status: "open", success_url: optionalText(form, "success_url"), cancel_url: optionalText(form, "cancel_url"), url: `${vault.pageOrigin}/pages/checkout/${id}`,
        payment_metadata: readMetadata(branch(form, "payment_intent_data")),
      };
      vault.state.sessions[id] = session;
      return session;
    },
  },
  { method: "GET", path: "/v1/checkout/sessions/:id", params: ["expand"], handle: ({ vault, path: { id = "" } }) => need(vault.state.sessions, "checkout.session", id) },
  { method: "GET", path: "/v1/setup_intents/:id", params: ["expand"], handle: ({ vault, path: { id = "" } }) => need(vault.state.setupIntents, "setupintent", id) },
  {
    method: "POST", path: "/v1/checkout/sessions/:id/expire", params: ["expand"],
    handle: ({ vault, path: { id = "" }, cause }) => {
      const session = need(vault.state.sessions, "checkout.session", id);
      if (session.status !== "open") throw new StripeProblem(400, "invalid_request_error", null, "Only open sessions can be expired.");
      session.status = "expired";
      session.url = null;
      vault.emit("checkout.session.expired", session, cause);
      return session;
    },
  },
  {
    method: "POST", path: "/v1/billing_portal/sessions", params: paramsOf<Stripe.BillingPortal.SessionCreateParams>("customer", "return_url", "locale", "configuration", "expand"),
    handle: ({ vault, form }) => {
      const customer = need(vault.state.customers, "customer", needText(form, "customer"));
      const id = vault.mint("bps");
      const portal: PortalSession = { id, object: "billing_portal.session", created: vault.now(), customer: customer.id, livemode: false, return_url: optionalText(form, "return_url"), url: `${vault.pageOrigin}/pages/portal/${id}` };
      vault.state.portals[id] = portal;
      return portal;
    },
  },
];
