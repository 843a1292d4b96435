export { isRegistrationNumber, taxIdProblem, taxRates } from "./rules";
export { readBillingProfile, readIssuer, setBillingProfile, setIssuer } from "./set-profile";
export { selectBillingEmails, selectIssuer, selectProfile, selectStaffEmails, takeNumber } from "./store";
export type { BillingProfileRow, IssuerRow, Party, TaxCategory, TaxRates } from "./types";
