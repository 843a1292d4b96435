import { readFlavorNamesIn } from "@/server/catalog";
import { listUsageWindows, type UsageWindowRow } from "@/server/metering";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import type { RatedPeriod } from "@/server/rating";
import type { DraftLine, InvoiceDraft } from "../types";
import { gatherBasis } from "./gather-basis";
import { rateBasis } from "./rules";
import type { Basis } from "./types";

/**
 * The bill of the period around `at` (default: now), as it stands. Nothing is stored.
 * @throws Problem `bad-input` for a period that has not begun.
 */
export async function draftInvoice(context: Context, input: { readonly organizationId: string; readonly at?: Date }): Promise<InvoiceDraft> {
  const now = context.clock.now();
  const at = input.at ?? now;
  if (at > now) throw new Problem("bad-input", sentence("refused-draft-future"), { at: at.toISOString() });
  return inTransaction(context, async (tx) => {
    const basis = await gatherBasis(tx, input.organizationId, at);
    return toDraft(basis, rateBasis(basis), await readFlavorNamesIn(tx), now);
  }, { isolation: "repeatable read", readOnly: true });
}

function toDraft(basis: Basis, rated: RatedPeriod, flavors: ReadonlyMap<string, string>, now: Date): InvoiceDraft {
  const names = namesOf(basis);
  const lines = rated.lines.map(({ windowIds, quantityUnitMs, amountMicros, ...line }): DraftLine => ({
    ...line,
    instanceName: line.instanceId ? (names.get(line.instanceId) ?? null) : null,
    flavorName: line.flavorId ? (flavors.get(line.flavorId) ?? null) : null,
    label: line.reference ? (basis.labels.get(line.reference) ?? null) : null,
    labelWords: line.reference ? (basis.labelWords.get(line.reference) ?? null) : null,
    quantityUnitMs: Number(quantityUnitMs),
    amountMicros: Number(amountMicros),
    windowCount: windowIds.length,
  }));
  return {
    currency: rated.currency, periodStart: new Date(basis.period.startMs), periodEnd: new Date(basis.period.endMs), timeZone: basis.timeZone, asOf: now, lines,
    subtotalMicros: Number(rated.subtotalMicros), roundingMicros: Number(rated.roundingMicros), subtotalMinor: Number(rated.subtotalMinor),
    taxes: rated.taxes.map((group) => ({ rateBasisPoints: group.rateBasisPoints, netMinor: Number(group.netMinor), taxMinor: Number(group.taxMinor) })),
    taxMinor: Number(rated.taxMinor), totalMinor: Number(rated.totalMinor), unpricedWindows: rated.unpriced.length,
  };
}

/** Names of machines as the windows know them. */
export function namesOf(basis: Pick<Basis, "windows">): ReadonlyMap<string, string | null> {
  return new Map(basis.windows.map((window) => [window.instanceId, window.instanceName]));
}

/** The windows behind one line, newest first; empty when the key names no line of that period. */
export async function listLineWindows(context: Context, input: { readonly organizationId: string; readonly key: string; readonly at?: Date }): Promise<readonly UsageWindowRow[]> {
  return inTransaction(context, async (tx) => {
    const basis = await gatherBasis(tx, input.organizationId, input.at ?? context.clock.now());
    const line = rateBasis(basis).lines.find((candidate) => candidate.key === input.key);
    const wanted = new Set(line?.windowIds);
    return basis.windows.filter((window) => wanted.has(window.id));
  }, { isolation: "repeatable read", readOnly: true });
}

/** Windows by their ids, for the lines of an invoice. */
export async function selectLineWindows(tx: Transaction, organizationId: string, period: { readonly from: Date; readonly to: Date }, ids: readonly string[]): Promise<readonly UsageWindowRow[]> {
  return ids.length === 0 ? [] : listUsageWindows(tx, organizationId, { ...period, ids });
}
