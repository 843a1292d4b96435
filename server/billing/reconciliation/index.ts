export { compareBooks, comparedRange, readDifferences, readSyncState, requestComparison } from "./compare-books";
export { compareInvoices } from "./rules";
export type { Difference, DifferenceRow, ListedInvoice } from "./types";
