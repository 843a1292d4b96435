import type Stripe from "stripe";
import type { CreditNote, Invoice, InvoiceItem } from "../objects";
import { branch, invalid, isTrue, needText, optionalText, readMetadata, StripeProblem, wholeNumber } from "../problem";
import { finalizeInvoice, intentOf, payInvoice, settleInvoice } from "../payments";
import { need, type Vault } from "../vault";
import { expands, LIST_PARAMS, listPage, paramsOf, type Call, type Route } from "./route";

/** An invoice takes so many items at the most. */
const MOST_ITEMS = 250;
const LARGEST_AMOUNT = 99_999_999;

const itemsOf = (vault: Vault, invoiceId: string): InvoiceItem[] => Object.values(vault.state.invoiceItems).filter((item) => item.invoice === invoiceId);

function recount(vault: Vault, invoice: Invoice): void {
  const total = itemsOf(vault, invoice.id).reduce((sum, item) => sum + item.amount, 0);
  invoice.subtotal = total;
  invoice.total = total;
  invoice.amount_due = Math.max(0, total);
  invoice.amount_remaining = Math.max(0, total);
}

function paymentsOf(vault: Vault, invoice: Invoice): { readonly object: "list"; readonly url: string; readonly has_more: boolean; readonly data: readonly unknown[] } {
  const intent = intentOf(vault, invoice);
  const data = intent
    ? [{ id: `inpay_${intent.id.slice(3)}`, object: "invoice_payment", amount_paid: intent.status === "succeeded" ? intent.amount : null, amount_requested: intent.amount, created: intent.created, currency: intent.currency, invoice: invoice.id, is_default: true, livemode: false, payment: { type: "payment_intent", payment_intent: intent.id }, status: intent.status === "succeeded" ? "paid" : "open", status_transitions: { canceled_at: null, paid_at: invoice.status_transitions.paid_at } }]
    : [];
  return { object: "list", url: "/v1/invoice_payments", has_more: false, data };
}

function shown({ vault, form }: Call, invoice: Invoice): unknown {
  return { ...invoice, ...(expands(form, "payments") ? { payments: paymentsOf(vault, invoice) } : {}), lines: { object: "list", url: `/v1/invoices/${invoice.id}/lines`, has_more: itemsOf(vault, invoice.id).length > 10, data: itemsOf(vault, invoice.id).slice(0, 10) } };
}

function draftOf(call: Call): Invoice {
  return need(call.vault.state.invoices, "invoice", call.path["id"] ?? "");
}

export const invoiceRoutes: readonly Route[] = [
  {
    method: "POST", path: "/v1/invoices",
    params: paramsOf<Stripe.InvoiceCreateParams>("customer", "auto_advance", "collection_method", "currency", "description", "metadata", "pending_invoice_items_behavior", "default_payment_method", "days_until_due", "due_date", "expand", "footer", "custom_fields", "number", "effective_at", "automatic_tax"),
    handle: (call) => {
      const { vault, form, cause } = call;
      const customer = need(vault.state.customers, "customer", needText(form, "customer"));
      const at = vault.now(customer.id);
      const invoice: Invoice = {
        id: vault.mint("in"), object: "invoice", amount_due: 0, amount_paid: 0, amount_remaining: 0, attempt_count: 0, attempted: false, auto_advance: isTrue(form, "auto_advance"), billing_reason: "manual",
        collection_method: optionalText(form, "collection_method") ?? "charge_automatically", created: at, currency: needText(form, "currency"), customer: customer.id, default_payment_method: optionalText(form, "default_payment_method"),
        description: optionalText(form, "description"), due_date: null, hosted_invoice_url: null, livemode: false, metadata: readMetadata(form), next_payment_attempt: null, number: null, period_end: at, period_start: at, status: "draft", parent: null,
        status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null }, subtotal: 0, total: 0,
      };
      vault.state.invoices[invoice.id] = invoice;
      vault.emit("invoice.created", invoice, cause);
      return shown(call, invoice);
    },
  },
  {
    method: "GET", path: "/v1/invoices", params: [...LIST_PARAMS, "customer", "status", "collection_method", "due_date", "subscription"],
    handle: (call) => listPage(call, "/v1/invoices", Object.values(call.vault.state.invoices).filter((item) => ["customer", "status"].every((name) => call.form[name] === undefined || item[name as "customer" | "status"] === call.form[name]))),
  },
  { method: "GET", path: "/v1/invoices/:id", params: ["expand"], handle: (call) => shown(call, draftOf(call)) },
  {
    method: "GET", path: "/v1/invoice_payments", params: [...LIST_PARAMS, "invoice", "payment", "status"],
    handle: (call) => {
      const wanted = branch(call.form, "payment")["payment_intent"];
      const invoices = Object.values(call.vault.state.invoices).filter((invoice) => (call.form["invoice"] === undefined || invoice.id === call.form["invoice"]) && (wanted === undefined || intentOf(call.vault, invoice)?.id === wanted));
      return { object: "list", url: "/v1/invoice_payments", has_more: false, data: invoices.flatMap((invoice) => paymentsOf(call.vault, invoice).data) };
    },
  },
  {
    method: "DELETE", path: "/v1/invoices/:id", params: [],
    handle: (call) => {
      const invoice = draftOf(call);
      if (invoice.status !== "draft") throw new StripeProblem(400, "invalid_request_error", "invoice_not_editable", "You can only delete draft invoices.");
      for (const item of itemsOf(call.vault, invoice.id)) delete call.vault.state.invoiceItems[item.id];
      delete call.vault.state.invoices[invoice.id];
      call.vault.emit("invoice.deleted", invoice, call.cause);
      return { id: invoice.id, object: "invoice", deleted: true };
    },
  },
  {
    method: "POST", path: "/v1/invoiceitems", params: paramsOf<Stripe.InvoiceItemCreateParams>("customer", "invoice", "amount", "currency", "description", "metadata", "period", "discountable", "expand"),
    handle: ({ vault, form, cause }) => {
      const invoice = need(vault.state.invoices, "invoice", needText(form, "invoice"));
      if (invoice.status !== "draft") throw new StripeProblem(400, "invalid_request_error", "invoice_not_editable", "This invoice is no longer editable.");
      if (invoice.customer !== needText(form, "customer")) throw invalid("The customer of the item is not the invoice's.", "customer");
      const currency = needText(form, "currency");
      if (currency !== invoice.currency) throw invalid(`The currency of the item (${currency}) is not the invoice's (${invoice.currency}).`, "currency");
      if (itemsOf(vault, invoice.id).length >= MOST_ITEMS) throw invalid(`An invoice can have up to ${MOST_ITEMS} items.`, "invoice");
      const amount = wholeNumber(form["amount"], "amount");
      if (Math.abs(amount) > LARGEST_AMOUNT * 100) throw invalid("The amount is too large.", "amount", "amount_too_large");
      const period = branch(form, "period");
      const at = vault.now(invoice.customer);
      const item: InvoiceItem = {
        id: vault.mint("ii"), object: "invoiceitem", amount, currency, customer: invoice.customer, date: at, description: optionalText(form, "description"), invoice: invoice.id, livemode: false, metadata: readMetadata(form),
        period: { start: period["start"] === undefined ? at : wholeNumber(period["start"], "period[start]"), end: period["end"] === undefined ? at : wholeNumber(period["end"], "period[end]") },
      };
      vault.state.invoiceItems[item.id] = item;
      recount(vault, invoice);
      vault.emit("invoiceitem.created", item, cause);
      return item;
    },
  },
  { method: "GET", path: "/v1/invoiceitems", params: [...LIST_PARAMS, "customer", "invoice", "pending"], handle: (call) => listPage(call, "/v1/invoiceitems", itemsOf(call.vault, needText(call.form, "invoice")).map((item) => ({ ...item, created: item.date }))) },
  {
    method: "POST", path: "/v1/invoices/:id/finalize", params: paramsOf<Stripe.InvoiceFinalizeInvoiceParams>("auto_advance", "expand"),
    handle: (call) => {
      const invoice = draftOf(call);
      if (call.form["auto_advance"] !== undefined) invoice.auto_advance = isTrue(call.form, "auto_advance");
      finalizeInvoice(call.vault, invoice, call.cause);
      return shown(call, invoice);
    },
  },
  {
    method: "POST", path: "/v1/invoices/:id/pay", params: paramsOf<Stripe.InvoicePayParams>("payment_method", "off_session", "paid_out_of_band", "expand"),
    handle: (call) => {
      const invoice = draftOf(call);
      payInvoice(call.vault, invoice, optionalText(call.form, "payment_method"), call.cause);
      return shown(call, invoice);
    },
  },
  {
    method: "POST", path: "/v1/invoices/:id/void", params: ["expand"],
    handle: (call) => {
      const invoice = draftOf(call);
      if (invoice.status !== "open" && invoice.status !== "uncollectible") throw new StripeProblem(400, "invalid_request_error", "invoice_not_editable", `You can only void open or uncollectible invoices; this one is ${invoice.status}.`);
      invoice.status = "void";
      invoice.amount_remaining = 0;
      invoice.status_transitions.voided_at = call.vault.now(invoice.customer);
      call.vault.emit("invoice.voided", invoice, call.cause);
      return shown(call, invoice);
    },
  },
  {
    method: "POST", path: "/v1/invoices/:id/mark_uncollectible", params: ["expand"],
    handle: (call) => {
      const invoice = draftOf(call);
      if (invoice.status !== "open") throw new StripeProblem(400, "invalid_request_error", "invoice_not_open", "You can only mark open invoices as uncollectible.");
      invoice.status = "uncollectible";
      invoice.status_transitions.marked_uncollectible_at = call.vault.now(invoice.customer);
      call.vault.emit("invoice.marked_uncollectible", invoice, call.cause);
      return shown(call, invoice);
    },
  },
  {
    method: "POST", path: "/v1/credit_notes", params: paramsOf<Stripe.CreditNoteCreateParams>("invoice", "amount", "memo", "metadata", "reason", "out_of_band_amount", "expand"),
    handle: ({ vault, form, cause }) => {
      const invoice = need(vault.state.invoices, "invoice", needText(form, "invoice"));
      if (invoice.status !== "open") throw new StripeProblem(400, "invalid_request_error", "invoice_not_open", `A credit note of this kind needs an open invoice; this one is ${invoice.status}.`);
      const amount = wholeNumber(form["amount"], "amount");
      if (amount < 1 || amount > invoice.amount_remaining) throw invalid(`The credit note (${amount}) is larger than what is open (${invoice.amount_remaining}).`, "amount");
      const note: CreditNote = { id: vault.mint("cn"), object: "credit_note", amount, created: vault.now(invoice.customer), currency: invoice.currency, livemode: false, memo: optionalText(form, "memo"), customer: invoice.customer, invoice: invoice.id, metadata: readMetadata(form) };
      vault.state.creditNotes[note.id] = note;
      invoice.amount_remaining -= amount;
      invoice.amount_due -= amount;
      vault.emit("credit_note.created", note, cause);
      if (invoice.amount_remaining === 0) settleInvoice(vault, invoice, 0, cause);
      else vault.emit("invoice.updated", invoice, cause);
      return note;
    },
  },
  { method: "GET", path: "/v1/credit_notes", params: [...LIST_PARAMS, "invoice", "customer"], handle: (call) => listPage(call, "/v1/credit_notes", Object.values(call.vault.state.creditNotes).filter((item) => call.form["invoice"] === undefined || item.invoice === call.form["invoice"])) },
];
