import { and, desc, eq, sql } from "drizzle-orm";
import { commitment, discount } from "@/db/schema/billing";
import { coupon } from "@/db/schema/catalog";
import type { Transaction } from "@/server/platform/transaction";

export async function insertCoupon(tx: Transaction, row: typeof coupon.$inferInsert): Promise<typeof coupon.$inferSelect | null> {
  const [made] = await tx.insert(coupon).values(row).onConflictDoNothing({ target: coupon.code }).returning();
  return made ?? null;
}

export async function selectCoupons(tx: Transaction): Promise<(typeof coupon.$inferSelect)[]> {
  return tx.select().from(coupon).orderBy(desc(coupon.createdAt));
}

/** Takes one redemption of a coupon by one conditional statement; null when it is unknown, over or used up. */
export async function takeRedemption(tx: Transaction, code: string, now: Date): Promise<typeof coupon.$inferSelect | null> {
  const [row] = await tx
    .update(coupon)
    .set({ redemptions: sql`${coupon.redemptions} + 1` })
    .where(and(eq(coupon.code, code), sql`(${coupon.redeemableUntil} is null or ${coupon.redeemableUntil} > ${now.toISOString()})`, sql`(${coupon.maxRedemptions} is null or ${coupon.redemptions} < ${coupon.maxRedemptions})`))
    .returning();
  return row ?? null;
}

/** Null when the organization has it already. */
export async function insertDiscount(tx: Transaction, row: typeof discount.$inferInsert): Promise<typeof discount.$inferSelect | null> {
  const [made] = await tx.insert(discount).values(row).onConflictDoNothing({ target: [discount.organizationId, discount.couponId] }).returning();
  return made ?? null;
}

export async function selectCommitmentsOf(tx: Transaction, organizationId: string): Promise<(typeof commitment.$inferSelect)[]> {
  return tx.select().from(commitment).where(eq(commitment.organizationId, organizationId)).orderBy(desc(commitment.startsAt));
}

export async function selectDiscountsOf(tx: Transaction, organizationId: string): Promise<(typeof discount.$inferSelect)[]> {
  return tx.select().from(discount).where(eq(discount.organizationId, organizationId)).orderBy(desc(discount.createdAt));
}

export async function insertCommitment(tx: Transaction, row: typeof commitment.$inferInsert): Promise<typeof commitment.$inferSelect> {
  const [made] = await tx.insert(commitment).values(row).returning();
  if (!made) throw new Error("an insert answered no row");
  return made;
}
