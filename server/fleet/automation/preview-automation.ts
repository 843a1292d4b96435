import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { findCluster } from "../cluster/store";
import { hostsOf } from "../host/store";
import type { AutomationInput } from "../schema";
import { defaultAutomation, inWindows } from "./rules";
import { findAutomation } from "./store";
import type { Automation, DailyWindow } from "./types";

/** What a change of a cluster's settings means, in figures; a rehearsed night says what it would move and save. */
export interface AutomationEffect {
  /** Names of the settings that would change. */
  readonly changed: readonly string[];
  /** Sleepers that are woken at once, because nobody may sleep any more. */
  readonly wakesNow: number;
  /** Hosts that may sleep at the same time at most. */
  readonly mostAsleep: number;
  /** Hours of a week in which hosts may be put to sleep, and in which no move that can wait begins. */
  readonly sleepHoursPerWeek: number;
  readonly quietHoursPerWeek: number;
  /** Moves that can wait, a day at most. */
  readonly movesPerDay: number;
  /** Hosts that are marked for drills; without one no drill takes place. */
  readonly drillHosts: number;
  readonly drillsPerYear: number;
  readonly wakeTestsPerYear: number;
}

const HOUR_MS = 3_600_000;
const QUARTERS_A_WEEK = 7 * 24 * 4;
const DAYS_A_YEAR = 365;

/** Hours of the coming week that lie in windows, counted by quarters of an hour. Pure. */
export function windowHours(windows: readonly DailyWindow[], timeZone: string, fromMs: number): number {
  let quarters = 0;
  for (let step = 0; step < QUARTERS_A_WEEK; step++) if (inWindows(windows, timeZone, new Date(fromMs + (step * HOUR_MS) / 4))) quarters += 1;
  return quarters / 4;
}

/** Says what `updateAutomation` with the same input would mean; changes nothing. */
export function previewAutomation(context: Context, input: AutomationInput): Promise<AutomationEffect> {
  return inTransaction(context, async (tx) => {
    const cluster = await findCluster(tx, input.clusterId);
    if (!cluster) throw notFound("cluster", input.clusterId);
    const before = (await findAutomation(tx, cluster.id)) ?? defaultAutomation(cluster.id);
    const change = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
    const after: Automation = { ...before, ...change };
    const hosts = (await hostsOf(tx, cluster.id)).filter((host) => host.state !== "retired" && host.state !== "enrolling");
    const nowMs = context.clock.nowMs();
    const quiet = windowHours(after.quietHours, after.timeZone, nowMs);
    return {
      changed: Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(Object.entries(before).find(([other]) => other === name)?.[1])).map(([name]) => name),
      wakesNow: after.consolidate === "off" && before.consolidate !== "off" ? hosts.filter((host) => host.state === "asleep").length : 0,
      mostAsleep: after.consolidate === "off" ? 0 : Math.max(0, hosts.filter((host) => ["up", "asleep"].includes(host.state) && !host.keepAwake).length - after.minAwakeHosts),
      sleepHoursPerWeek: after.consolidate === "off" ? 0 : after.consolidateWindows.length === 0 ? 168 : windowHours(after.consolidateWindows, after.timeZone, nowMs),
      quietHoursPerWeek: quiet,
      movesPerDay: after.rebalance === "off" && after.consolidate === "off" ? 0 : after.movesPerHour * 24,
      drillHosts: hosts.filter((host) => host.drillable).length,
      drillsPerYear: after.drillDays === 0 ? 0 : DAYS_A_YEAR / after.drillDays,
      wakeTestsPerYear: after.wakeTestDays === 0 ? 0 : DAYS_A_YEAR / after.wakeTestDays,
    };
  }, { readOnly: true });
}
