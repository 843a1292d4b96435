import { priced } from "./build-lines";
import { splitUsage } from "./split-usage";
import type { Meter, RateInput } from "./types";

/** What one resource used at one price on one day, at the price itself: terms and discounts of the month stand in their own lines. */
export interface DayShare {
  readonly dayStartMs: number;
  readonly meter: Meter;
  readonly resourceId: string;
  readonly instanceId: string;
  readonly priceVersionId: string;
  readonly unitMs: bigint;
  readonly amountMicros: bigint;
}

/**
 * Breaks use down by the day. `dayEdges` are beginnings of days, ascending, the last one is the end. A resource's days sum to its usage line to the
 * micro: each day gets what the line is after it less what it was before.
 */
export function breakDownByDay(input: Pick<RateInput, "windows" | "prices" | "period" | "currency">, dayEdges: readonly number[]): DayShare[] {
  const { pieces } = splitUsage(input.windows, input.prices.filter((price) => price.currency === input.currency), input.period, []);
  const days = new Map<string, Map<number, bigint>>();
  const samples = new Map<string, (typeof pieces)[number]>();
  for (const piece of pieces) {
    const key = `${piece.window.meter}:${piece.window.resourceId}:${piece.price.id}`;
    samples.set(key, piece);
    let own = days.get(key);
    if (!own) days.set(key, (own = new Map()));
    for (let at = firstDay(dayEdges, piece.startMs); at + 1 < dayEdges.length; at++) {
      const from = dayEdges[at] ?? 0;
      const to = dayEdges[at + 1] ?? 0;
      if (from >= piece.endMs) break;
      const ms = Math.min(to, piece.endMs) - Math.max(from, piece.startMs);
      if (ms > 0) own.set(from, (own.get(from) ?? 0n) + BigInt(ms) * BigInt(piece.window.quantity));
    }
  }
  return [...days].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([key, own]) => {
    const sample = samples.get(key);
    if (!sample) return [];
    let unitMs = 0n;
    let amount = 0n;
    return [...own].toSorted(([a], [b]) => a - b).map(([dayStartMs, units]): DayShare => {
      unitMs += units;
      const through = priced(unitMs, sample.price.microsPerHour);
      const share = through - amount;
      amount = through;
      return { dayStartMs, meter: sample.window.meter, resourceId: sample.window.resourceId, instanceId: sample.window.instanceId, priceVersionId: sample.price.id, unitMs: units, amountMicros: share };
    });
  });
}

/** The last edge at or before a moment. */
function firstDay(edges: readonly number[], at: number): number {
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((edges[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
