import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import type { SampleCounter } from "../types";
import { dropDays, insertMinutes, makeDays, rollUpHours, selectFirstMinute, selectHours, selectLastHour, writeSamples } from "./store";
import type { HourlySample, MinuteSample } from "./types";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Minutes are kept for the planner's week; the hours of them for ever. */
const MINUTES_KEPT_DAYS = 8;
/** Facts are kept until their day was recounted, and some days for looking into what was found. */
const FACTS_KEPT_DAYS = 4;
/** Days made ahead: a worker may be away for a weekend. */
const DAYS_AHEAD = 3;
/** An hour is summed up when its last minutes have had time to come, and the hour before once more for what came late. */
const SETTLE_MS = 5 * 60_000;
/** So many hours are summed up in one go after a long absence. */
const HOURS_AT_ONCE = 48;

/** Counters of running domains, about once a minute; the rates between two readings become samples. */
export async function recordSamples(tx: Transaction, counters: readonly SampleCounter[]): Promise<void> {
  if (counters.length > 0) await writeSamples(tx, counters);
}

/**
 * Samples that were computed elsewhere. The same instance and minute again changes nothing. Answers how many were new.
 * @throws Problem `bad-input` for a figure below zero.
 */
export async function ingestSamples(tx: Transaction, samples: readonly MinuteSample[]): Promise<number> {
  const wrong = samples.find((row) => [row.cpuMillicores, row.cpuStealMillicores, row.memoryUsedMiB ?? 0, row.diskReadBytesPerSecond, row.diskWrittenBytesPerSecond, row.netReceivedBytesPerSecond, row.netSentBytesPerSecond].some((figure) => !(figure >= 0)));
  if (wrong) throw new Problem("bad-input", `No sample was taken: one of ${wrong.instanceId} has a figure below zero or none. Send the whole batch again without it.`, { instanceId: wrong.instanceId });
  return samples.length === 0 ? 0 : insertMinutes(tx, samples);
}

/** Makes the days to come, sums up the hours that are over, and drops the days that are old. Safe to repeat. */
export async function keepSamples(context: Context): Promise<{ readonly hours: number }> {
  const nowMs = context.clock.nowMs();
  const today = new Date(nowMs - (nowMs % DAY_MS));
  await inTransaction(context, async (tx) => {
    for (const table of ["sample", "usage_fact"] as const) await makeDays(tx, table, today, DAYS_AHEAD);
  });
  const hours = await rollUp(context, nowMs);
  await inTransaction(context, async (tx) => {
    await dropDays(tx, "sample", new Date(today.getTime() - MINUTES_KEPT_DAYS * DAY_MS));
    await dropDays(tx, "usage_fact", new Date(today.getTime() - FACTS_KEPT_DAYS * DAY_MS));
  });
  return { hours };
}

async function rollUp(context: Context, nowMs: number): Promise<number> {
  const through = Math.floor((nowMs - SETTLE_MS) / HOUR_MS) * HOUR_MS;
  return inTransaction(context, async (tx) => {
    const last = (await selectLastHour(tx))?.getTime() ?? (await selectFirstMinute(tx))?.getTime();
    if (last === undefined) return 0;
    // From the last hour that stands on: what came late for it is in the sum now.
    let from = Math.floor(last / HOUR_MS) * HOUR_MS;
    let hours = 0;
    while (from < through) {
      const to = Math.min(through, from + HOURS_AT_ONCE * HOUR_MS);
      hours += await rollUpHours(tx, new Date(from), new Date(to));
      from = to;
    }
    return hours;
  });
}

/** Hourly samples of one instance, oldest first, at most a year. */
export function listHourlySamples(tx: Transaction, organizationId: string, input: { readonly instanceId: string; readonly from: Date; readonly to: Date }): Promise<HourlySample[]> {
  return selectHours(tx, organizationId, input.instanceId, input.from, input.to);
}
