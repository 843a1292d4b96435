const CODES = [
  "JP", "KR", "TW", "HK", "SG", "MY", "TH", "VN", "PH", "ID", "IN", "AU", "NZ", "US", "CA", "MX", "BR", "GB", "IE", "FR", "DE", "NL", "BE", "LU", "CH", "AT", "IT", "ES", "PT", "DK", "SE", "NO", "FI", "IS", "EE", "LV", "LT", "PL",
  "CZ", "SK", "HU", "RO", "BG", "GR", "HR", "SI", "AE", "IL", "TR", "ZA",
] as const;

export interface Country {
  /** ISO 3166 alpha-2. */
  readonly code: string;
  readonly name: string;
}

/**
 * Countries by name in a language. Asked on the server: browsers name some of them otherwise than Node does, and a page that
 * reads differently in both is thrown away and drawn anew.
 */
export function countriesIn(locale: string): Country[] {
  const names = new Intl.DisplayNames(locale, { type: "region" });
  return CODES.map((code) => ({ code, name: names.of(code) ?? code })).toSorted((a, b) => a.name.localeCompare(b.name, locale));
}
