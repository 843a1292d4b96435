import { isHoliday, localMoment, type LocalMoment } from "../rules";

/** So far ahead they should stand ready: a storm of first boots takes minutes, not seconds. */
export const LEAD_MINUTES = 15;
/** Eight weeks: what was usual a season ago is not. */
export const LOOK_BACK_DAYS = 56;
/** Fewer days like this one tell nothing. */
const LEAST_DAYS = 3;
const MOST_DAYS = 6;
/** Of six days the second busiest: one odd day neither keeps machines running for weeks nor lets everybody wait. */
const QUANTILE = 0.8;
const DAY_MS = 86_400_000;
const SATURDAY = 6;
const SUNDAY = 0;

interface DayKind {
  /** A weekday of its own, or a public holiday whatever its weekday. */
  readonly exact: string;
  /** Working day or not: what is looked at where there are too few of the same kind. */
  readonly rough: "work" | "rest";
}

function kindOf({ weekday, date }: LocalMoment, timeZone: string): DayKind {
  if (isHoliday(date, timeZone)) return { exact: "holiday", rough: "rest" };
  return { exact: String(weekday), rough: weekday === SATURDAY || weekday === SUNDAY ? "rest" : "work" };
}

/**
 * How many desktops past log-ons say that there should be ready now: as many as came within the next quarter of an hour on days like
 * this one, the newest six. `logOns` counts by calendar day (`YYYY-MM-DD`) those that came in that quarter; days that are missing had none.
 * A pool younger than three such days has learned nothing.
 */
export function learnedReady(input: { readonly now: Date; readonly since: Date; readonly timeZone: string; readonly logOns: ReadonlyMap<string, number> }): number {
  const { now, since, timeZone, logOns } = input;
  const today = kindOf(localMoment(now, timeZone), timeZone);
  const days: (DayKind & { readonly count: number })[] = [];
  for (let back = 1; back <= LOOK_BACK_DAYS; back++) {
    const at = new Date(now.getTime() - back * DAY_MS);
    if (at < since) break;
    const local = localMoment(at, timeZone);
    days.push({ ...kindOf(local, timeZone), count: logOns.get(local.date) ?? 0 });
  }
  const alike = days.filter(({ exact }) => exact === today.exact);
  const looked = alike.length >= LEAST_DAYS ? alike : days.filter(({ rough }) => rough === today.rough);
  if (looked.length < LEAST_DAYS) return 0;
  const counts = looked.slice(0, MOST_DAYS).map(({ count }) => count).toSorted((a, b) => a - b);
  return counts[Math.ceil(counts.length * QUANTILE) - 1] ?? 0;
}
