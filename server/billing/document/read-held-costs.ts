import type { UsageWindowRow } from "@/server/metering";
import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { breakDownByDay, type Period } from "@/server/rating";
import { gatherBasis, toWindow, type Basis } from "../draft";
import type { HeldCost, HeldCosts, Holding } from "./types";

/**
 * What the named machines used and cost in the period around a moment (default: now), split to the millisecond by who held each of them: a machine's
 * parts sum to its usage lines to the micro. At list price: terms, discounts and tax are of the month as a whole. Storage is charged whether a
 * machine runs or not, the machine itself only while it runs.
 */
export async function readHeldCosts(context: Context, input: { readonly organizationId: string; readonly at?: Date; readonly instanceIds: readonly string[]; readonly holdings: readonly Holding[] }): Promise<HeldCosts> {
  const now = context.clock.now();
  const basis = await inTransaction(context, (tx) => gatherBasis(tx, input.organizationId, input.at ?? now), { isolation: "repeatable read", readOnly: true });
  const wanted = new Set(input.instanceIds);
  const windows = byInstance(basis.windows.filter(({ instanceId }) => wanted.has(instanceId)));
  const holdings = byInstance(input.holdings);
  const rows = [...windows].flatMap(([instanceId, own]) => splitInstance(basis, instanceId, own, holdings.get(instanceId) ?? []));
  return { currency: basis.input.currency, timeZone: basis.timeZone, periodStart: new Date(basis.period.startMs), periodEnd: new Date(basis.period.endMs), asOf: now, rows };
}

function byInstance<T extends { readonly instanceId: string }>(rows: readonly T[]): Map<string, T[]> {
  const grouped = new Map<string, T[]>();
  for (const row of rows) {
    const own = grouped.get(row.instanceId);
    if (own) own.push(row);
    else grouped.set(row.instanceId, [row]);
  }
  return grouped;
}

function splitInstance({ input, period }: Basis, instanceId: string, own: readonly UsageWindowRow[], holdings: readonly Holding[]): HeldCost[] {
  const edges = edgesOf(period, holdings);
  const sums = new Map<string | null, { runningMs: number; storageGiBMs: number; runningMicros: number; otherMicros: number }>();
  const sumOf = (atMs: number) => {
    const holder = holderAt(holdings, atMs);
    let sum = sums.get(holder);
    if (!sum) sums.set(holder, (sum = { runningMs: 0, storageGiBMs: 0, runningMicros: 0, otherMicros: 0 }));
    return sum;
  };
  for (const window of own) {
    for (const [index, from] of edges.slice(0, -1).entries()) {
      const ms = Math.min(window.endedAt.getTime(), edges[index + 1] ?? from) - Math.max(window.startedAt.getTime(), from);
      if (ms <= 0) continue;
      if (window.meter === "instance") sumOf(from).runningMs += ms * window.quantity;
      if (window.meter === "storage") sumOf(from).storageGiBMs += ms * window.quantity;
    }
  }
  for (const share of breakDownByDay({ ...input, windows: own.map(toWindow) }, edges)) {
    const sum = sumOf(share.dayStartMs);
    if (share.meter === "instance") sum.runningMicros += Number(share.amountMicros);
    else sum.otherMicros += Number(share.amountMicros);
  }
  return [...sums].map(([holderId, sum]) => ({ instanceId, holderId, ...sum }));
}

/** Moments at which the holder changes, within the period and with its ends. */
function edgesOf(period: Period, holdings: readonly Holding[]): number[] {
  const inside = holdings.flatMap(({ startedAt, endedAt }) => [startedAt.getTime(), ...(endedAt ? [endedAt.getTime()] : [])]).filter((at) => at > period.startMs && at < period.endMs);
  return [...new Set([period.startMs, ...inside, period.endMs])].toSorted((a, b) => a - b);
}

function holderAt(holdings: readonly Holding[], atMs: number): string | null {
  return holdings.find(({ startedAt, endedAt }) => startedAt.getTime() <= atMs && (endedAt === null || endedAt.getTime() > atMs))?.holderId ?? null;
}
