export { addCommitment, createCoupon, listCoupons, redeemCoupon } from "./redeem-coupon";
export type { CommitmentRow, CouponRow, DiscountRow } from "./types";
