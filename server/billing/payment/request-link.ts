import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { readOrganization, recordAudit, tenantOf } from "@/server/tenancy";
import { enqueuePush } from "../push";
import { requestLinkInput, type RequestLinkInput } from "./schema";
import { insertLink, lockLink, selectLink, updateLink } from "./store";
import type { PaymentLinkRow } from "./types";

/**
 * Asks for a hosted page: to add a card, to pay in advance, or the customer portal. Its address comes a moment later with
 * a change of the topic `payment`, because no request calls the provider. `portalUrl` is where the person comes back to.
 */
export async function requestLink(context: Context, given: RequestLinkInput, portalUrl: string): Promise<PaymentLinkRow> {
  const input = requestLinkInput.parse(given);
  const organizationId = tenantOf(context);
  if (input.kind === "prepay" && input.amountMinor === undefined) throw new Problem("bad-input", sentence("refused-prepay-amount"), { fields: { amountMinor: ["is missing"] } });
  return inTransaction(context, async (tx) => {
    const organization = await readOrganization(tx, organizationId);
    const row: PaymentLinkRow = {
      id: mintId("paymentLink", context), organizationId, kind: input.kind, state: "requested", returnUrl: `${portalUrl}${input.returnPath}`, amountMinor: input.kind === "prepay" ? (input.amountMinor ?? null) : null, currency: organization.currency,
      remoteId: null, url: null, expiresAt: null, failure: null, createdAt: context.clock.now(), createdBy: context.actor.id,
    };
    await insertLink(tx, row);
    await enqueuePush(tx, context, { organizationId, kind: "link", subjectId: row.id });
    await recordAudit(tx, context, { organizationId, action: "payment.link-requested", targetKind: "payment-link", targetId: row.id, after: { kind: row.kind, amountMinor: row.amountMinor } });
    return row;
  });
}

/** One's own link, with its address once it is there. */
export async function getLink(context: Context, linkId: string): Promise<PaymentLinkRow> {
  const organizationId = tenantOf(context);
  const link = await inTransaction(context, (tx) => selectLink(tx, organizationId, linkId), { readOnly: true });
  if (!link) throw notFound("payment page", linkId);
  return link;
}

/** For the loop: the link as it was asked for. */
export function readLinkRow(tx: Transaction, linkId: string): Promise<PaymentLinkRow | null> {
  return lockLink(tx, linkId);
}

/** The provider made the page. */
export async function noteLinkReady(tx: Transaction, linkId: string, made: { readonly remoteId: string; readonly url: string; readonly expiresAt: Date | null }): Promise<void> {
  const link = await lockLink(tx, linkId);
  if (!link || link.state !== "requested") return;
  await updateLink(tx, linkId, { ...made, state: "ready" });
  await announce(tx, { organizationId: link.organizationId, topic: "payment", id: linkId });
}
