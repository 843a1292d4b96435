import { sentence, type Sentence } from "@/server/platform/sentences";
import type { BookedInvoice, Difference, ListedInvoice } from "./types";

const say = (invoice: BookedInvoice): string => invoice.number ?? invoice.invoiceId;

/** Compares the books with the provider's list, invoice by invoice. A draft there, and a void one of a pair, count for nothing. */
export function compareInvoices(booked: readonly BookedInvoice[], listed: readonly ListedInvoice[]): Difference[] {
  const found: Difference[] = [];
  const theirs = new Map<string, ListedInvoice[]>();
  // Invoices of subscriptions were begun there and do not name ours.
  const byRemote = new Map(booked.map((invoice) => [invoice.remoteId, invoice.invoiceId]));
  for (const item of listed) {
    const invoiceId = item.invoiceId ?? byRemote.get(item.remoteId);
    if (invoiceId === undefined) continue;
    const known = theirs.get(invoiceId) ?? [];
    theirs.set(invoiceId, known);
    known.push(item);
  }
  const ours = new Map(booked.map((invoice) => [invoice.invoiceId, invoice]));
  for (const [invoiceId, items] of theirs) {
    if (!ours.has(invoiceId)) for (const item of items) found.push({ name: "invoice-unknown-here", organizationId: item.organizationId, subjectId: item.remoteId, text: `The provider has the invoice ${item.remoteId} for ${invoiceId}, which is not in the books. Find out who made it, and void it there.`, provider: sentence("fact-amount", { amount: { minor: item.totalMinor, currency: item.currency } }) });
  }
  for (const invoice of booked) found.push(...compareOne(invoice, (theirs.get(invoice.invoiceId) ?? []).filter((item) => item.status !== "draft")));
  return found;
}

function statusFact(status: string): Sentence {
  if (status === "issued" || status === "paid" || status === "void" || status === "open") return sentence(`fact-status-${status}`);
  return sentence("fact-status-other", { status });
}

function compareOne(invoice: BookedInvoice, all: readonly ListedInvoice[]): Difference[] {
  const about = { organizationId: invoice.organizationId, subjectId: invoice.invoiceId };
  const live = all.filter((item) => item.status !== "void");
  const [first] = live.length > 0 ? live : all;
  const money = (minor: number): Sentence => sentence("fact-amount", { amount: { minor, currency: invoice.currency } });
  if (live.length > 1) return [{ ...about, name: "invoice-twice-at-provider", text: `The provider has ${live.length} invoices for ${say(invoice)}. Void all but one there.`, ledger: money(invoice.totalMinor), provider: sentence("fact-invoices", { invoices: live.map((item) => item.remoteId) }) }];
  if (!first) {
    // A void one, and one that money in advance had paid, need never have gone there.
    if (invoice.status === "void" || (invoice.remoteId === null && invoice.openMinor <= 0)) return [];
    return [{ ...about, name: "invoice-missing-at-provider", text: `The invoice ${say(invoice)} is not at the provider. See what waits or is stuck in the list of pushes.`, ledger: money(invoice.totalMinor) }];
  }
  const found: Difference[] = [];
  if ((invoice.status === "void") !== (first.status === "void")) found.push({ ...about, name: "invoice-status-differs", text: `The invoice ${say(invoice)} is ${invoice.status} in the books and ${first.status} at the provider.`, ledger: statusFact(invoice.status), provider: statusFact(first.status) });
  if (first.totalMinor !== invoice.totalMinor) found.push({ ...about, name: "invoice-total-differs", text: `The invoice ${say(invoice)} has another total at the provider.`, ledger: money(invoice.totalMinor), provider: money(first.totalMinor) });
  if (first.paidMinor !== invoice.paidMinor) found.push({ ...about, name: "payment-missing-here", text: `What was paid of ${say(invoice)} differs. Its events may still be on their way; the list of events is read again by itself.`, ledger: money(invoice.paidMinor), provider: money(first.paidMinor) });
  const open = Math.max(0, invoice.openMinor);
  if (first.status === "open" && invoice.status !== "void" && first.remainingMinor !== open) found.push({ ...about, name: "open-amount-differs", text: `Another amount of ${say(invoice)} is open at the provider.`, ledger: money(open), provider: money(first.remainingMinor) });
  return found;
}
