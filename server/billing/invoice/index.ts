export { issueCreditNote, issueCreditNoteIn, type CreditNoteInput } from "./issue-credit-note";
export { issueManualInvoice, type ManualInvoiceInput } from "./issue-manual";
export { listInvoices, listInvoicesIn, listOrganizationInvoices, listParkedInvoices, readInvoice, readInvoiceForStaff, readInvoiceIn, type CreditableInvoice, type InvoiceListItem } from "./list-invoices";
export { releaseInvoice, voidInvoice } from "./void-invoice";
export { tell, writeInvoice, type InvoiceDraftInput } from "./write-invoice";
export { selectInvoiceOfPeriod, selectRecentTotals } from "./store";
export type { CreditNoteRow, InvoiceFilter, InvoiceLineRow, InvoiceRow, InvoiceStatus, InvoiceView, LineKind, NewLine } from "./types";
