export { addCommitment, createCoupon, listCoupons, redeemCoupon } from "./redeem-coupon";
export { selectCommitmentsOf, selectDiscountsOf } from "./store";
export type { CommitmentRow, CouponRow, DiscountRow } from "./types";
