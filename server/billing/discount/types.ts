import type { commitment, discount } from "@/db/schema/billing";
import type { coupon } from "@/db/schema/catalog";

export type CouponRow = typeof coupon.$inferSelect;
export type DiscountRow = typeof discount.$inferSelect;
export type CommitmentRow = typeof commitment.$inferSelect;
