/** Micros in one main unit of any currency. */
export const MICROS = 1_000_000n;

/** Digits after the point, ISO 4217. A currency that is not here is refused rather than guessed. */
const MINOR_DIGITS: Readonly<Record<string, number>> = { JPY: 0, USD: 2, EUR: 2, GBP: 2, KWD: 3 };

/** Micros in the smallest coin of a currency. @throws RangeError for a currency that is not known. */
export function microsPerMinor(currency: string): bigint {
  const digits = MINOR_DIGITS[currency];
  if (digits === undefined) throw new RangeError(`Currency ${currency} is not known; known are ${Object.keys(MINOR_DIGITS).join(", ")}.`);
  return MICROS / 10n ** BigInt(digits);
}

/** Division rounded half to even (banker's rounding: no drift over many lines). `denominator` is positive. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n;
  const magnitude = negative ? -numerator : numerator;
  let quotient = magnitude / denominator;
  const twice = (magnitude % denominator) * 2n;
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) quotient += 1n;
  return negative ? -quotient : quotient;
}
