import { BASIS_POINTS, lineOf, MS_PER_HOUR, type RatedGroup } from "./build-lines";
import type { Family } from "./apply-family-terms";
import { divideHalfEven } from "./money";
import type { Discount, Period, RatedLine, RatedPeriod } from "./types";

interface Taken {
  /** By tax rate. */
  readonly micros: Map<number, bigint>;
  total: bigint;
}

/**
 * Takes trials, coupons and credits off, in the order given: from the use in their time, never more than a resource and its
 * kind come to, never more than is left of them. Those that cover fees then lower the other lines too.
 */
export function applyDiscounts(families: readonly Family[], fees: readonly RatedLine[], discounts: readonly Discount[], period: Period): { readonly lines: RatedLine[]; readonly uses: RatedPeriod["discountUses"] } {
  const groupLeft = new Map<RatedGroup, bigint>();
  for (const family of families) for (const group of family.groups) groupLeft.set(group, group.netMicros);
  const feeLeft = fees.map((line) => line.amountMicros);
  const lines: RatedLine[] = [];
  const uses: RatedPeriod["discountUses"][number][] = [];
  discounts.forEach((discount, index) => {
    const taken: Taken = { micros: new Map(), total: 0n };
    const take = (wanted: bigint, most: bigint, taxRate: number): bigint => {
      const budget = discount.leftMicros === null ? wanted : discount.leftMicros - taken.total;
      const amount = [wanted, most, budget].reduce((least, one) => (one < least ? one : least));
      if (amount <= 0n) return 0n;
      taken.micros.set(taxRate, (taken.micros.get(taxRate) ?? 0n) + amount);
      taken.total += amount;
      return amount;
    };
    for (const family of families) {
      for (const group of family.groups) {
        const left = groupLeft.get(group) ?? 0n;
        const amount = take(worth(group, index, discount), left < family.leftMicros ? left : family.leftMicros, group.taxRateBasisPoints);
        groupLeft.set(group, left - amount);
        family.leftMicros -= amount;
      }
    }
    if (discount.coversFees && discount.startMs < period.endMs && discount.endMs >= period.endMs) {
      fees.forEach((line, at) => {
        const left = feeLeft[at] ?? 0n;
        feeLeft[at] = left - take(divideHalfEven(left * BigInt(discount.basisPoints), BASIS_POINTS), left, line.taxRateBasisPoints);
      });
    }
    if (taken.total > 0n) uses.push({ id: discount.id, kind: discount.kind, amountMicros: taken.total });
    for (const [taxRate, micros] of [...taken.micros].toSorted(([a], [b]) => b - a)) lines.push(lineOf(discount.kind, `${discount.kind}:${discount.id}:${taxRate}`, -micros, taxRate, { reference: discount.id }));
  });
  return { lines, uses };
}

/** What a discount would take off one resource. All of a resource in the discount's time: what it comes to, with minimum and increments. */
function worth(rated: RatedGroup, index: number, discount: Discount): bigint {
  let weight = 0n;
  let whole = true;
  for (const share of rated.group.shares.values()) {
    const eligible = share.eligible.get(index) ?? 0n;
    weight += eligible * BigInt(share.price.microsPerHour);
    const off = BigInt(share.price.movableDiscountBasisPoints ?? 0);
    whole &&= eligible === (share.unitMs - share.coveredUnitMs) * BASIS_POINTS - share.movableUnitMs * off;
  }
  if (weight === 0n) return 0n;
  if (whole) return divideHalfEven(rated.netMicros * BigInt(discount.basisPoints), BASIS_POINTS);
  return divideHalfEven(weight * BigInt(discount.basisPoints), MS_PER_HOUR * BASIS_POINTS * BASIS_POINTS);
}
