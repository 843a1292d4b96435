import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { readOrganization, requireProvider } from "@/server/tenancy";
import { readOpenMinor } from "../ledger";
import { selectCreditNotes, selectInvoice, selectInvoices, selectLines } from "./store";
import type { InvoiceFilter, InvoiceRow, InvoiceView } from "./types";

export type InvoiceListItem = InvoiceRow & { readonly openMinor: number };

/** Invoices newest first with what is open of each. */
export function listInvoicesIn(tx: Transaction, filter: InvoiceFilter): Promise<InvoiceListItem[]> {
  return selectInvoices(tx, filter);
}

/** The issued invoices of one organization; what is parked is not its business yet. */
export async function listInvoices(context: Context, input: { readonly organizationId: string }): Promise<InvoiceListItem[]> {
  const rows = await inTransaction(context, (tx) => selectInvoices(tx, { organizationId: input.organizationId }), { readOnly: true });
  return rows.filter((row) => row.number !== null);
}

/** Every invoice of one organization, parked ones too, for operators. @throws Problem `not-found` for an organization that is not. */
export function listOrganizationInvoices(context: Context, input: { readonly organizationId: string }): Promise<InvoiceListItem[]> {
  return inTransaction(context, async (tx) => {
    await readOrganization(tx, input.organizationId);
    return selectInvoices(tx, input);
  }, { readOnly: true });
}

/** Every parked invoice, for operators. */
export function listParkedInvoices(context: Context): Promise<InvoiceListItem[]> {
  return inTransaction(context, (tx) => selectInvoices(tx, { status: "parked" }), { readOnly: true });
}

/** @throws Problem `not-found` for an invoice that this scope may not see. */
export async function readInvoiceIn(tx: Transaction, invoiceId: string): Promise<InvoiceView> {
  const invoice = await selectInvoice(tx, invoiceId);
  if (!invoice) throw notFound("invoice", invoiceId);
  return { invoice, lines: await selectLines(tx, invoiceId), creditNotes: await selectCreditNotes(tx, invoiceId), openMinor: await readOpenMinor(tx, invoiceId) };
}

/** What a credit note may still take off, net, at each tax rate of the invoice. */
export interface CreditableInvoice extends InvoiceView {
  readonly creditable: readonly { readonly rateBasisPoints: number; readonly leftMinor: number }[];
}

/** Any invoice, a parked one too, with what can still be credited of it; for operators. */
export function readInvoiceForStaff(context: Context, input: { readonly invoiceId: string }): Promise<CreditableInvoice> {
  requireProvider(context);
  return inTransaction(context, async (tx) => {
    const view = await readInvoiceIn(tx, input.invoiceId);
    const gone = view.creditNotes.flatMap((note) => note.taxes);
    const creditable = view.invoice.taxes.map(({ rateBasisPoints, netMinor }) => ({ rateBasisPoints, leftMinor: netMinor - gone.reduce((sum, tax) => sum + (tax.rateBasisPoints === rateBasisPoints ? tax.netMinor : 0), 0) }));
    return { ...view, creditable: view.invoice.status === "issued" || view.invoice.status === "paid" ? creditable : [] };
  }, { isolation: "repeatable read", readOnly: true });
}

/** One invoice of an organization; somebody else's and a parked one answer like one that does not exist. */
export function readInvoice(context: Context, input: { readonly organizationId: string; readonly invoiceId: string }): Promise<InvoiceView> {
  return inTransaction(context, async (tx) => {
    const view = await readInvoiceIn(tx, input.invoiceId);
    if (view.invoice.organizationId !== input.organizationId || view.invoice.number === null) throw notFound("invoice", input.invoiceId);
    return view;
  }, { isolation: "repeatable read", readOnly: true });
}
