/** How many digits a currency has after the point: JPY none, USD two, KWD three (ISO 4217). */
export function minorDigits(currency: string): number {
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** What a person types, "12.50" say, in the currency's smallest coin; null when it is no amount of that currency. */
export function parseMinor(text: string, currency: string): number | null {
  const digits = minorDigits(currency);
  const match = /^(\d{1,13})(?:\.(\d+))?$/.exec(text.trim().replaceAll(",", ""));
  const fraction = match?.[2] ?? "";
  if (!match?.[1] || fraction.length > digits) return null;
  return Number(match[1] + fraction.padEnd(digits, "0"));
}

/** The same the other way round, for a field that is filled in already. */
export function minorText(minor: number, currency: string): string {
  return (minor / 10 ** minorDigits(currency)).toFixed(minorDigits(currency));
}
