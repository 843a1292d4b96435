import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { writeOutbox } from "@/server/platform/outbox";
import type { Sentence } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { formatMinor, totalLines, type Totals } from "@/server/rating";
import { readOrganization, recordAudit } from "@/server/tenancy";
import { insertUses } from "../credit";
import { applyBalance, postLedgerEntry } from "../ledger";
import { selectBillingEmails, selectIssuer, selectProfile, selectStaffEmails, takeNumber } from "../profile";
import { insertInvoice, insertLines, updateInvoice } from "./store";
import type { InvoiceRow, NewLine } from "./types";

const DAY_MS = 86_400_000;

export interface InvoiceDraftInput {
  readonly organizationId: string;
  readonly kind: "period" | "manual";
  readonly currency: string;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly lines: readonly NewLine[];
  /** Default: the issuer's term after now. */
  readonly dueAt?: Date;
  /** Credit grants that lines of the kind `credit` took from. */
  readonly creditUses?: readonly { readonly grantId: string; readonly amountMicros: number }[];
  /** Set: it is written, but neither numbered nor owed until an operator releases it. */
  readonly parkedReason?: Sentence;
}

/** Writes an invoice with its lines and seals it; unless parked it is numbered, owed and announced in the same transaction. */
export async function writeInvoice(tx: Transaction, context: Context, input: InvoiceDraftInput): Promise<InvoiceRow> {
  const now = context.clock.now();
  const totals = totalLines(input.lines, input.currency);
  const row = await insertInvoice(tx, await headOf(tx, input, totals, now, mintId("invoice", context)));
  await insertLines(tx, input.lines.map((line, index) => ({
    ...line, id: mintId("invoiceLine", context), organizationId: input.organizationId, invoiceId: row.id, position: index + 1,
    description: { ...line.description }, windowIds: [...line.windowIds], quantityUnitMs: Number(line.quantityUnitMs), amountMicros: Number(line.amountMicros), createdAt: now,
  })));
  await insertUses(tx, (input.creditUses ?? []).map((use) => ({ ...use, organizationId: input.organizationId, invoiceId: row.id, kind: "use" as const, createdAt: now })));
  const sealed = await updateInvoice(tx, row.id, { sealedAt: now });
  if (input.parkedReason === undefined) return issueSealed(tx, context, sealed, input.dueAt);
  await tell(tx, context, await selectStaffEmails(tx), "An unusual invoice waits for you", `An invoice over ${formatMinor(totals.totalMinor, input.currency)} ${input.currency} for the organization ${input.organizationId} was parked. ${input.parkedReason.text}\nRelease or void it on the page of parked invoices; nothing is owed until then.`);
  await announce(tx, { organizationId: null, topic: "billing", id: row.id });
  await recordAudit(tx, context, { organizationId: input.organizationId, action: "invoice.parked", targetKind: "invoice", targetId: row.id, after: { totalMinor: sealed.totalMinor, currency: sealed.currency, reason: input.parkedReason.text } });
  return sealed;
}

async function headOf(tx: Transaction, input: InvoiceDraftInput, totals: Totals, now: Date, id: string) {
  const [issuer, profile, organization] = [await selectIssuer(tx), await selectProfile(tx, input.organizationId), await readOrganization(tx, input.organizationId)];
  return {
    id, organizationId: input.organizationId, issuerId: issuer.id, kind: input.kind, currency: input.currency, periodStart: input.periodStart, periodEnd: input.periodEnd,
    // It has no number yet: a number is taken last, because its row is everybody's.
    status: "parked" as const, number: null, issuedAt: now, parkedReason: input.parkedReason?.text ?? null, parkedWords: input.parkedReason?.words ?? null,
    subtotalMinor: Number(totals.subtotalMinor), taxMinor: Number(totals.taxMinor), totalMinor: Number(totals.totalMinor), roundingMicros: Number(totals.roundingMicros),
    taxes: totals.taxes.map((group) => ({ rateBasisPoints: group.rateBasisPoints, netMinor: Number(group.netMinor), taxMinor: Number(group.taxMinor) })),
    seller: { name: issuer.legalName, address: issuer.address, country: issuer.country, registrationNumber: issuer.registrationNumber, ...(issuer.bankText === "" ? {} : { bankText: issuer.bankText }) },
    buyer: profile ? { name: profile.legalName, address: profile.address, country: profile.country, registrationNumber: profile.taxId } : { name: organization.name, address: "", country: "JP", registrationNumber: null },
  };
}

/** Gives a sealed invoice its number and its date, posts what is owed, and puts money in advance to it. */
export async function issueSealed(tx: Transaction, context: Context, sealed: InvoiceRow, dueAt?: Date): Promise<InvoiceRow> {
  const now = context.clock.now();
  const issuer = await selectIssuer(tx);
  const due = dueAt ?? new Date(now.getTime() + issuer.paymentTermDays * DAY_MS);
  const number = await takeNumber(tx, "invoice");
  let row = await updateInvoice(tx, sealed.id, { status: "issued", number, issuedAt: now, dueAt: due });
  if (row.totalMinor === 0) row = await updateInvoice(tx, row.id, { status: "paid" });
  else {
    await postLedgerEntry(tx, context, { organizationId: row.organizationId, kind: "invoice", currency: row.currency, amountMinor: row.totalMinor, invoiceId: row.id, reference: number, idempotencyKey: `invoice:${row.id}` });
    const applied = await applyBalance(tx, context, row);
    if (applied === row.totalMinor) row = { ...row, status: "paid" };
  }
  await tell(tx, context, await selectBillingEmails(tx, row.organizationId), `Invoice ${number}`, `Invoice ${number} over ${formatMinor(BigInt(row.totalMinor), row.currency)} ${row.currency} is ready in the portal. It is due on ${due.toISOString().slice(0, 10)}.`, row.organizationId);
  await wake(tx, "push-payments", "dun-organizations");
  await announce(tx, { organizationId: row.organizationId, topic: "billing", id: row.id });
  await recordAudit(tx, context, { organizationId: row.organizationId, action: "invoice.issued", targetKind: "invoice", targetId: row.id, after: { number, totalMinor: row.totalMinor, currency: row.currency, dueAt: due.toISOString() } });
  return row;
}

/** One message a person, in the transaction that makes it true. */
export async function tell(tx: Transaction, context: Context, addresses: readonly string[], subject: string, text: string, organizationId: string | null = null): Promise<void> {
  for (const to of addresses) await writeOutbox(tx, { ...context, organizationId }, { topic: "mail", payload: { to, subject, text } });
}
