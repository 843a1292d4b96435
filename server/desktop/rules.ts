import holidays from "@holiday-jp/holiday_jp";
import { Problem } from "@/server/platform/errors";
import type { Context } from "@/server/platform/context";
import type { ReadySchedule } from "./types";

/** The organization that a tenant's verb works in. */
export function requireOrganization(context: Context): string {
  if (context.organizationId === null) throw new Problem("bad-input", "This is done for an organization, and the request names none.");
  return context.organizationId;
}

/** Machines are named after their pool. */
export function machineName(poolName: string, number: number): string {
  return `${poolName}-${number}`;
}

/** A moment as the wall shows it in a zone. Weekdays from 0 (Sunday); `date` is `YYYY-MM-DD`. */
export interface LocalMoment {
  readonly weekday: number;
  readonly minute: number;
  readonly date: string;
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MINUTES_AN_HOUR = 60;

/** Making a format costs far more than using it, and there are as many as zones that organizations are in. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();
function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = FORMATS.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", { timeZone, weekday: "short", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    FORMATS.set(timeZone, format);
  }
  return format;
}

/** The wall clock of a zone at a moment; daylight saving is the zone's affair. */
export function localMoment(at: Date, timeZone: string): LocalMoment {
  const parts = new Map(formatOf(timeZone).formatToParts(at).map((part) => [part.type, part.value]));
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type) ?? 0);
  return { weekday: WEEKDAYS.indexOf(parts.get("weekday") ?? "Sun"), minute: number("hour") * MINUTES_AN_HOUR + number("minute"), date: `${parts.get("year") ?? ""}-${parts.get("month") ?? ""}-${parts.get("day") ?? ""}` };
}

/** How many desktops should stand ready at a moment: the largest of the minimum and the schedules that hold then. */
export function wantedReady(pool: { readonly minimumReady: number; readonly maximum: number; readonly schedules: readonly ReadySchedule[] }, now: LocalMoment, isHoliday: boolean): number {
  let wanted = pool.minimumReady;
  for (const one of pool.schedules) {
    const holds = one.weekdays.includes(now.weekday) && now.minute >= one.fromMinute && now.minute < one.toMinute && (one.onHolidays || !isHoliday);
    if (holds) wanted = Math.max(wanted, one.ready);
  }
  return Math.min(wanted, pool.maximum);
}

/** Seconds that a person is told to wait when a pool has not yet measured its own; from the lab, rounded up. */
export const USUAL_SECONDS = { running: 1, resuming: 4, starting: 45, cloning: 60 } as const;

/** A first boot under software emulation takes 40 to 90 s, and three times as long on a busy machine; a guest whose agent is silent for longer counts as up. */
const BOOT_LIMIT_MS = 5 * 60_000;

/** Whether a machine that runs is still starting up, as far as can be told: its guest's agent has not answered since then. Nobody can use it yet, so nobody leaves it unused. */
export function stillBoots(personalisedAt: Date | null, runningSince: Date | null, nowMs: number): boolean {
  if (runningSince === null || (personalisedAt !== null && personalisedAt >= runningSince)) return false;
  return nowMs - runningSince.getTime() < BOOT_LIMIT_MS;
}

/** Zones whose public holidays are known here. A pool elsewhere has schedules by weekday alone. */
const JAPAN = "Asia/Tokyo";

/** Whether a calendar day (`YYYY-MM-DD`) is a public holiday where the zone is. */
export function isHoliday(date: string, timeZone: string): boolean {
  return timeZone === JAPAN && holidays.isHoliday(date);
}
