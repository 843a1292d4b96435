export { adjustUsage, closePeriod, isUsageSettled, listAdjustments, listNewestPeriods, listPeriods, notePeriodBilled, readPeriodsAround } from "./close-period";
export { assignAdjustments, releaseAdjustments } from "./store";
