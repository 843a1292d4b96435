import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import type { Transaction } from "@/server/platform/transaction";
import { wake } from "@/server/platform/wake";
import { hasWaiting, selectCustomer, selectDueInvoices, selectOpenAtProvider, upsertPush } from "./store";
import type { PushWish } from "./types";

/** So many invoices in one transaction; the loop comes again for the rest. */
const BATCH = 200;

async function put(tx: Transaction, context: Context, wish: PushWish): Promise<void> {
  const now = context.clock.now();
  await upsertPush(tx, {
    id: mintId("paymentPush", context), organizationId: wish.organizationId, kind: wish.kind, subjectId: wish.subjectId, lane: wish.lane ?? wish.organizationId, payload: { ...wish.payload }, state: "waiting",
    keyGeneration: 1, keyedAt: null, attempts: 0, notBefore: now, remoteId: null, lastError: null, lastErrorWords: null, doneAt: null, createdAt: now,
  });
}

/** Asks for a customer at the provider when there is none; what needs one waits for it in the same lane. */
export async function requireCustomer(tx: Transaction, context: Context, organizationId: string): Promise<void> {
  const { remoteId, earlier } = await selectCustomer(tx, organizationId);
  if (remoteId !== null || (await hasWaiting(tx, organizationId, "customer"))) return;
  await put(tx, context, { organizationId, kind: "customer", subjectId: `${organizationId}#${earlier + 1}` });
}

/** Writes down what has to be so at the provider, in the transaction that wants it. The loop push-payments does it. */
export async function enqueuePush(tx: Transaction, context: Context, wish: PushWish): Promise<void> {
  await requireCustomer(tx, context, wish.organizationId);
  await put(tx, context, wish);
  await wake(tx, "push-payments");
}

/** Finds invoices that the provider has not as we have them. Answers how many. */
export async function enqueueDueInvoices(tx: Transaction, context: Context): Promise<number> {
  const due = await selectDueInvoices(tx, BATCH);
  for (const { invoiceId, organizationId } of due) await enqueuePush(tx, context, { organizationId, kind: "invoice", subjectId: invoiceId });
  return due.length;
}

/** An invoice that the provider began by itself is there already: nothing is sent for it. */
export async function notePushedElsewhere(tx: Transaction, context: Context, made: { readonly organizationId: string; readonly invoiceId: string; readonly remoteId: string }): Promise<void> {
  const now = context.clock.now();
  await upsertPush(tx, {
    id: mintId("paymentPush", context), organizationId: made.organizationId, kind: "invoice", subjectId: made.invoiceId, lane: made.organizationId, payload: {}, state: "done",
    keyGeneration: 1, keyedAt: null, attempts: 0, notBefore: now, remoteId: made.remoteId, lastError: null, lastErrorWords: null, doneAt: now, createdAt: now,
  });
}

/** Charges the open invoices of an organization once more: another card, or a reminder's date. */
export async function collectAgain(tx: Transaction, context: Context, organizationId: string): Promise<void> {
  for (const { invoiceId, attempts } of await selectOpenAtProvider(tx, organizationId)) await enqueuePush(tx, context, { organizationId, kind: "invoice", subjectId: invoiceId, payload: { collectBeyond: attempts } });
}
