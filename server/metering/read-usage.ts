import type { Transaction } from "@/server/platform/transaction";
import { selectSamples, type SampleRow } from "./sample";
import { selectDailyUsage, selectWindows, type DailyUsage, type WindowFilter } from "./store";
import type { UsageWindowRow } from "./types";

/** Windows of one organization that touch a period, newest first. */
export function listUsageWindows(tx: Transaction, organizationId: string, filter: WindowFilter): Promise<UsageWindowRow[]> {
  return selectWindows(tx, organizationId, filter);
}

/** Unit-milliseconds per day and meter, days as the organization's zone has them. */
export function summarizeUsage(tx: Transaction, organizationId: string, period: { readonly from: Date; readonly to: Date; readonly timeZone: string }): Promise<DailyUsage[]> {
  return selectDailyUsage(tx, organizationId, period.from, period.to, period.timeZone);
}

/** Three days of minutes: as much as one chart can show. */
const MAX_SAMPLES = 4_320;

/** The minute samples of one instance, oldest first. */
export function listSamples(tx: Transaction, organizationId: string, input: { readonly instanceId: string; readonly from: Date; readonly to: Date }): Promise<SampleRow[]> {
  return selectSamples(tx, organizationId, input.instanceId, input.from, input.to, MAX_SAMPLES);
}
