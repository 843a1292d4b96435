export { grantCredit, grantCreditIn, listCredits, voidCredit } from "./grant-credit";
export { insertUses, lockGrants, selectGrants, selectUsesOf } from "./store";
export type { CreditGrantInput, CreditGrantRow, CreditGrantView, CreditKind } from "./types";
