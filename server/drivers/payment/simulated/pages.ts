import { attachCard, cardsOf, detachCard, makeCard, TEST_CARDS } from "./cards";
import type { Form } from "./form";
import type { CheckoutSession } from "./objects";
import { chargeIntent, makeIntent, payInvoice } from "./payments";
import { needText, StripeProblem } from "./problem";
import { need, type Vault } from "./vault";

const STYLE = "body{font:16px/1.5 system-ui;margin:0;background:#f6f7f9;color:#16181d}main{max-width:30rem;margin:3rem auto;padding:2rem;background:#fff;border:1px solid #dde1e7;border-radius:12px}h1{font-size:1.25rem;margin:0 0 1rem}label{display:block;padding:.35rem 0}button,.b{font:inherit;margin:.5rem .5rem 0 0;padding:.5rem 1rem;border:0;border-radius:8px;background:#3b5bdb;color:#fff;cursor:pointer;text-decoration:none;display:inline-block}button.q{background:#e9ecf1;color:#16181d}.bad{color:#b42318}small{color:#5c6470}@media(prefers-color-scheme:dark){body{background:#111318;color:#e7e9ee}main{background:#191c22;border-color:#2b303a}button.q{background:#2b303a;color:#e7e9ee}small{color:#9aa3b2}}";

export interface PageAnswer {
  readonly status: number;
  readonly html?: string;
  readonly location?: string;
}

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const money = (minor: number, currency: string): string => new Intl.NumberFormat("en", { style: "currency", currency: currency.toUpperCase() }).format(currency === "jpy" ? minor : minor / 100);

function page(title: string, body: string, problem?: string): PageAnswer {
  return { status: problem ? 402 : 200, html: `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style><main><h1>${escape(title)}</h1>${problem ? `<p class="bad" role="alert">${escape(problem)}</p>` : ""}${body}<p><small>Simulated Stripe: no real card, no real money.</small></p></main>` };
}

const cardChoice = (): string => Object.entries(TEST_CARDS).map(([number, card], index) => `<label><input type="radio" name="number" value="${number}"${index === 0 ? " checked" : ""}> ${card.brand} ending in ${card.last4} <small>(${escape(card.label)})</small></label>`).join("");

function finish(vault: Vault, session: CheckoutSession): PageAnswer {
  session.status = "complete";
  session.url = null;
  vault.emit("checkout.session.completed", session);
  return { status: 303, location: (session.success_url ?? vault.pageOrigin).replace("{CHECKOUT_SESSION_ID}", session.id) };
}

function completeCheckout(vault: Vault, session: CheckoutSession, form: Form): PageAnswer {
  const method = attachCard(vault, makeCard(vault, needText(form, "number")).id, session.customer);
  if (session.mode === "setup") {
    const intent = { id: vault.mint("seti"), object: "setup_intent" as const, created: vault.now(), livemode: false, customer: session.customer, payment_method: method.id, status: "succeeded" as const, metadata: {} };
    vault.state.setupIntents[intent.id] = intent;
    session.setup_intent = intent.id;
    vault.emit("setup_intent.succeeded", intent);
    return finish(vault, session);
  }
  const known = session.payment_intent ? vault.state.paymentIntents[session.payment_intent] : undefined;
  const intent = known ?? makeIntent(vault, { customer: session.customer, amount: session.amount_total ?? 0, currency: session.currency ?? "usd", invoice: null, metadata: session.payment_metadata });
  session.payment_intent = intent.id;
  if (!chargeIntent(vault, intent, method.id)) return checkoutPage(vault, session, intent.last_payment_error?.message ?? "Your card was declined.");
  session.payment_status = "paid";
  return finish(vault, session);
}

function checkoutPage(vault: Vault, session: CheckoutSession, problem?: string): PageAnswer {
  if (session.status !== "open") return page("This page is over", `<p>It was used already, or its time is over.</p>${session.success_url ? `<a class="b" href="${escape(session.success_url)}">Back</a>` : ""}`);
  const title = session.mode === "setup" ? "Add a card" : `Pay ${money(session.amount_total ?? 0, session.currency ?? "usd")}`;
  return page(title, `<form method="post">${cardChoice()}<button>${session.mode === "setup" ? "Save card" : "Pay"}</button>${session.cancel_url ? `<a class="b" style="background:#5c6470" href="${escape(session.cancel_url)}">Cancel</a>` : ""}</form>`, problem);
}

function invoicePage(vault: Vault, id: string, form: Form | null): PageAnswer {
  const invoice = need(vault.state.invoices, "invoice", id);
  if (form && invoice.status === "open") {
    const method = attachCard(vault, makeCard(vault, needText(form, "number")).id, invoice.customer);
    try {
      payInvoice(vault, invoice, method.id);
    } catch (error) {
      if (error instanceof StripeProblem && error.status === 402) return invoiceForm(vault, id, error.message);
      throw error;
    }
  }
  return invoiceForm(vault, id);
}

function invoiceForm(vault: Vault, id: string, problem?: string): PageAnswer {
  const invoice = need(vault.state.invoices, "invoice", id);
  const lines = Object.values(vault.state.invoiceItems).filter((item) => item.invoice === id).map((item) => `<label>${escape(item.description ?? "")} <small>${money(item.amount, item.currency)}</small></label>`).join("");
  const head = `Invoice ${invoice.number ?? ""}: ${money(invoice.total, invoice.currency)}`;
  return invoice.status === "open" ? page(head, `${lines}<form method="post">${cardChoice()}<button>Pay ${money(invoice.amount_remaining, invoice.currency)}</button></form>`, problem) : page(head, `${lines}<p>This invoice is ${invoice.status}.</p>`, problem);
}

function portalPage(vault: Vault, id: string, form: Form | null): PageAnswer {
  const portal = need(vault.state.portals, "portal session", id);
  const customer = need(vault.state.customers, "customer", String(portal.customer));
  const action = form?.["action"];
  if (form && action === "add") attachCard(vault, makeCard(vault, needText(form, "number")).id, customer.id);
  if (form && action === "remove") detachCard(vault, needText(form, "method"));
  if (form && action === "default") {
    customer.invoice_settings.default_payment_method = needText(form, "method");
    vault.emit("customer.updated", customer);
  }
  const cards = cardsOf(vault, customer.id).map((method) => `<form method="post"><input type="hidden" name="method" value="${method.id}"><label>${method.card.brand} ending in ${method.card.last4 ?? ""} <small>until ${method.card.exp_month}/${method.card.exp_year}${customer.invoice_settings.default_payment_method === method.id ? ", the default" : ""}</small></label><button class="q" name="action" value="default">Use by default</button><button class="q" name="action" value="remove">Remove</button></form>`).join("");
  return page(`Payment methods of ${customer.name ?? customer.id}`, `${cards || "<p>No card yet.</p>"}<hr><form method="post">${cardChoice()}<button name="action" value="add">Add card</button></form>${portal.return_url ? `<a class="b" style="background:#5c6470" href="${escape(portal.return_url)}">Back</a>` : ""}`);
}

/** The hosted pages that a person opens in a browser; null when the path is none of them. */
export function answerPage(vault: Vault, path: string, form: Form | null): PageAnswer | null {
  const [, pages, kind, id = ""] = path.split("/");
  if (pages !== "pages") return null;
  if (kind === "checkout") {
    const session = need(vault.state.sessions, "checkout.session", id);
    return form && session.status === "open" ? completeCheckout(vault, session, form) : checkoutPage(vault, session);
  }
  if (kind === "invoice") return invoicePage(vault, id, form);
  return kind === "portal" ? portalPage(vault, id, form) : null;
}
