import { assignAdjustments, notePeriodBilled } from "@/server/metering";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import type { RatedPeriod } from "@/server/rating";
import { lockGrants } from "../credit";
import { gatherBasis, namesOf, rateBasis, type Basis } from "../draft";
import { keepEvidence } from "../evidence";
import { selectInvoiceOfPeriod, selectRecentTotals, writeInvoice, type InvoiceRow, type NewLine } from "../invoice";
import { parkedReason, USUAL_INVOICES } from "./rules";
import { lockPeriod } from "./store";

export interface Issued {
  readonly outcome: "issued" | "parked" | "nothing" | "already";
  readonly invoice: InvoiceRow | null;
}

/**
 * Makes the invoice of one closed period: exactly one, whoever asks and however often; the same lines and totals as the draft showed.
 * It is parked for an operator when it is unusual or has use without a price.
 * @throws Problem `bad-input` for a period that is not closed.
 */
export function issueInvoice(context: Context, input: { readonly organizationId: string; readonly periodStart: Date }): Promise<Issued> {
  return inTransaction(context, (tx) => issueIn(tx, context, input.organizationId, input.periodStart));
}

async function issueIn(tx: Transaction, context: Context, organizationId: string, periodStart: Date): Promise<Issued> {
  const period = await lockPeriod(tx, organizationId, periodStart);
  if (!period) throw new Problem("bad-input", `No invoice was issued: the period from ${periodStart.toISOString()} is not closed.`, { organizationId });
  const existing = await selectInvoiceOfPeriod(tx, organizationId, periodStart);
  if (existing) {
    if (period.billedAt === null) await notePeriodBilled(tx, organizationId, periodStart, context.clock.now());
    return { outcome: "already", invoice: existing };
  }
  if (period.billedAt !== null) return { outcome: "nothing", invoice: null };
  await lockGrants(tx, organizationId);
  const basis = await gatherBasis(tx, organizationId, periodStart);
  const rated = rateBasis(basis);
  if (rated.lines.length === 0 && rated.unpriced.length === 0) {
    await notePeriodBilled(tx, organizationId, periodStart, context.clock.now());
    return { outcome: "nothing", invoice: null };
  }
  const reason = parkedReason(rated, await selectRecentTotals(tx, organizationId, periodStart, USUAL_INVOICES));
  const invoice = await writeInvoice(tx, context, {
    organizationId, kind: "period", currency: rated.currency, periodStart, periodEnd: period.endedAt, lines: toLines(basis, rated),
    creditUses: rated.discountUses.filter((use) => use.kind === "credit").map((use) => ({ grantId: use.id, amountMicros: Number(use.amountMicros) })),
    ...(reason === null ? {} : { parkedReason: reason }),
  });
  await assignAdjustments(tx, basis.adjustmentIds, invoice.id);
  await keepEvidence(tx, context, invoice, basis, rated);
  await notePeriodBilled(tx, organizationId, periodStart, context.clock.now());
  return { outcome: reason === null ? "issued" : "parked", invoice };
}

function toLines(basis: Basis, rated: RatedPeriod): NewLine[] {
  const names = namesOf(basis);
  return rated.lines.map((line) => ({
    kind: line.kind, key: line.key, meter: line.meter, resourceId: line.resourceId, instanceId: line.instanceId, flavorId: line.flavorId, priceVersionId: line.priceVersionId, reference: line.reference,
    description: {
      instanceName: line.instanceId ? (names.get(line.instanceId) ?? null) : null, label: line.reference ? (basis.labels.get(line.reference) ?? null) : null,
      ...(line.reference && basis.labelWords.has(line.reference) ? { labelWords: basis.labelWords.get(line.reference) } : {}), storageClass: line.storageClass,
    },
    quantityUnitMs: line.quantityUnitMs, microsPerHour: line.microsPerHour, amountMicros: line.amountMicros, taxRateBasisPoints: line.taxRateBasisPoints, windowIds: line.windowIds,
  }));
}
