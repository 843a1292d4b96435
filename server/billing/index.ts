export { draftInvoice, listLineWindows } from "./draft";
export { billingPeriod } from "./rules";
export type { DraftLine, InvoiceDraft } from "./types";
