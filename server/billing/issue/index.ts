export { issueDueInvoices, type DueOutcome } from "./issue-due";
export { issueInvoice, type Issued } from "./issue-invoice";
export { issueNow } from "./issue-now";
