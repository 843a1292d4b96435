import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { microsPerMinor, totalLines } from "@/server/rating";
import { readOrganization, recordAudit, requireProvider } from "@/server/tenancy";
import { issueManualInvoice } from "../invoice";
import { selectIssuer, selectProfile, taxRates } from "../profile";
import { enqueuePush, notePushedElsewhere } from "../push";
import type { AddSubscriptionInput } from "./schema";
import { insertSubscription, lockSubscription, selectInvoiceOfRemote, selectSubscriptions, updateSubscription } from "./store";
import type { ProviderInvoice, SubscriptionRow } from "./types";

/** Agrees on a flat amount that comes every month by itself: support, a licence. Never for what is metered. */
export async function addSubscription(context: Context, input: AddSubscriptionInput): Promise<SubscriptionRow> {
  requireProvider(context);
  return inTransaction(context, async (tx) => {
    const { currency } = await readOrganization(tx, input.organizationId);
    const row: SubscriptionRow = { id: mintId("paymentSubscription", context), organizationId: input.organizationId, description: input.description, currency, amountMinor: input.amountMinor, remoteId: null, status: "wanted", createdAt: context.clock.now(), endedAt: null };
    await insertSubscription(tx, row);
    await enqueuePush(tx, context, { organizationId: row.organizationId, kind: "subscription", subjectId: row.id });
    await recordAudit(tx, context, { organizationId: row.organizationId, action: "subscription.added", targetKind: "payment-subscription", targetId: row.id, after: { description: row.description, amountMinor: row.amountMinor, currency } });
    return row;
  });
}

/** Ends a flat amount; what was invoiced stays. */
export async function endSubscription(context: Context, input: { readonly subscriptionId: string }): Promise<SubscriptionRow> {
  requireProvider(context);
  return inTransaction(context, async (tx) => {
    const row = await lockSubscription(tx, input.subscriptionId);
    if (!row) throw notFound("subscription", input.subscriptionId);
    if (row.status === "ending" || row.status === "ended") return row;
    await updateSubscription(tx, row.id, { status: "ending" });
    await enqueuePush(tx, context, { organizationId: row.organizationId, kind: "subscription", subjectId: row.id, payload: { end: true } });
    await recordAudit(tx, context, { organizationId: row.organizationId, action: "subscription.ended", targetKind: "payment-subscription", targetId: row.id });
    return { ...row, status: "ending" };
  });
}

export function listSubscriptions(context: Context, input: { readonly organizationId: string }): Promise<readonly SubscriptionRow[]> {
  return inTransaction(context, (tx) => selectSubscriptions(tx, input.organizationId), { readOnly: true });
}

/** For the loop: what was agreed, with tax, because the provider adds none. */
export async function readSubscriptionForPush(tx: Transaction, subscriptionId: string): Promise<{ readonly row: SubscriptionRow; readonly grossMinor: number } | null> {
  const row = await lockSubscription(tx, subscriptionId);
  if (!row) return null;
  const rates = taxRates((await selectIssuer(tx)).country, (await selectProfile(tx, row.organizationId))?.country ?? "JP");
  const totals = totalLines([{ amountMicros: BigInt(row.amountMinor) * microsPerMinor(row.currency), taxRateBasisPoints: rates.standard }], row.currency);
  return { row, grossMinor: Number(totals.totalMinor) };
}

/** What the provider made of it. */
export async function noteSubscription(tx: Transaction, context: Context, subscriptionId: string, made: { readonly remoteId: string | null; readonly status: "active" | "ended" }): Promise<void> {
  const row = await lockSubscription(tx, subscriptionId);
  if (!row || row.status === "ended" || (row.status === "ending" && made.status === "active")) return;
  await updateSubscription(tx, row.id, { status: made.status, remoteId: made.remoteId ?? row.remoteId, ...(made.status === "ended" ? { endedAt: context.clock.now() } : {}) });
  await announce(tx, { organizationId: row.organizationId, topic: "payment", id: row.id });
}

/**
 * The invoice of ours for one period of a subscription, which the provider began: made when it is first heard of, once for
 * each invoice there. Null while it is a draft there, or when it is of no subscription of ours.
 */
export async function adoptInvoice(tx: Transaction, context: Context, facts: ProviderInvoice): Promise<string | null> {
  // The lock lets two events of one invoice come one after the other.
  const row = facts.subscriptionId === null ? null : await lockSubscription(tx, facts.subscriptionId);
  if (!row || facts.status === "draft") return null;
  const known = await selectInvoiceOfRemote(tx, facts.remoteId);
  if (known !== null) return known;
  const made = await issueManualInvoice(tx, context, { organizationId: row.organizationId, lines: [{ description: row.description, amountMinor: row.amountMinor, reference: row.id }], periodStart: facts.periodStart, periodEnd: facts.periodEnd });
  if (made.totalMinor !== facts.totalMinor) throw new Problem("conflict", `The subscription ${row.id} comes to ${made.totalMinor} ${made.currency} here and to ${facts.totalMinor} at the provider (${facts.remoteId}). End it and agree on it anew.`, { subscriptionId: row.id });
  await notePushedElsewhere(tx, context, { organizationId: row.organizationId, invoiceId: made.id, remoteId: facts.remoteId });
  return made.id;
}
