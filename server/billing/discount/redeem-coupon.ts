import { readFlavorNamesIn } from "@/server/catalog";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { isBilledCurrency } from "@/server/rating";
import { readOrganization, recordAudit } from "@/server/tenancy";
import { readPeriodsAround } from "@/server/metering";
import { addCommitmentInput, createCouponInput, redeemCouponInput, type AddCommitmentInput, type CreateCouponInput } from "./schema";
import { insertCommitment, insertCoupon, insertDiscount, selectCoupons, takeRedemption } from "./store";
import type { CommitmentRow, CouponRow, DiscountRow } from "./types";

const DAY_MS = 86_400_000;

/** Offers a code. @throws Problem `conflict` for a code that was used before. */
export async function createCoupon(context: Context, input: CreateCouponInput): Promise<CouponRow> {
  const fields = createCouponInput.parse(input);
  if (!isBilledCurrency(fields.currency)) throw new Problem("bad-input", sentence("refused-coupon-currency", { currency: fields.currency }), { field: "currency" });
  return inTransaction(context, async (tx) => {
    const made = await insertCoupon(tx, { ...fields, id: mintId("discount", context), basisPoints: fields.kind === "trial" ? 10_000 : fields.basisPoints, createdAt: context.clock.now(), createdBy: context.actor.id });
    if (!made) throw new Problem("conflict", sentence("refused-coupon-taken", { code: fields.code }), { field: "code" });
    await announce(tx, { organizationId: null, topic: "billing", id: made.id });
    await recordAudit(tx, context, { organizationId: null, action: "coupon.created", targetKind: "coupon", targetId: made.id, after: { code: made.code, kind: made.kind, basisPoints: made.basisPoints, maxMicros: made.maxMicros } });
    return made;
  });
}

export function listCoupons(context: Context): Promise<CouponRow[]> {
  return inTransaction(context, (tx) => selectCoupons(tx), { readOnly: true });
}

/**
 * Redeems a code for an organization, from now on. Unknown, over, used up and of another currency are one answer, so that codes cannot be
 * guessed apart. Once an organization.
 */
export async function redeemCoupon(context: Context, input: { readonly organizationId: string; readonly code: string }): Promise<DiscountRow> {
  const { code } = redeemCouponInput.parse(input);
  // Coupons are the provider's: a tenant's scope sees none, so that nobody reads the list. What is written is the caller's own row.
  return inTransaction({ ...context, scope: context.scope === "worker" ? "worker" : "provider" }, async (tx) => {
    const now = context.clock.now();
    const { currency } = await readOrganization(tx, input.organizationId);
    const coupon = await takeRedemption(tx, code, now);
    if (!coupon || coupon.currency !== currency) throw new Problem("bad-input", sentence("refused-coupon-unknown", { code }), { field: "code" });
    const made = await insertDiscount(tx, {
      id: mintId("discount", context), organizationId: input.organizationId, couponId: coupon.id, code: coupon.code, kind: coupon.kind, basisPoints: coupon.basisPoints, meters: coupon.meters, currency, maxMicros: coupon.maxMicros,
      startsAt: now, endsAt: new Date(now.getTime() + coupon.durationDays * DAY_MS), createdAt: now, createdBy: context.actor.id,
    });
    if (!made) throw new Problem("conflict", sentence("refused-coupon-again", { code }), { field: "code" });
    await announce(tx, { organizationId: input.organizationId, topic: "billing", id: made.id });
    await recordAudit(tx, context, { organizationId: input.organizationId, action: "coupon.redeemed", targetKind: "discount", targetId: made.id, after: { code: made.code, endsAt: made.endsAt.toISOString() } });
    return made;
  });
}

/** Reserves an amount for an organization at a price of its own, from now or later. @throws Problem `bad-input` for a beginning in a closed period or an end before it. */
export async function addCommitment(context: Context, input: AddCommitmentInput): Promise<CommitmentRow> {
  const fields = addCommitmentInput.parse(input);
  return inTransaction(context, async (tx) => {
    const now = context.clock.now();
    const startsAt = fields.startsAt ?? now;
    const organization = await readOrganization(tx, fields.organizationId);
    if (startsAt >= fields.endsAt) throw new Problem("bad-input", sentence("refused-reservation-empty"), { field: "endsAt" });
    const { closed } = await readPeriodsAround(tx, organization.id, startsAt);
    if (closed || startsAt < now) throw new Problem("bad-input", sentence("refused-reservation-past"), { field: "startsAt" });
    if (!isBilledCurrency(organization.currency)) throw notFound("currency", organization.currency);
    if (fields.flavorId && !(await readFlavorNamesIn(tx)).has(fields.flavorId)) throw notFound("flavor", fields.flavorId);
    const made = await insertCommitment(tx, { ...fields, id: mintId("commitment", context), currency: organization.currency, startsAt, createdAt: now, createdBy: context.actor.id });
    await announce(tx, { organizationId: made.organizationId, topic: "billing", id: made.id });
    await recordAudit(tx, context, { organizationId: made.organizationId, action: "commitment.added", targetKind: "commitment", targetId: made.id, after: { meter: made.meter, flavorId: made.flavorId, units: made.units, microsPerHour: made.microsPerHour, startsAt: startsAt.toISOString(), endsAt: made.endsAt.toISOString() } });
    return made;
  });
}
