/** ISO 3166 codes offered first to last by name; an address elsewhere that was set before stays in the list. */
export const COUNTRIES = [
  "JP", "KR", "TW", "HK", "SG", "MY", "TH", "VN", "PH", "ID", "IN", "AU", "NZ", "US", "CA", "MX", "BR", "GB", "IE", "FR", "DE", "NL", "BE", "LU", "CH", "AT", "IT", "ES", "PT", "DK", "SE", "NO", "FI", "IS", "EE", "LV", "LT", "PL",
  "CZ", "SK", "HU", "RO", "BG", "GR", "HR", "SI", "AE", "IL", "TR", "ZA",
] as const;
