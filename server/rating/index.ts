export { breakDownByDay, type DayShare } from "./break-down";
export { BILLED_CURRENCIES, MICROS, currencyRule, divideHalfEven, divideRounded, formatMinor, isBilledCurrency, microsPerMinor, toMinor } from "./money";
export type { RoundingMode } from "./money";
export { correctWindows, rateAdjustments, type LateUse } from "./rate-adjustments";
export { rateUsage } from "./rate-usage";
export { totalLines } from "./total-lines";
export type { TaxableAmount, TaxGroup, Totals } from "./total-lines";
export type { Commitment, Discount, LineKind, Meter, Period, PriceVersion, RatedLine, RatedPeriod, RateInput, TaxCategory, Tier, UsageWindow } from "./types";
