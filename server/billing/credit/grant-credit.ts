import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence, type Words } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { isBilledCurrency } from "@/server/rating";
import { readOrganization, recordAudit } from "@/server/tenancy";
import { insertGrant, markVoided, selectGrantByKey, selectGrants, selectOutages } from "./store";
import type { CreditGrantInput, CreditGrantRow, CreditGrantView } from "./types";

/**
 * Gives an organization an amount that lowers its next invoices, before tax. The same grant again (same key) changes nothing.
 * @throws Problem `bad-input` for an amount that is not positive, another currency than the organization's, or an end before the beginning.
 */
export async function grantCreditIn(tx: Transaction, context: Context, input: CreditGrantInput): Promise<CreditGrantRow> {
  const now = context.clock.now();
  const validFrom = input.validFrom ?? now;
  const refuse = (why: string): Problem => new Problem("bad-input", `No credit was granted: ${why}.`, { organizationId: input.organizationId });
  if (!Number.isSafeInteger(input.amountMicros) || input.amountMicros <= 0) throw refuse("an amount of credit is a positive number of whole micros");
  if (input.reason.trim() === "") throw refuse("a reason is needed, which the organization reads on its invoice");
  if (input.expiresAt && input.expiresAt <= validFrom) throw refuse("it would be over before it begins");
  const organization = await readOrganization(tx, input.organizationId);
  if (!isBilledCurrency(input.currency) || input.currency !== organization.currency) throw refuse(`the organization is billed in ${organization.currency}, not in ${input.currency}`);
  const made = await insertGrant(tx, {
    id: mintId("creditGrant", context), organizationId: input.organizationId, kind: input.kind, currency: input.currency, amountMicros: input.amountMicros, reason: input.reason.trim(), reference: input.reference ?? null,
    priority: input.priority ?? 100, validFrom, expiresAt: input.expiresAt ?? null, createdAt: now, createdBy: context.actor.id, idempotencyKey: input.idempotencyKey, voidedAt: null,
  });
  if (!made) {
    const known = await selectGrantByKey(tx, input.idempotencyKey);
    if (known?.organizationId === input.organizationId && known.amountMicros === input.amountMicros && known.currency === input.currency) return known;
    throw new Problem("conflict", sentence("refused-credit-key", { key: input.idempotencyKey }), { idempotencyKey: input.idempotencyKey });
  }
  await announce(tx, { organizationId: made.organizationId, topic: "billing", id: made.id });
  await recordAudit(tx, context, { organizationId: made.organizationId, action: "credit.granted", targetKind: "credit-grant", targetId: made.id, after: { kind: made.kind, currency: made.currency, amountMicros: made.amountMicros, reason: made.reason, expiresAt: made.expiresAt?.toISOString() ?? null } });
  return made;
}

export function grantCredit(context: Context, input: CreditGrantInput): Promise<CreditGrantRow> {
  return inTransaction(context, (tx) => grantCreditIn(tx, context, input));
}

/** Takes back what is left of a grant; what was used stays used. */
export async function voidCredit(context: Context, input: { readonly grantId: string }): Promise<CreditGrantRow> {
  return inTransaction(context, async (tx) => {
    const row = await markVoided(tx, input.grantId, context.clock.now());
    if (!row) throw notFound("open credit grant", input.grantId);
    await announce(tx, { organizationId: row.organizationId, topic: "billing", id: row.id });
    await recordAudit(tx, context, { organizationId: row.organizationId, action: "credit.voided", targetKind: "credit-grant", targetId: row.id });
    return row;
  });
}

/** Every grant of an organization with what is left of it, in the order of use; what an outage was worth, as a sentence too. */
export function listCredits(context: Context, input: { readonly organizationId: string }): Promise<(CreditGrantView & { readonly reasonWords: Words[] | null })[]> {
  return inTransaction(context, async (tx) => {
    await readOrganization(tx, input.organizationId);
    const outages = await sayOutages(tx, input.organizationId);
    return (await selectGrants(tx, input.organizationId)).map((grant) => ({ ...grant, reasonWords: outages.get(grant.id) ?? null }));
  }, { readOnly: true });
}

/** Of grants that were given for an outage: for which one, as a sentence for any language, by the grant's id. */
export async function sayOutages(tx: Transaction, organizationId: string): Promise<ReadonlyMap<string, Words[]>> {
  return new Map((await selectOutages(tx, organizationId)).map((outage) => [
    outage.grant_id,
    sentence("credit-outage", { instance: outage.name, downSeconds: Math.round(Number(outage.down_ms) / 1000), startedAt: new Date(outage.period_start).toISOString(), percent: outage.basis_points / 100 }).words,
  ]));
}
