/** Micros in one main unit of any currency. */
export const MICROS = 1_000_000n;

export type RoundingMode = "half-even" | "half-up" | "down";

interface CurrencyRule {
  /** Digits after the point, ISO 4217. */
  readonly digits: number;
  /** How micros become coins, for net amounts and for tax alike. */
  readonly rounding: RoundingMode;
}

/** The one rule of each currency. A currency that is not here is refused rather than guessed. */
const CURRENCIES: Readonly<Record<string, CurrencyRule>> = {
  JPY: { digits: 0, rounding: "half-even" },
  USD: { digits: 2, rounding: "half-even" },
  EUR: { digits: 2, rounding: "half-even" },
  GBP: { digits: 2, rounding: "half-even" },
  CHF: { digits: 2, rounding: "half-even" },
  BHD: { digits: 3, rounding: "half-even" },
  KWD: { digits: 3, rounding: "half-even" },
};

/** The currencies that can be billed. */
export const BILLED_CURRENCIES: readonly string[] = Object.keys(CURRENCIES);

export function isBilledCurrency(currency: string): boolean {
  return Object.hasOwn(CURRENCIES, currency);
}

/** @throws RangeError for a currency that is not known. */
export function currencyRule(currency: string): CurrencyRule {
  const rule = isBilledCurrency(currency) ? CURRENCIES[currency] : undefined;
  if (rule === undefined) throw new RangeError(`Currency ${currency} is not known; known are ${BILLED_CURRENCIES.join(", ")}.`);
  return rule;
}

/** Micros in the smallest coin of a currency. @throws RangeError for a currency that is not known. */
export function microsPerMinor(currency: string): bigint {
  return MICROS / 10n ** BigInt(currencyRule(currency).digits);
}

/** Division rounded by a mode. `denominator` is positive; `half-up` and `down` work on the magnitude. */
export function divideRounded(numerator: bigint, denominator: bigint, mode: RoundingMode): bigint {
  const negative = numerator < 0n;
  const magnitude = negative ? -numerator : numerator;
  let quotient = magnitude / denominator;
  const twice = (magnitude % denominator) * 2n;
  const up = mode === "half-even" ? twice > denominator || (twice === denominator && quotient % 2n === 1n) : mode === "half-up" && twice >= denominator && twice > 0n;
  if (up) quotient += 1n;
  return negative ? -quotient : quotient;
}

/** Division rounded half to even (banker's rounding: no drift over many lines). `denominator` is positive. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  return divideRounded(numerator, denominator, "half-even");
}

/** Micros to whole coins, by the currency's rule. */
export function toMinor(micros: bigint, currency: string): bigint {
  return divideRounded(micros, microsPerMinor(currency), currencyRule(currency).rounding);
}

/** An amount for people: `12.34`, `-5`, `0.125`. */
export function formatMinor(amountMinor: bigint, currency: string): string {
  const { digits } = currencyRule(currency);
  const negative = amountMinor < 0n;
  const text = (negative ? -amountMinor : amountMinor).toString().padStart(digits + 1, "0");
  return `${negative ? "-" : ""}${digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`}`;
}
