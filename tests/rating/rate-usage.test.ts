import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divideHalfEven, microsPerMinor, rateUsage, type PriceVersion, type UsageWindow } from "@/server/rating";

const HOUR = 3_600_000;
const period = { startMs: 0, endMs: 31 * 24 * HOUR };
const price = (id: string, microsPerHour: number, validFromMs = 0, currency = "JPY"): PriceVersion => ({ id, meter: "instance", flavorId: "flv_a", currency, microsPerHour, validFromMs });
const window = (id: string, startedAtMs: number, endedAtMs: number, resourceId = "ins_a"): UsageWindow => ({ id, meter: "instance", resourceId, instanceId: resourceId, flavorId: "flv_a", quantity: 1, startedAtMs, endedAtMs });

describe("rating", () => {
  it("bills one hour at the hour's price and rounds the total once, with the difference shown", () => {
    const rated = rateUsage({ windows: [window("w", 0, HOUR), window("v", 0, HOUR, "ins_b")], prices: [price("p", 1_300_000)], period, currency: "JPY" });
    expect(rated.lines.map((line) => line.amountMicros)).toEqual([1_300_000n, 1_300_000n]);
    expect(rated).toMatchObject({ subtotalMicros: 2_600_000n, totalMinor: 3n, roundingMicros: 400_000n });
  });

  it("splits a window at the moment a new price begins", () => {
    const rated = rateUsage({ windows: [window("w", 0, 2 * HOUR)], prices: [price("old", 1_000_000), price("new", 3_000_000, HOUR)], period, currency: "JPY" });
    expect(rated.lines.map((line) => [line.priceVersionId, line.amountMicros])).toEqual([["new", 3_000_000n], ["old", 1_000_000n]]);
  });

  it("names use that no price covers instead of giving it away", () => {
    const rated = rateUsage({ windows: [window("w", 0, HOUR)], prices: [price("late", 1, HOUR / 2)], period, currency: "JPY" });
    expect(rated.unpriced).toEqual([{ windowId: "w", meter: "instance", flavorId: "flv_a", unitMs: BigInt(HOUR / 2) }]);
    expect(rateUsage({ windows: [window("w", 0, HOUR)], prices: [], period, currency: "JPY" }).unpriced[0]?.unitMs).toBe(BigInt(HOUR));
  });

  it("refuses a currency whose smallest coin it does not know", () => {
    expect(() => microsPerMinor("XXX")).toThrow(/not known/);
  });

  it("rounds halves to even, on both sides of zero", () => {
    expect([5n, 15n, 25n, -5n, -15n].map((n) => divideHalfEven(n, 10n))).toEqual([0n, 2n, 2n, -0n, -2n]);
  });
});

const life = fc.record({
  cuts: fc.uniqueArray(fc.integer({ min: 1, max: 10 * HOUR - 1 }), { maxLength: 12 }),
  hourly: fc.integer({ min: 0, max: 10_000_000_000 }),
  change: fc.integer({ min: 0, max: 12 * HOUR }),
  currency: fc.constantFrom("JPY", "USD", "KWD"),
});

describe("properties of rating", () => {
  it("cutting a window anywhere never changes an amount, and lines plus rounding are the total", () => {
    fc.assert(
      fc.property(life, ({ cuts, hourly, change, currency }) => {
        const prices = [price("one", hourly, 0, currency), price("two", hourly + 7, change, currency)];
        const edges = [0, ...cuts.toSorted((a, b) => a - b), 10 * HOUR];
        const pieces = edges.slice(1).map((end, index) => window(`w${index}`, edges[index] ?? 0, end));
        const whole = rateUsage({ windows: [window("whole", 0, 10 * HOUR)], prices, period, currency });
        const cut = rateUsage({ windows: pieces, prices, period, currency });
        expect(cut.lines.map((line) => [line.key, line.amountMicros, line.quantityUnitMs])).toEqual(whole.lines.map((line) => [line.key, line.amountMicros, line.quantityUnitMs]));
        expect(cut.lines.reduce((sum, line) => sum + line.amountMicros, 0n) + cut.roundingMicros).toBe(cut.totalMinor * microsPerMinor(currency));
        expect(whole.lines.reduce((sum, line) => sum + line.quantityUnitMs, 0n)).toBe(BigInt(10 * HOUR));
      }),
    );
  });
});
