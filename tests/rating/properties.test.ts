import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { correctWindows, microsPerMinor, rateAdjustments, rateUsage, type LateUse, type RateInput, type UsageWindow } from "@/server/rating";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const period = { startMs: 0, endMs: 30 * DAY };
const moment = fc.integer({ min: 0, max: period.endMs });

/** Runs of a few resources: no two of one resource overlap, as the database has it. */
const windows: fc.Arbitrary<UsageWindow[]> = fc
  .array(fc.record({ flavor: fc.constantFrom("flv_a", "flv_b"), edges: fc.uniqueArray(moment, { minLength: 2, maxLength: 9 }), movable: fc.boolean(), meter: fc.constantFrom("instance" as const, "storage" as const), quantity: fc.integer({ min: 1, max: 200 }) }), { minLength: 1, maxLength: 5 })
  .map((resources) =>
    resources.flatMap((resource, index) => {
      const edges = resource.edges.toSorted((a, b) => a - b);
      const stored = resource.meter === "storage";
      return edges.slice(1).flatMap((endedAtMs, at): UsageWindow[] => (at % 2 === 1 ? [] : [{
        id: `w${index}.${at}`, meter: resource.meter, resourceId: `r${index}`, instanceId: `r${index}`, flavorId: stored ? null : resource.flavor, quantity: stored ? resource.quantity : 1, movable: resource.movable, startedAtMs: edges[at] ?? 0, endedAtMs,
      }]));
    }),
  );

const terms = fc.record({
  microsPerHour: fc.integer({ min: 0, max: 50_000_000 }),
  incrementSeconds: fc.constantFrom(1, 60, 3_600),
  minimumSeconds: fc.constantFrom(0, 60, 3_600),
  minimumMicros: fc.constantFrom(0, 10_000),
  monthlyCapMicros: fc.constantFrom(null, 5_000_000, 5_000_000_000),
  movableDiscountBasisPoints: fc.constantFrom(0, 1_500),
  includedUnitHours: fc.constantFrom(0, 50),
  tiers: fc.constantFrom([], [{ fromUnitHours: 100, microsPerHour: 1_000 }, { fromUnitHours: 1_000, microsPerHour: 10 }]),
  validFromMs: fc.constantFrom(0, 3 * DAY, 11 * DAY + 1),
  taxCategory: fc.constantFrom("standard" as const, "reduced" as const),
});

const input: fc.Arbitrary<RateInput> = fc
  .record({
    windows,
    prices: fc.array(fc.record({ target: fc.constantFrom("flv_a", "flv_b", null), terms }), { minLength: 1, maxLength: 6 }),
    currency: fc.constantFrom("JPY", "USD", "BHD"),
    commitments: fc.array(fc.record({ flavorId: fc.constantFrom("flv_a", "flv_b"), units: fc.integer({ min: 1, max: 3 }), microsPerHour: fc.integer({ min: 0, max: 1_000_000 }), a: moment, b: moment }), { maxLength: 3 }),
    discounts: fc.array(fc.record({ kind: fc.constantFrom("coupon" as const, "credit" as const), basisPoints: fc.constantFrom(10_000, 2_500), a: moment, b: moment, leftMicros: fc.constantFrom(null, 1_000_000n, 10_000_000_000n), coversFees: fc.boolean() }), { maxLength: 3 }),
  })
  .map(({ windows: used, prices, currency, commitments, discounts }) => ({
    windows: used, currency, period,
    prices: prices.map(({ target, terms: own }, index) => ({ ...own, id: `p${index}`, meter: target === null ? ("storage" as const) : ("instance" as const), flavorId: target, currency, validFromMs: own.validFromMs + index })),
    commitments: commitments.map((one, index) => ({ id: `c${index}`, meter: "instance" as const, flavorId: one.flavorId, units: one.units, microsPerHour: one.microsPerHour, startMs: Math.min(one.a, one.b), endMs: Math.max(one.a, one.b) })),
    discounts: discounts.map((one, index) => ({ id: `d${index}`, kind: one.kind, basisPoints: one.basisPoints, startMs: Math.min(one.a, one.b), endMs: Math.max(one.a, one.b) + 1, meters: null, leftMicros: one.leftMicros, coversFees: one.coversFees })),
    taxRates: { standard: 1000, reduced: 800, exempt: 0 },
  }));

const cutAt = (list: readonly UsageWindow[], cuts: readonly number[]): UsageWindow[] =>
  list.flatMap((window) => {
    const edges = [window.startedAtMs, ...new Set(cuts.filter((at) => at > window.startedAtMs && at < window.endedAtMs).toSorted((a, b) => a - b)), window.endedAtMs];
    return edges.slice(1).map((endedAtMs, at) => ({ ...window, id: `${window.id}#${at}`, startedAtMs: edges[at] ?? 0, endedAtMs }));
  });
const money = (rated: ReturnType<typeof rateUsage>) => [rated.lines.map((line) => [line.key, line.amountMicros, line.quantityUnitMs, line.taxRateBasisPoints]), rated.taxes, rated.totalMinor, rated.discountUses];

describe("whatever the price book", () => {
  it("cutting, merging and reordering windows changes no line; lines and rounding are the total; nothing is below zero", () => {
    fc.assert(
      fc.property(input, fc.array(moment, { maxLength: 20 }), (whole, cuts) => {
        const rated = rateUsage(whole);
        expect(money(rateUsage({ ...whole, windows: cutAt(whole.windows, cuts).toReversed() }))).toEqual(money(rated));
        const sum = rated.lines.reduce((total, line) => total + line.amountMicros, 0n);
        expect(sum + rated.roundingMicros).toBe(rated.subtotalMinor * microsPerMinor(whole.currency));
        expect(rated.taxes.reduce((total, group) => total + group.netMinor + group.taxMinor, 0n)).toBe(rated.totalMinor);
        expect(rated.subtotalMinor >= 0n).toBe(true);
        expect(new Set(rated.lines.map((line) => line.key)).size).toBe(rated.lines.length);
        for (const use of rated.discountUses) {
          const left = whole.discounts?.find((discount) => discount.id === use.id)?.leftMicros ?? null;
          expect(left === null || use.amountMicros <= left).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("late facts cost exactly what they would have cost in time, in whatever parts they come", () => {
    fc.assert(
      fc.property(input, fc.array(fc.record({ a: moment, b: moment, add: fc.boolean() }), { minLength: 1, maxLength: 4 }), (whole, facts) => {
        const { discounts: _none, ...closed } = whole;
        const late = facts.map((fact, index): LateUse => ({
          id: `late${index}`, meter: "instance", resourceId: fact.add ? `new${index}` : "r0", instanceId: "r0", flavorId: "flv_a", quantity: 1, startedAtMs: Math.min(fact.a, fact.b), endedAtMs: Math.max(fact.a, fact.b), direction: fact.add ? "add" : "withdraw",
        }));
        const total = (lines: readonly { readonly amountMicros: bigint }[]) => lines.reduce((sum, line) => sum + line.amountMicros, 0n);
        const expected = total(rateUsage({ ...closed, windows: correctWindows(closed.windows, late) }).lines) - total(rateUsage(closed).lines);
        expect(total(rateAdjustments({ closed, known: [], late }))).toBe(expected);
        expect(total(rateAdjustments({ closed, known: [], late: late.slice(0, 1) })) + total(rateAdjustments({ closed, known: late.slice(0, 1), late: late.slice(1) }))).toBe(expected);
      }),
      { numRuns: 100 },
    );
  });
});
