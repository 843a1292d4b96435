import { divideHalfEven, microsPerMinor } from "./money";
import type { Period, PriceVersion, RatedLine, RatedPeriod, UsageWindow } from "./types";

const MS_PER_HOUR = 3_600_000n;

interface Draft {
  readonly window: UsageWindow;
  readonly price: PriceVersion;
  quantityUnitMs: bigint;
  readonly windowIds: string[];
}

/**
 * Rates the use inside one period. Windows are clipped to the period and split where a price changes; a resource's
 * use at one price is summed before it is divided, so that cutting a window in two never changes an amount.
 * amount = unit-milliseconds x micros an hour / 3,600,000, rounded half to even once a line.
 */
export function rateUsage(input: {
  readonly windows: readonly UsageWindow[];
  readonly prices: readonly PriceVersion[];
  readonly period: Period;
  readonly currency: string;
}): RatedPeriod {
  const minor = microsPerMinor(input.currency);
  const priceLists = groupPrices(input.prices.filter((price) => price.currency === input.currency));
  const drafts = new Map<string, Draft>();
  const unpriced: RatedPeriod["unpriced"][number][] = [];

  for (const window of input.windows) {
    const from = Math.max(window.startedAtMs, input.period.startMs);
    const to = Math.min(window.endedAtMs, input.period.endMs);
    if (to <= from) continue;
    const versions = priceLists.get(priceKey(window.meter, window.flavorId)) ?? [];
    const firstPriced = versions[0] ? Math.max(from, versions[0].validFromMs) : to;
    if (firstPriced > from) {
      unpriced.push({ windowId: window.id, meter: window.meter, flavorId: window.flavorId, unitMs: BigInt(Math.min(firstPriced, to) - from) * BigInt(window.quantity) });
    }
    versions.forEach((price, index) => {
      const start = Math.max(from, price.validFromMs);
      const end = Math.min(to, versions[index + 1]?.validFromMs ?? to);
      if (end <= start) return;
      const key = `${window.meter}:${window.resourceId}:${price.id}`;
      const draft = drafts.get(key) ?? { window, price, quantityUnitMs: 0n, windowIds: [] };
      draft.quantityUnitMs += BigInt(end - start) * BigInt(window.quantity);
      draft.windowIds.push(window.id);
      drafts.set(key, draft);
    });
  }

  const lines = [...drafts].map(([key, draft]) => toLine(key, draft)).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const subtotalMicros = lines.reduce((sum, line) => sum + line.amountMicros, 0n);
  const totalMinor = divideHalfEven(subtotalMicros, minor);
  return { currency: input.currency, period: input.period, lines, subtotalMicros, roundingMicros: totalMinor * minor - subtotalMicros, totalMinor, unpriced };
}

function toLine(key: string, draft: Draft): RatedLine {
  const { window, price } = draft;
  return {
    key,
    meter: window.meter,
    resourceId: window.resourceId,
    instanceId: window.instanceId,
    flavorId: window.flavorId,
    priceVersionId: price.id,
    microsPerHour: price.microsPerHour,
    quantityUnitMs: draft.quantityUnitMs,
    amountMicros: divideHalfEven(draft.quantityUnitMs * BigInt(price.microsPerHour), MS_PER_HOUR),
    windowIds: draft.windowIds,
  };
}

function priceKey(meter: string, flavorId: string | null): string {
  return `${meter}:${flavorId ?? ""}`;
}

/** Versions of each thing on sale, oldest first. */
function groupPrices(prices: readonly PriceVersion[]): Map<string, PriceVersion[]> {
  const lists = new Map<string, PriceVersion[]>();
  for (const price of prices.toSorted((a, b) => a.validFromMs - b.validFromMs)) {
    const key = priceKey(price.meter, price.flavorId);
    const list = lists.get(key);
    if (list) list.push(price);
    else lists.set(key, [price]);
  }
  return lists;
}
