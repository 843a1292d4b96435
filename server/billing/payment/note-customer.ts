import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { collectAgain, enqueuePush } from "../push";
import { tell } from "../invoice";
import { selectBillingEmails } from "../profile";
import { forgetCustomer, lockExpiring, lockLink, replaceMethods, replaceTaxIds, selectCustomerRow, selectLinkByRemote, selectOrganizationOfCustomer, updateLink, updateMethod, upsertCustomer } from "./store";
import type { ProviderCustomer } from "./types";

const EXPIRY_BATCH = 100;

/** A customer was made at the provider for an organization. */
export async function noteCustomerMade(tx: Transaction, context: Context, made: { readonly organizationId: string; readonly remoteId: string }): Promise<void> {
  await upsertCustomer(tx, { ...made, defaultMethodId: null, at: context.clock.now() });
  await recordAudit(tx, context, { organizationId: made.organizationId, action: "payment.customer-made", targetKind: "payment-customer", targetId: made.remoteId });
}

/**
 * Takes over what the provider says of a customer now: cards, the default one, tax ids. Null: it was deleted there; the next
 * push makes a new one. A new default card charges what is open. Answers false for a customer that is none of ours.
 */
export async function noteCustomer(tx: Transaction, context: Context, customerId: string, facts: ProviderCustomer | null): Promise<boolean> {
  const organizationId = await selectOrganizationOfCustomer(tx, customerId);
  if (organizationId === null) return false;
  const now = context.clock.now();
  const before = await selectCustomerRow(tx, organizationId);
  if (facts === null) {
    if (await forgetCustomer(tx, organizationId, customerId, now)) {
      await recordAudit(tx, context, { organizationId, action: "payment.customer-lost", targetKind: "payment-customer", targetId: customerId });
      await announce(tx, { organizationId, topic: "payment", id: customerId });
    }
    return true;
  }
  // A late event of an earlier customer says nothing of the present one.
  if (before?.remoteId !== customerId) return true;
  await upsertCustomer(tx, { organizationId, remoteId: customerId, defaultMethodId: facts.defaultMethodId, at: now });
  await replaceMethods(tx, organizationId, facts.methods.map((method) => ({ ...method, organizationId, isDefault: method.id === facts.defaultMethodId })));
  await replaceTaxIds(tx, organizationId, facts.taxIds);
  await announce(tx, { organizationId, topic: "payment", id: customerId });
  if (facts.defaultMethodId !== null && facts.defaultMethodId !== before.defaultMethodId) await collectAgain(tx, context, organizationId);
  return true;
}

/** What became of a hosted page. A card that was added on one becomes the default. */
export async function noteLinkOutcome(tx: Transaction, context: Context, remoteId: string, outcome: { readonly state: "open" | "complete" | "expired"; readonly methodId: string | null }): Promise<boolean> {
  const known = await selectLinkByRemote(tx, remoteId);
  const link = known ? await lockLink(tx, known.id) : null;
  if (!link) return false;
  if (outcome.state === "open" || link.state === "completed") return true;
  await updateLink(tx, link.id, outcome.state === "complete" ? { state: "completed" } : { state: "failed", failure: "The page was not used in time. Ask for a new one." });
  if (outcome.methodId !== null) await enqueuePush(tx, context, { organizationId: link.organizationId, kind: "default-method", subjectId: link.organizationId, payload: { methodId: outcome.methodId } });
  await announce(tx, { organizationId: link.organizationId, topic: "payment", id: link.id });
  return true;
}

/** Tells organizations whose default card ends this month or the next. Each month of expiry is told once. */
export async function remindOfExpiry(tx: Transaction, context: Context): Promise<number> {
  const now = context.clock.now();
  const thisMonth = now.getUTCFullYear() * 12 + now.getUTCMonth() + 1;
  const rows = await lockExpiring(tx, thisMonth + 1, EXPIRY_BATCH);
  for (const row of rows) {
    const month = (row.expiresYear ?? 0) * 12 + (row.expiresMonth ?? 0);
    await updateMethod(tx, row.id, { remindedFor: month });
    const card = `${row.brand ?? "card"} ${row.last4 ?? ""}`;
    const end = `${row.expiresYear ?? ""}-${String(row.expiresMonth ?? 0).padStart(2, "0")}`;
    await tell(
      tx, context, await selectBillingEmails(tx, row.organizationId), "Your card ends soon",
      `The card ${card} that pays your invoices is valid through ${end}. Add another one in the portal under Billing, so that nothing stays unpaid.\n\nお支払いに使われているカード(${card})の有効期限は ${end} です。ポータルの「請求」から別のカードをご登録ください。`,
      row.organizationId,
    );
  }
  return rows.length;
}
