export { BILLED_CURRENCIES, MICROS, currencyRule, divideHalfEven, divideRounded, formatMinor, isBilledCurrency, microsPerMinor, toMinor } from "./money";
export type { RoundingMode } from "./money";
export { rateUsage } from "./rate-usage";
export { totalLines } from "./total-lines";
export type { TaxableAmount, TaxGroup, Totals } from "./total-lines";
export type { Meter, Period, PriceVersion, RatedLine, RatedPeriod, UsageWindow } from "./types";
