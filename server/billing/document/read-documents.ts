import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import type { UsageWindowRow } from "@/server/metering";
import { notFound } from "@/server/platform/errors";
import { breakDownByDay } from "@/server/rating";
import { readOrganization } from "@/server/tenancy";
import { gatherBasis, namesOf, selectLineWindows } from "../draft";
import { readInvoice, readInvoiceForStaff, type InvoiceView } from "../invoice";
import { dayEdges } from "../rules";
import { renderBreakdownCsv, renderInvoiceCsv } from "./render-csv";
import { renderInvoicePdf } from "./render-pdf";
import type { Breakdown, DocumentLocale } from "./types";

interface InvoiceRef {
  readonly organizationId: string;
  readonly invoiceId: string;
}

export interface InvoiceFile {
  readonly name: string;
  readonly type: string;
  readonly body: Uint8Array | string;
}

/** An issued invoice as PDF. @throws Problem `not-found` for somebody else's. */
export async function readInvoicePdf(context: Context, input: InvoiceRef & { readonly locale: DocumentLocale }): Promise<InvoiceFile> {
  const view = await readInvoice(context, input);
  const { timeZone } = await inTransaction(context, (tx) => readOrganization(tx, input.organizationId), { readOnly: true });
  return { name: `${view.invoice.number ?? view.invoice.id}.pdf`, type: "application/pdf", body: await renderInvoicePdf(view, { locale: input.locale, timeZone }) };
}

/** Its lines as CSV. @throws Problem `not-found` for somebody else's. */
export async function readInvoiceCsv(context: Context, input: InvoiceRef): Promise<InvoiceFile> {
  const view = await readInvoice(context, input);
  return { name: `${view.invoice.number ?? view.invoice.id}.csv`, type: "text/csv; charset=utf-8", body: renderInvoiceCsv(view) };
}

/** Use of the period around a moment by day and resource, as CSV. */
export async function readBreakdownCsv(context: Context, input: { readonly organizationId: string; readonly at?: Date }): Promise<InvoiceFile> {
  const breakdown = await readBreakdown(context, input);
  return { name: `usage-${breakdown.days[0]?.day.slice(0, 7) ?? "empty"}.csv`, type: "text/csv; charset=utf-8", body: renderBreakdownCsv(breakdown) };
}

/** What the period around a moment (default: now) is made of, by day and resource and by instance, at list price. */
export async function readBreakdown(context: Context, input: { readonly organizationId: string; readonly at?: Date }): Promise<Breakdown> {
  return inTransaction(context, async (tx) => {
    const basis = await gatherBasis(tx, input.organizationId, input.at ?? context.clock.now());
    const names = namesOf(basis);
    const day = new Intl.DateTimeFormat("en-CA", { timeZone: basis.timeZone });
    const days = breakDownByDay(basis.input, dayEdges(basis.timeZone, basis.period)).map((share) => ({
      day: day.format(share.dayStartMs), meter: share.meter, resourceId: share.resourceId, instanceId: share.instanceId, instanceName: names.get(share.instanceId) ?? null, unitMs: Number(share.unitMs), amountMicros: Number(share.amountMicros),
    }));
    const sums = new Map<string, number>();
    for (const row of days) sums.set(row.instanceId, (sums.get(row.instanceId) ?? 0) + row.amountMicros);
    const instances = [...sums].map(([instanceId, amountMicros]) => ({ instanceId, instanceName: names.get(instanceId) ?? null, amountMicros })).toSorted((a, b) => b.amountMicros - a.amountMicros);
    return { currency: basis.input.currency, timeZone: basis.timeZone, periodStart: new Date(basis.period.startMs), periodEnd: new Date(basis.period.endMs), days, instances };
  }, { isolation: "repeatable read", readOnly: true });
}

/** The windows behind one line of an issued invoice. @throws Problem `not-found` for somebody else's invoice or a line that it does not have. */
export async function listInvoiceLineWindows(context: Context, input: InvoiceRef & { readonly lineId: string }): Promise<readonly UsageWindowRow[]> {
  return windowsOf(context, await readInvoice(context, input), input.lineId);
}

/** The windows behind one line of anybody's invoice, a held one too; for operators. @throws Problem `not-found` as above. */
export async function listInvoiceLineWindowsForStaff(context: Context, input: { readonly invoiceId: string; readonly lineId: string }): Promise<readonly UsageWindowRow[]> {
  return windowsOf(context, await readInvoiceForStaff(context, input), input.lineId);
}

function windowsOf(context: Context, { invoice, lines }: InvoiceView, lineId: string): Promise<readonly UsageWindowRow[]> {
  const line = lines.find((candidate) => candidate.id === lineId);
  if (!line) throw notFound("invoice line", lineId);
  return inTransaction(context, (tx) => selectLineWindows(tx, invoice.organizationId, { from: invoice.periodStart, to: invoice.periodEnd }, line.windowIds), { readOnly: true });
}
