export { listInvoiceLineWindows, readBreakdown, readBreakdownCsv, readInvoiceCsv, readInvoicePdf, type InvoiceFile } from "./read-documents";
export type { Breakdown, BreakdownRow, DocumentLocale } from "./types";
