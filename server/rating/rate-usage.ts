import { applyDiscounts } from "./apply-discounts";
import { rateFamilies } from "./apply-family-terms";
import { groupPieces, lineOf, priced, rateGroup, type TaxOf } from "./build-lines";
import { coverCommitments } from "./cover-commitments";
import { microsPerMinor } from "./money";
import { splitUsage } from "./split-usage";
import { totalLines } from "./total-lines";
import type { Commitment, Period, RatedLine, RatedPeriod, RateInput } from "./types";

/**
 * Rates the use inside one period. Windows are clipped to the period and cut where a price, a commitment or a discount changes; what
 * belongs together is summed before it is divided, so that cutting a window in two never changes an amount.
 * Order: use, commitments, consent to be moved, increments, minimum, cap (a resource); included amounts, tiers (all resources
 * of a kind); fees and adjustments; trials and coupons, credits; then one rounding and one tax a rate.
 * @throws RangeError for a currency that is not known, a price or a quantity below zero, or a window that ends before it begins.
 */
export function rateUsage(input: RateInput): RatedPeriod {
  microsPerMinor(input.currency);
  refuseImpossible(input);
  const { period, currency } = input;
  const discounts = input.discounts ?? [];
  const taxOf: TaxOf = (category) => input.taxRates?.[category ?? "standard"] ?? 0;
  const { pieces, unpriced } = splitUsage(input.windows, input.prices.filter((price) => price.currency === currency), period, discounts);
  if (input.commitments && input.commitments.length > 0) coverCommitments(pieces, input.commitments);
  const families = rateFamilies(groupPieces(pieces).map((group) => rateGroup(group, taxOf)), taxOf);
  const fees = [...commitmentFees(input.commitments ?? [], period, taxOf), ...(input.extraLines ?? [])];
  const off = applyDiscounts(families, fees, discounts, period);
  const lines = [...families.flatMap((family) => [...family.groups.flatMap((group) => group.lines), ...family.lines]).toSorted((a, b) => (a.key < b.key ? -1 : 1)), ...fees, ...off.lines];
  const totals = totalLines(lines, currency);
  return {
    currency, period, lines, subtotalMicros: totals.linesMicros, roundingMicros: totals.roundingMicros, subtotalMinor: totals.subtotalMinor, taxes: totals.taxes, taxMinor: totals.taxMinor, totalMinor: totals.totalMinor,
    discountUses: off.uses, unpriced,
  };
}

function commitmentFees(commitments: readonly Commitment[], period: Period, taxOf: TaxOf): RatedLine[] {
  return commitments.toSorted((a, b) => (a.id < b.id ? -1 : 1)).flatMap((commitment) => {
    const ms = Math.min(commitment.endMs, period.endMs) - Math.max(commitment.startMs, period.startMs);
    if (ms <= 0) return [];
    const unitMs = BigInt(ms) * BigInt(commitment.units);
    return [lineOf("commitment-fee", `commitment:${commitment.id}`, priced(unitMs, commitment.microsPerHour), taxOf(commitment.taxCategory), { meter: commitment.meter, flavorId: commitment.flavorId, reference: commitment.id, microsPerHour: commitment.microsPerHour, quantityUnitMs: unitMs })];
  });
}

/** Figures that no world has: refused as a whole, so that no bill is made of them. */
function refuseImpossible(input: RateInput): void {
  if (input.period.endMs <= input.period.startMs) throw new RangeError("The period ends before it begins; nothing was rated.");
  for (const window of input.windows) {
    if (!Number.isSafeInteger(window.quantity) || window.quantity < 0) throw new RangeError(`The window ${window.id} has the quantity ${window.quantity}; a quantity is a whole number and not negative. Nothing was rated.`);
    if (window.endedAtMs < window.startedAtMs) throw new RangeError(`The window ${window.id} ends before it begins. Nothing was rated.`);
  }
  for (const price of input.prices) if (!Number.isSafeInteger(price.microsPerHour) || price.microsPerHour < 0) throw new RangeError(`The price ${price.id} is ${price.microsPerHour}; a price is a whole number of micros and not negative. Nothing was rated.`);
  for (const { id, units, microsPerHour } of input.commitments ?? []) if (!Number.isSafeInteger(units) || units <= 0 || microsPerHour < 0) throw new RangeError(`The commitment ${id} has ${units} units; whole positive units at a price that is not negative are needed. Nothing was rated.`);
  for (const { id, basisPoints } of input.discounts ?? []) if (!(basisPoints > 0 && basisPoints <= 10_000)) throw new RangeError(`The discount ${id} takes ${basisPoints} of 10000; it is between 1 and 10000. Nothing was rated.`);
}
