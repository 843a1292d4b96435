export { listInvoiceLineWindows, listInvoiceLineWindowsForStaff, readBreakdown, readBreakdownCsv, readInvoiceCsv, readInvoicePdf, type InvoiceFile } from "./read-documents";
export type { Breakdown, BreakdownRow, DocumentLocale } from "./types";
