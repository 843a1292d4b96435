export { adjustUsage, closePeriod, isUsageSettled, listAdjustments, listPeriods, notePeriodBilled, readPeriodsAround } from "./close-period";
export { assignAdjustments, releaseAdjustments } from "./store";
