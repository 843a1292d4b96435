export { MICROS, divideHalfEven, microsPerMinor } from "./money";
export { rateUsage } from "./rate-usage";
export type { Meter, Period, PriceVersion, RatedLine, RatedPeriod, UsageWindow } from "./types";
