import type { TaxRates } from "./types";

const NONE: TaxRates = { standard: 0, reduced: 0, exempt: 0 };

/**
 * Rates of the seller's country, hundredths of a percent. JP: Consumption Tax Act with the local part, since 2019-10-01;
 * DE: section 12 UStG; FR: CGI 278, 278-0 bis; FI: 2024-09-01; GB: VATA 1994. A country that is not here has no tax on sales.
 */
const DOMESTIC: Readonly<Record<string, TaxRates>> = {
  JP: { standard: 1000, reduced: 800, exempt: 0 },
  DE: { standard: 1900, reduced: 700, exempt: 0 },
  FR: { standard: 2000, reduced: 550, exempt: 0 },
  FI: { standard: 2550, reduced: 1400, exempt: 0 },
  GB: { standard: 2000, reduced: 500, exempt: 0 },
};

/** What is taxed how. A buyer abroad is not taxed here: services to businesses are taxed where they are received. */
export function taxRates(sellerCountry: string, buyerCountry: string): TaxRates {
  return sellerCountry === buyerCountry ? (DOMESTIC[sellerCountry] ?? NONE) : NONE;
}

/**
 * True for a Japanese qualified invoice issuer's number whose check digit fits: T, a check digit, and twelve digits whose
 * weights from the right are 1, 2, 1, 2, ...; check digit = 9 - (sum mod 9) (Ordinance on the Designation of Corporate Numbers, art. 2).
 */
export function isRegistrationNumber(text: string): boolean {
  if (!/^T[1-9]\d{12}$/.test(text)) return false;
  const sum = Array.from(text.slice(2), Number).toReversed().reduce((total, digit, index) => total + digit * (index % 2 === 0 ? 1 : 2), 0);
  return Number(text[1]) === 9 - (sum % 9);
}

/** Why a tax id of a country has not the shape that it must have; null when it has, or when we do not know the country's shape. */
export function taxIdProblem(country: string, taxId: string): string | null {
  if (country === "JP") return isRegistrationNumber(taxId) ? null : "a Japanese registration number is T and 13 digits with a check digit that fits";
  if (country === "DE") return /^DE\d{9}$/.test(taxId) ? null : "a German VAT number is DE and 9 digits";
  if (country === "FI") return /^FI\d{8}$/.test(taxId) ? null : "a Finnish VAT number is FI and 8 digits";
  if (country === "GB") return /^GB(\d{9}|\d{12})$/.test(taxId) ? null : "a British VAT number is GB and 9 or 12 digits";
  return /^[A-Z0-9][A-Z0-9 .-]{3,30}$/.test(taxId) ? null : "a tax number is 4 to 31 capital letters, digits, spaces, dots and dashes";
}
