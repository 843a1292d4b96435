import { listPriceVersionsIn, readFlavorNamesIn } from "@/server/catalog";
import { listUsageWindows, type UsageWindowRow } from "@/server/metering";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { rateUsage, type RatedPeriod } from "@/server/rating";
import { readOrganization } from "@/server/tenancy";
import { billingPeriod } from "../rules";
import type { DraftLine, InvoiceDraft } from "../types";

interface Basis {
  readonly rated: RatedPeriod;
  readonly windows: readonly UsageWindowRow[];
  readonly timeZone: string;
  readonly period: { readonly start: Date; readonly end: Date };
}

/** Reads and rates one month of an organization in one repeatable-read snapshot, so that lines and windows agree. */
async function rateMonth(tx: Transaction, context: Context, organizationId: string, at: Date): Promise<Basis> {
  const organization = await readOrganization(tx, organizationId);
  const period = billingPeriod(organization.timeZone, at);
  const windows = await listUsageWindows(tx, organizationId, { from: period.start, to: period.end });
  const prices = await listPriceVersionsIn(tx, organization.currency);
  const rated = rateUsage({
    currency: organization.currency,
    period: { startMs: period.start.getTime(), endMs: period.end.getTime() },
    prices: prices.map((price) => ({ ...price, validFromMs: price.validFrom.getTime() })),
    windows: windows.map((window) => ({ ...window, startedAtMs: window.startedAt.getTime(), endedAtMs: window.endedAt.getTime() })),
  });
  return { rated, windows, timeZone: organization.timeZone, period };
}

/**
 * The bill of the month around `at` (default: now), as it stands. Nothing is stored.
 * @throws Problem `bad-input` for a month that has not begun.
 */
export async function draftInvoice(context: Context, input: { readonly organizationId: string; readonly at?: Date }): Promise<InvoiceDraft> {
  const now = context.clock.now();
  const at = input.at ?? now;
  if (at > now) throw new Problem("bad-input", "A bill can be drafted for a month that has begun; this one has not. Choose this month or an earlier one.", { at: at.toISOString() });
  return inTransaction(
    context,
    async (tx) => {
      const { rated, windows, timeZone, period } = await rateMonth(tx, context, input.organizationId, at);
      const names = new Map(windows.map((window) => [window.instanceId, window.instanceName]));
      const flavors = await readFlavorNamesIn(tx);
      const lines: DraftLine[] = rated.lines.map(({ windowIds, quantityUnitMs, amountMicros, ...line }) => ({
        ...line,
        instanceName: names.get(line.instanceId) ?? null,
        flavorName: line.flavorId ? (flavors.get(line.flavorId) ?? null) : null,
        quantityUnitMs: Number(quantityUnitMs),
        amountMicros: Number(amountMicros),
        windowCount: windowIds.length,
      }));
      return {
        currency: rated.currency,
        periodStart: period.start,
        periodEnd: period.end,
        timeZone,
        asOf: now,
        lines,
        subtotalMicros: Number(rated.subtotalMicros),
        roundingMicros: Number(rated.roundingMicros),
        totalMinor: Number(rated.totalMinor),
        unpricedWindows: rated.unpriced.length,
      };
    },
    { isolation: "repeatable read", readOnly: true },
  );
}

/** The windows behind one line, newest first; empty when the key names no line of that month. */
export async function listLineWindows(context: Context, input: { readonly organizationId: string; readonly key: string; readonly at?: Date }): Promise<readonly UsageWindowRow[]> {
  return inTransaction(
    context,
    async (tx) => {
      const { rated, windows } = await rateMonth(tx, context, input.organizationId, input.at ?? context.clock.now());
      const wanted = new Set(rated.lines.find((line) => line.key === input.key)?.windowIds);
      return windows.filter((window) => wanted.has(window.id));
    },
    { isolation: "repeatable read", readOnly: true },
  );
}
