import type { Discount, Period, PriceVersion, Unpriced, UsageWindow } from "./types";

/** A stretch of one window in which price and discounts stay the same. */
export interface Piece {
  readonly window: UsageWindow;
  readonly price: PriceVersion;
  readonly startMs: number;
  readonly endMs: number;
  /** Unit-milliseconds; below 2^53 for any month of one resource. */
  readonly unitMs: number;
  /** What of it a commitment pays for. */
  coveredUnitMs: number;
  /** Positions of the discounts that lower it. */
  readonly discounts: readonly number[];
}

/** What has a price of its own: meter, flavor, storage class. */
export function priceKey(meter: string, flavorId: string | null, storageClass: string | null): string {
  return `${meter}:${flavorId ?? ""}:${storageClass ?? ""}`;
}

/** Versions of each thing on sale, oldest first. */
function groupPrices(prices: readonly PriceVersion[]): Map<string, PriceVersion[]> {
  const lists = new Map<string, PriceVersion[]>();
  for (const price of prices.toSorted((a, b) => a.validFromMs - b.validFromMs)) {
    const key = priceKey(price.meter, price.flavorId, price.storageClass ?? null);
    const list = lists.get(key);
    if (list) list.push(price);
    else lists.set(key, [price]);
  }
  return lists;
}

/** Clips windows to the period and cuts them wherever a price or a discount begins or ends. Use without a price is named. */
export function splitUsage(windows: readonly UsageWindow[], prices: readonly PriceVersion[], period: Period, discounts: readonly Discount[]): { readonly pieces: Piece[]; readonly unpriced: Unpriced[] } {
  const lists = groupPrices(prices);
  const pieces: Piece[] = [];
  const unpriced: Unpriced[] = [];
  for (const window of windows) {
    const from = Math.max(window.startedAtMs, period.startMs);
    const to = Math.min(window.endedAtMs, period.endMs);
    if (to <= from) continue;
    const storageClass = window.storageClass ?? null;
    const own = storageClass === null ? [] : (lists.get(priceKey(window.meter, window.flavorId, storageClass)) ?? []);
    const versions = lists.get(priceKey(window.meter, window.flavorId, null)) ?? [];
    const mine = discounts.flatMap((discount, index) => (discount.meters === null || discount.meters.includes(window.meter)) && discount.startMs < to && discount.endMs > from ? [index] : []);
    const edges = edgesOf(from, to, own, versions, mine.flatMap((index) => [discounts[index]?.startMs ?? from, discounts[index]?.endMs ?? to]));
    for (let at = 0; at + 1 < edges.length; at++) {
      const startMs = edges[at] ?? from;
      const endMs = edges[at + 1] ?? to;
      const unitMs = (endMs - startMs) * window.quantity;
      const price = inForce(own, startMs) ?? inForce(versions, startMs);
      if (!price) {
        unpriced.push({ windowId: window.id, meter: window.meter, flavorId: window.flavorId, unitMs: BigInt(unitMs) });
        continue;
      }
      const active = mine.length === 0 ? mine : mine.filter((index) => (discounts[index]?.startMs ?? to) <= startMs && (discounts[index]?.endMs ?? from) >= endMs);
      pieces.push({ window, price, startMs, endMs, unitMs, coveredUnitMs: 0, discounts: active });
    }
  }
  return { pieces, unpriced: mergeUnpriced(unpriced) };
}

function edgesOf(from: number, to: number, own: readonly PriceVersion[], versions: readonly PriceVersion[], others: readonly number[]): readonly number[] {
  const inside = [...own, ...versions].map((price) => price.validFromMs).concat(others).filter((at) => at > from && at < to);
  return inside.length === 0 ? [from, to] : [from, ...new Set(inside.toSorted((a, b) => a - b)), to];
}

/** The newest version that has begun. */
function inForce(versions: readonly PriceVersion[], at: number): PriceVersion | null {
  let found: PriceVersion | null = null;
  for (const version of versions) {
    if (version.validFromMs > at) break;
    found = version;
  }
  return found;
}

/** One entry a window, however often it was cut. */
function mergeUnpriced(entries: readonly Unpriced[]): Unpriced[] {
  const merged = new Map<string, Unpriced>();
  for (const entry of entries) {
    const before = merged.get(entry.windowId);
    merged.set(entry.windowId, before ? { ...before, unitMs: before.unitMs + entry.unitMs } : entry);
  }
  return [...merged.values()];
}
