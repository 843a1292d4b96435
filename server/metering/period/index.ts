export { adjustUsage, closePeriod, listAdjustments, listPeriods, notePeriodBilled, readPeriodsAround } from "./close-period";
export { assignAdjustments, releaseAdjustments } from "./store";
