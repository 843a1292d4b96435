import { describe, expect, it } from "vitest";
import { formatMinor, rateUsage, type PriceVersion, type RateInput, type UsageWindow } from "@/server/rating";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const MONTH = { startMs: Date.UTC(2026, 0, 1), endMs: Date.UTC(2026, 1, 1) };

const use = (hours: number, fields: Partial<UsageWindow> = {}): UsageWindow => ({ id: "w", meter: "instance", resourceId: "one", instanceId: "one", flavorId: "flv", quantity: 1, startedAtMs: MONTH.startMs, endedAtMs: MONTH.startMs + Math.round(hours * HOUR), ...fields });
const bill = (price: Omit<PriceVersion, "id" | "meter" | "flavorId" | "validFromMs">, windows: readonly UsageWindow[], rest: Partial<RateInput> = {}) => {
  const rated = rateUsage({ windows, prices: [{ id: "p", meter: "instance", flavorId: "flv", validFromMs: 0, ...price }], period: MONTH, currency: price.currency, ...rest });
  return formatMinor(rated.subtotalMinor, price.currency);
};

/**
 * "As of January 1, 2026, DigitalOcean bills Droplets per second, with a minimum charge of 60 seconds or $0.01 (whichever is
 * higher)", up to the monthly cost, which is 672 hours (digitalocean.com/community/questions: i-got-a-droplet-and-chose-the-
 * monthly-payment-option..., for-billing-what-constitutes-use). The $4 Droplet: 4 / 672 = $0.00595 an hour.
 */
describe("DigitalOcean's price book", () => {
  const droplet = { currency: "USD", microsPerHour: 5_950, minimumSeconds: 60, minimumMicros: 10_000, monthlyCapMicros: 4_000_000 };

  it.each([
    ["a second", 1 / 3600, "0.01"],
    ["15 minutes", 0.25, "0.01"],
    ["two hours", 2, "0.01"],
    ["96 hours (4 days)", 96, "0.57"],
    ["200 hours and one second", 200 + 1 / 3600, "1.19"],
    ["672 hours (28 days)", 672, "4.00"],
    ["all of January: never more than the month's price", 744, "4.00"],
  ])("%s", (_, hours, total) => expect(bill(droplet, [use(hours)])).toBe(total));

  it("counts each Droplet of its own: six within an hour are six minimum charges", () => {
    expect(bill(droplet, Array.from({ length: 6 }, (_, index) => use(0.1, { id: `w${index}`, resourceId: `d${index}` })))).toBe("0.06");
  });
});

/**
 * docs.hetzner.com/cloud/billing/faq: the lesser of the monthly cap and the hourly price times the hours, and "the hourly usage of a
 * server is always rounded up: if you create a server for just a few minutes, you are billed for a full hour". CX33, net, from Hetzner's
 * own pricing API (GET /v1/pricing, fsn1, 2026-05-27): EUR 0.0104 an hour, EUR 6.49 a month.
 */
describe("Hetzner's price book", () => {
  const cx33 = { currency: "EUR", microsPerHour: 10_400, incrementSeconds: 3_600, monthlyCapMicros: 6_490_000 };

  it.each([
    ["a few minutes are an hour", 0.05, "0.01"],
    ["96 hours and a minute are 97 hours", 96 + 1 / 60, "1.01"],
    ["100 hours", 100, "1.04"],
    ["624 hours, the last before the cap", 624, "6.49"],
    ["a whole month is the cap", 744, "6.49"],
  ])("%s", (_, hours, total) => expect(bill(cx33, [use(hours)])).toBe(total));

  it("rounds hours up once for a server, however often it was stopped", () => {
    const parts = [use(0.4), use(0, { id: "v", startedAtMs: MONTH.startMs + HOUR, endedAtMs: MONTH.startMs + HOUR + 0.4 * HOUR })];
    expect(bill(cx33, parts)).toBe("0.01");
  });
});

describe("terms", () => {
  const plain = { currency: "USD", microsPerHour: 100_000 };

  it("tiers are graduated and included amounts free, over all resources of a kind", () => {
    const storage = (id: string, gib: number): UsageWindow => use(10, { id, meter: "storage", resourceId: id, flavorId: null, quantity: gib });
    const price = { id: "s", meter: "storage" as const, flavorId: null, validFromMs: 0, currency: "USD", microsPerHour: 10_000, includedUnitHours: 100, tiers: [{ fromUnitHours: 200, microsPerHour: 5_000 }, { fromUnitHours: 500, microsPerHour: 1_000 }] };
    const rated = rateUsage({ windows: [storage("a", 40), storage("b", 60)], prices: [price], period: MONTH, currency: "USD" });
    // 1000 GiB-hours: 100 free; of 900, 200 at 0.01, 300 at 0.005, 400 at 0.001.
    expect(formatMinor(rated.totalMinor, "USD")).toBe("3.90");
    expect(rated.lines.map((line) => line.kind)).toEqual(["included", "usage", "usage", "tier"]);
  });

  it("a storage class has its own price, and the others the general one", () => {
    const fast = use(10, { id: "f", meter: "storage", resourceId: "f", flavorId: null, storageClass: "fast" });
    const slow = use(10, { id: "s", meter: "storage", resourceId: "s", flavorId: null, storageClass: "slow" });
    const base = { meter: "storage" as const, flavorId: null, validFromMs: 0, currency: "USD" };
    const rated = rateUsage({ windows: [fast, slow], prices: [{ ...base, id: "any", microsPerHour: 100_000 }, { ...base, id: "own", storageClass: "fast", microsPerHour: 300_000 }], period: MONTH, currency: "USD" });
    expect(rated.lines.map((line) => [line.resourceId, line.priceVersionId, line.amountMicros])).toEqual([["f", "own", 3_000_000n], ["s", "any", 1_000_000n]]);
  });

  it("commitments are paid whether used or not, and cover what runs within them, second by second", () => {
    const commitments = [{ id: "c", meter: "instance" as const, flavorId: "flv", units: 1, microsPerHour: 60_000, startMs: MONTH.startMs, endMs: MONTH.startMs + 10 * HOUR }];
    // Two machines for 20 hours: one is covered for 10 of them.
    const windows = [use(20), use(20, { id: "v", resourceId: "two" })];
    expect(bill(plain, windows, { commitments })).toBe("3.60");
    expect(bill(plain, [], { commitments })).toBe("0.60");
  });

  it("consent to be moved takes its part off where it was given", () => {
    expect(bill({ ...plain, movableDiscountBasisPoints: 1_500 }, [use(10, { movable: true }), use(0, { id: "v", startedAtMs: MONTH.startMs + 10 * HOUR, endedAtMs: MONTH.startMs + 20 * HOUR })])).toBe("1.85");
  });

  it("trials, coupons and credits are used in their order, in their time, up to what is left", () => {
    const discounts = [
      { id: "trial", kind: "coupon" as const, basisPoints: 10_000, startMs: MONTH.startMs, endMs: MONTH.startMs + 5 * HOUR, meters: null, leftMicros: null },
      { id: "half", kind: "coupon" as const, basisPoints: 5_000, startMs: 0, endMs: MONTH.endMs, meters: ["instance" as const], leftMicros: 400_000n },
      { id: "early", kind: "credit" as const, basisPoints: 10_000, startMs: 0, endMs: MONTH.endMs, meters: null, leftMicros: 300_000n },
      { id: "late", kind: "credit" as const, basisPoints: 10_000, startMs: 0, endMs: MONTH.endMs, meters: null, leftMicros: 10_000_000n },
    ];
    // 20 hours = 2.00; trial 0.50; half of 2.00, but 0.40 are left; then 0.30 and the rest, 0.80.
    const rated = rateUsage({ windows: [use(20)], prices: [{ id: "p", meter: "instance", flavorId: "flv", validFromMs: 0, ...plain }], period: MONTH, currency: "USD", discounts });
    expect(rated.discountUses).toEqual([
      { id: "trial", kind: "coupon", amountMicros: 500_000n }, { id: "half", kind: "coupon", amountMicros: 400_000n }, { id: "early", kind: "credit", amountMicros: 300_000n }, { id: "late", kind: "credit", amountMicros: 800_000n },
    ]);
    expect(rated.totalMinor).toBe(0n);
  });

  it("tax is rounded once a rate, and three decimals are three decimals", () => {
    const prices = [
      { id: "p", meter: "instance" as const, flavorId: "flv", validFromMs: 0, currency: "JPY", microsPerHour: 1_004_000 },
      { id: "q", meter: "address" as const, flavorId: null, validFromMs: 0, currency: "JPY", microsPerHour: 1_504_000, taxCategory: "reduced" as const },
    ];
    const windows = [use(5), use(3, { id: "a", meter: "address", resourceId: "adr", flavorId: null })];
    const rated = rateUsage({ windows, prices, period: MONTH, currency: "JPY", taxRates: { standard: 1000, reduced: 800, exempt: 0 } });
    expect(rated.taxes).toEqual([{ rateBasisPoints: 1000, netMinor: 5n, taxMinor: 0n }, { rateBasisPoints: 800, netMinor: 5n, taxMinor: 0n }]);
    expect([rated.subtotalMinor, rated.roundingMicros]).toEqual([10n, 10_000_000n - 9_532_000n]);
    expect(bill({ currency: "BHD", microsPerHour: 1_234_567 }, [use(1)])).toBe("1.235");
    expect(bill({ currency: "JPY", microsPerHour: 1_234_567 }, [use(1)])).toBe("1");
  });

  it.each([
    ["a negative quantity", { windows: [use(1, { quantity: -1 })] }, /quantity/],
    ["a window that ends before it begins", { windows: [use(1, { endedAtMs: 0 })] }, /ends before/],
    ["an unknown currency", { currency: "XXX" }, /not known/],
    ["a price below zero", { prices: [{ id: "p", meter: "instance" as const, flavorId: "flv", validFromMs: 0, currency: "USD", microsPerHour: -1 }] }, /price/],
  ])("refuses %s", (_, wrong, message) => {
    expect(() => rateUsage({ windows: [], prices: [], period: MONTH, currency: "USD", ...wrong })).toThrow(message);
  });
});
