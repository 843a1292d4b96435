import type { Automation, DailyWindow } from "./types";

const MINUTES_A_DAY = 1_440;

/** What holds for a cluster whose settings nobody has touched: nothing happens by itself. Figures have their reasons in db/schema/automation.ts. */
export function defaultAutomation(clusterId: string): Automation {
  return {
    clusterId,
    timeZone: "UTC",
    rebalance: "off",
    aggressiveness: 3,
    quietHours: [],
    movesPerHour: 12,
    movesPerHostPerHour: 4,
    fastWriters: "leave",
    predictionMargin: 0.1,
    consolidate: "off",
    consolidateWindows: [],
    minAwakeHosts: 2,
    minAwakeSeconds: 3_600,
    minAsleepSeconds: 1_800,
    maxCycles: 1,
    cycleHours: 8,
    wakeTestDays: 7,
    wakeTestWindows: [],
    wakeTimeoutSeconds: 600,
    electricityCurrency: "EUR",
    electricityMicrosPerKwh: 250_000,
    carbonGramsPerKwh: 400,
    hungAfterSeconds: 0,
    hungRestartsPerHour: 3,
    drillDays: 0,
    drillWindows: [],
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Minute of the day and day of the week (0 is Sunday) at a moment, as a zone's clocks show it. */
export function localMinute(timeZone: string, at: Date): { readonly minute: number; readonly day: number } {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", weekday: "short", hour: "2-digit", minute: "2-digit" });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(at).map((part) => [part.type, part.value]));
  return { minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")), day: WEEKDAYS.indexOf(parts.get("weekday") ?? "Sun") };
}

function minuteOf(text: string): number {
  const [hours, minutes] = text.split(":");
  return Number(hours) * 60 + Number(minutes);
}

/** Does a moment lie in one of the windows? A window that passes midnight belongs to the day on which it begins. */
export function inWindows(windows: readonly DailyWindow[], timeZone: string, at: Date): boolean {
  const { minute, day } = localMinute(timeZone, at);
  return windows.some((window) => {
    const from = minuteOf(window.from);
    const to = minuteOf(window.to);
    const on = (which: number): boolean => window.days === undefined || window.days.length === 0 || window.days.includes(which);
    if (from === to) return on(day);
    if (from < to) return on(day) && minute >= from && minute < to;
    return (on(day) && minute >= from) || (on((day + 6) % 7) && minute < to);
  });
}

/** Minutes until the window that a moment lies in ends; null when it lies in none. */
export function minutesLeft(windows: readonly DailyWindow[], timeZone: string, at: Date): number | null {
  if (!inWindows(windows, timeZone, at)) return null;
  const { minute } = localMinute(timeZone, at);
  const ends = windows.filter((window) => inWindows([window], timeZone, at)).map((window) => (window.from === window.to ? MINUTES_A_DAY : (minuteOf(window.to) - minute + MINUTES_A_DAY) % MINUTES_A_DAY));
  return Math.max(...ends);
}
