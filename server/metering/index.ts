export { closeHostUsage, meterHeldResources, meterObservations, recordSamples } from "./meter-observations";
export { listSamples, listUsageWindows, summarizeUsage } from "./read-usage";
export type { CloseReason, HostUsageFact, Meter, RunningFact, SampleCounter, UsageAdjustmentRow, UsageDriftRow, UsagePeriodRow, UsageWindowRow } from "./types";
export type { DailyUsage, SampleRow, WindowFilter } from "./store";
export { readUsageSummary, readUsageWindows } from "./read-summary";
export { readInstanceUsage } from "./read-instance-usage";
export { readDemand, readDemandHistory, type MeasuredDemand } from "./read-demand";
export { adjustUsage, assignAdjustments, closePeriod, isUsageSettled, listAdjustments, listPeriods, notePeriodBilled, readPeriodsAround, releaseAdjustments } from "./period";
