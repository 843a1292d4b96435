import type { Party, billingProfile, issuer } from "@/db/schema/billing";

export type BillingProfileRow = typeof billingProfile.$inferSelect;
export type IssuerRow = typeof issuer.$inferSelect;
export type { Party };
export type TaxCategory = "standard" | "reduced" | "exempt";

/** Hundredths of a percent for each category of what is sold. */
export type TaxRates = Readonly<Record<TaxCategory, number>>;
