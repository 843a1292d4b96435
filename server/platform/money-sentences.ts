/**
 * What operators read about money that did not go as wanted: cells of the reconciliation, pushes that failed, events of the payment provider, invoices held
 * back, drift of a recount. A part of SENTENCES (sentences.ts), apart because of their number. Codes are stored, so none is ever renamed.
 */
export const MONEY_SENTENCES = {
  // Cells of the reconciliation: what one of the three says.
  "fact-running-since": "running since {startedAt}",
  "fact-state-stopped": "stopped",
  "fact-state-absent": "on no host",
  "fact-state-never-seen": "never seen",
  "fact-no-open-window": "no open window",
  "fact-open-window": "open window",
  "fact-unit-ms": "{unitMs} unit-ms",
  "fact-amount": "{amount}",
  "fact-invoices": "{invoices}",
  "fact-status-issued": "issued",
  "fact-status-paid": "paid",
  "fact-status-void": "void",
  "fact-status-open": "open",
  "fact-status-other": "{status}",
  // Pushes that did not end well.
  "push-no-card": "The wish for another default card names no card.",
  "push-no-refund": "There is no refund {refund}.",
  "push-no-subscription": "There is no subscription {subscription}.",
  "push-no-customer": "The organization has no customer at Stripe yet; one is being made.",
  "push-total-differs": "The invoice {invoice} is {ours} here and {theirs} at Stripe ({draft}); it was not finalized. Compare its items there with the lines here, delete the draft there, and try again.",
  "push-draft-gone": "The draft of the invoice {invoice} ({draft}) is gone at Stripe; it was not finalized. Try again, and a new one is made.",
  "push-answer-lost": "Stripe's answer was lost, so nothing is known about the outcome. The next try looks there first.",
  "push-declined": "The card said no: {error}",
  "push-rate-limited": "Stripe asks for fewer calls at once. It is tried again after a pause.",
  "push-busy": "Stripe works on the same thing for another call. It is tried again after a pause.",
  "push-server": "Stripe failed ({error}) and keeps that answer. The next try looks there first and uses a new key.",
  "push-key-reused": "The idempotency key was used for other parameters, which is a fault of ours. The next try uses a new one.",
  "push-refused": "Stripe refused it: {error}",
  "push-failed": "It failed: {error}",
  // What was made of the provider's events.
  "event-taken-over": "taken over",
  "event-no-use": "nothing is made of events of this type",
  "event-not-ours": "it is about nothing of ours",
  "event-failed": "It could not be worked off: {error}",
  // Why an invoice waits for an operator.
  "parked-unpriced": "{count} windows have no price (first: {window}). Add a price version and void this invoice; it is made anew.",
  "parked-negative": "Its total is {amount}, below zero. Give the difference back by a credit note and void this one.",
  "parked-first": "It is the first invoice and comes to {amount}, more than {limit}.",
  "parked-unusual": "It comes to {amount}, more than {factor} times the largest of the last {count} ({usual}).",
  // What a credit was given for.
  "credit-outage": "{instance} was down for {downSeconds} s in the period from {startedAt}: {percent} % of its charge.",
  // Drift between what is billed and the recount of a day.
  "drift-too-much": "{wrongSeconds} s of {flavor} billed and not seen.",
  "drift-too-little": "{wrongSeconds} s of {flavor} seen and not billed.",
  "drift-run-alone": "The run from {startedAt} to {endedAt} has no window.",
  "drift-window-alone": "Look at {window}.",
} as const;
