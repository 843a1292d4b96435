export { grantCredit, grantCreditIn, listCredits, sayOutages, voidCredit } from "./grant-credit";
export { insertUses, lockGrants, selectGrants, selectUsesOf } from "./store";
export type { CreditGrantInput, CreditGrantRow, CreditGrantView, CreditKind } from "./types";
