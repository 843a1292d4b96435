import { currencyRule, divideRounded, microsPerMinor, toMinor } from "./money";

/** Hundredths of a percent in the whole. */
const BASIS_POINTS = 10_000n;

export interface TaxableAmount {
  readonly amountMicros: bigint;
  /** Hundredths of a percent: 1000 = 10 %. */
  readonly taxRateBasisPoints: number;
}

export interface TaxGroup {
  readonly rateBasisPoints: number;
  readonly netMinor: bigint;
  readonly taxMinor: bigint;
}

export interface Totals {
  /** One a tax rate, highest rate first. */
  readonly taxes: readonly TaxGroup[];
  /** The lines' sum before any rounding. */
  readonly linesMicros: bigint;
  /** What the smallest coin adds or takes: linesMicros + roundingMicros = subtotal, exactly. */
  readonly roundingMicros: bigint;
  readonly subtotalMinor: bigint;
  readonly taxMinor: bigint;
  readonly totalMinor: bigint;
}

/**
 * Adds up an invoice: the net of each tax rate is rounded once, and its tax is computed from that and rounded once, as
 * a Japanese qualified invoice demands (one rounding a rate and invoice: Consumption Tax Act, order of enforcement 70-10).
 */
export function totalLines(lines: readonly TaxableAmount[], currency: string): Totals {
  const { rounding } = currencyRule(currency);
  const sums = new Map<number, bigint>();
  for (const line of lines) sums.set(line.taxRateBasisPoints, (sums.get(line.taxRateBasisPoints) ?? 0n) + line.amountMicros);
  const taxes = [...sums]
    .toSorted(([a], [b]) => b - a)
    .map(([rateBasisPoints, micros]): TaxGroup => {
      const netMinor = toMinor(micros, currency);
      return { rateBasisPoints, netMinor, taxMinor: divideRounded(netMinor * BigInt(rateBasisPoints), BASIS_POINTS, rounding) };
    });
  const sum = (pick: (group: TaxGroup) => bigint): bigint => taxes.reduce((total, group) => total + pick(group), 0n);
  const linesMicros = lines.reduce((total, line) => total + line.amountMicros, 0n);
  const subtotalMinor = sum((group) => group.netMinor);
  const taxMinor = sum((group) => group.taxMinor);
  return { taxes, linesMicros, roundingMicros: subtotalMinor * microsPerMinor(currency) - linesMicros, subtotalMinor, taxMinor, totalMinor: subtotalMinor + taxMinor };
}
