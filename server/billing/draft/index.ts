export { draftInvoice, listLineWindows } from "./draft-invoice";
