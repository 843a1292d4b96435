import type Stripe from "stripe";
import { attachCard, cardsOf, detachCard, makeCard } from "../cards";
import type { Customer, TaxId } from "../objects";
import { branch, invalid, listOf, needText, optionalText, readMetadata, StripeProblem, wholeNumber } from "../problem";
import { need } from "../vault";
import { LIST_PARAMS, listPage, paramsOf, type Route } from "./route";

/** Forms of the tax ids that are tried here; Stripe knows many more. Japanese registration numbers are T and 13 digits. */
const TAX_ID_FORMS: Readonly<Record<string, { readonly form: RegExp; readonly country: string }>> = {
  jp_trn: { form: /^T\d{13}$/, country: "JP" },
  jp_cn: { form: /^\d{13}$/, country: "JP" },
  eu_vat: { form: /^[A-Z]{2}[0-9A-Z]{8,12}$/, country: "DE" },
  us_ein: { form: /^\d{2}-\d{7}$/, country: "US" },
};

const CUSTOMER = paramsOf<Stripe.CustomerCreateParams>("name", "email", "description", "metadata", "preferred_locales", "payment_method", "invoice_settings", "test_clock", "address", "phone", "expand");

export const customerRoutes: readonly Route[] = [
  {
    method: "POST", path: "/v1/customers", params: CUSTOMER,
    handle: ({ vault, form, cause }) => {
      const clock = optionalText(form, "test_clock");
      if (clock) need(vault.state.testClocks, "test clock", clock);
      const customer: Customer = {
        id: vault.mint("cus"), object: "customer", created: vault.now(), livemode: false, email: optionalText(form, "email"), name: optionalText(form, "name"), description: optionalText(form, "description"),
        preferred_locales: listOf(form, "preferred_locales").map(String), metadata: readMetadata(form), invoice_settings: { default_payment_method: null }, test_clock: clock,
      };
      vault.state.customers[customer.id] = customer;
      vault.emit("customer.created", customer, cause);
      return customer;
    },
  },
  { method: "GET", path: "/v1/customers", params: [...LIST_PARAMS, "email", "test_clock"], handle: (call) => listPage(call, "/v1/customers", Object.values(call.vault.state.customers).filter((item) => call.form["email"] === undefined || item.email === call.form["email"])) },
  {
    method: "GET", path: "/v1/customers/:id", params: ["expand"],
    handle: ({ vault, path: { id = "" } }) => (vault.state.deletedCustomers[id] ? { id, object: "customer", deleted: true } : need(vault.state.customers, "customer", id)),
  },
  {
    method: "POST", path: "/v1/customers/:id", params: CUSTOMER,
    handle: ({ vault, form, path: { id = "" }, cause }) => {
      const customer = need(vault.state.customers, "customer", id);
      const method = branch(form, "invoice_settings")["default_payment_method"];
      if (typeof method === "string") {
        if (method !== "" && need(vault.state.paymentMethods, "PaymentMethod", method).customer !== id) throw invalid("The customer does not have a payment method with that ID.", "invoice_settings[default_payment_method]", "resource_missing");
        customer.invoice_settings.default_payment_method = method === "" ? null : method;
      }
      customer.name = optionalText(form, "name") ?? customer.name ?? null;
      customer.email = optionalText(form, "email") ?? customer.email;
      Object.assign(customer.metadata, readMetadata(form));
      vault.emit("customer.updated", customer, cause);
      return customer;
    },
  },
  {
    method: "DELETE", path: "/v1/customers/:id", params: [],
    handle: ({ vault, path: { id = "" }, cause }) => {
      const customer = need(vault.state.customers, "customer", id);
      vault.state.deletedCustomers[id] = true;
      delete vault.state.customers[id];
      for (const method of Object.values(vault.state.paymentMethods)) if (method.customer === id) method.customer = null;
      vault.emit("customer.deleted", customer, cause);
      return { id, object: "customer", deleted: true };
    },
  },
  { method: "GET", path: "/v1/customers/:id/payment_methods", params: [...LIST_PARAMS, "type"], handle: (call) => listPage(call, `/v1/customers/${call.path["id"] ?? ""}/payment_methods`, cardsOf(call.vault, need(call.vault.state.customers, "customer", call.path["id"] ?? "").id).toReversed()) },
  { method: "GET", path: "/v1/payment_methods/:id", params: ["expand"], handle: ({ vault, path: { id = "" } }) => need(vault.state.paymentMethods, "PaymentMethod", id) },
  {
    method: "POST", path: "/v1/payment_methods", params: paramsOf<Stripe.PaymentMethodCreateParams>("type", "card", "metadata", "billing_details", "expand"),
    handle: ({ vault, form }) => {
      const card = branch(form, "card");
      return makeCard(vault, needText(card, "number"), { month: wholeNumber(card["exp_month"], "card[exp_month]"), year: wholeNumber(card["exp_year"], "card[exp_year]") });
    },
  },
  { method: "POST", path: "/v1/payment_methods/:id/attach", params: paramsOf<Stripe.PaymentMethodAttachParams>("customer", "expand"), handle: ({ vault, form, path: { id = "" }, cause }) => attachCard(vault, id, needText(form, "customer"), cause) },
  { method: "POST", path: "/v1/payment_methods/:id/detach", params: ["expand"], handle: ({ vault, path: { id = "" }, cause }) => detachCard(vault, id, cause) },
  {
    method: "POST", path: "/v1/customers/:id/tax_ids", params: paramsOf<Stripe.TaxIdCreateParams>("type", "value", "expand"),
    handle: ({ vault, form, path: { id = "" }, cause }) => {
      need(vault.state.customers, "customer", id);
      const type = needText(form, "type");
      const value = needText(form, "value");
      const known = TAX_ID_FORMS[type];
      if (!known) throw invalid(`Invalid type: ${type}`, "type");
      if (!known.form.test(value)) throw new StripeProblem(400, "invalid_request_error", "tax_id_invalid", `Invalid value for ${type}.`, { param: "value" });
      const taxId: TaxId = { id: vault.mint("txi"), object: "tax_id", country: known.country, created: vault.now(), livemode: false, value, customer: id, type, verification: { status: "pending", verified_name: null, verified_address: null } };
      vault.state.taxIds[taxId.id] = taxId;
      vault.emit("customer.tax_id.created", taxId, cause);
      return taxId;
    },
  },
  { method: "GET", path: "/v1/customers/:id/tax_ids", params: [...LIST_PARAMS], handle: (call) => listPage(call, `/v1/customers/${call.path["id"] ?? ""}/tax_ids`, Object.values(call.vault.state.taxIds).filter((item) => item.customer === call.path["id"])) },
  {
    method: "DELETE", path: "/v1/customers/:id/tax_ids/:taxId", params: [],
    handle: ({ vault, path: { taxId = "" }, cause }) => {
      const found = need(vault.state.taxIds, "tax id", taxId);
      delete vault.state.taxIds[taxId];
      vault.emit("customer.tax_id.deleted", found, cause);
      return { id: taxId, object: "tax_id", deleted: true };
    },
  },
];
