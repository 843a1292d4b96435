export { applyBalance } from "./apply-balance";
export { postLedgerEntry } from "./post-entry";
export { readBalance, readLedger, readOpenMinor } from "./read-balance";
export type { Balance, InvoiceStanding, LedgerEntryRow, LedgerKind, LedgerPosting } from "./types";
