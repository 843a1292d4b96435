export { listInvoiceLineWindows, listInvoiceLineWindowsForStaff, readBreakdown, readBreakdownCsv, readInvoiceCsv, readInvoicePdf, type InvoiceFile } from "./read-documents";
export { readHeldCosts } from "./read-held-costs";
export type { Breakdown, BreakdownRow, DocumentLocale, HeldCost, HeldCosts, Holding } from "./types";
