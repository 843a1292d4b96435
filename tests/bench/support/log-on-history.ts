import { isHoliday, learnedReady, LEAD_MINUTES, localMoment, LOOK_BACK_DAYS, wantedReady } from "@/server/desktop";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ZONE = "Asia/Tokyo";
/** Midnight in Tokyo, Monday 4 May 2026: the holidays of early May and Marine Day of July lie in the weeks that follow. */
const START_MS = Date.parse("2026-05-03T15:00:00Z");
const WARM_UP_DAYS = 56;
const DAYS = 84;
const POOL = 130;
/** One that was put aside goes on, and one is made, in so long (as the lab measured them). */
const RESUME_SECONDS = 3;
/** A host takes so many resumes at once; further ones queue. */
const RESUMES_A_MINUTE = 40;
const IDLE_MINUTES = 30;
const SESSION_MINUTES = 8 * 60;

/** The same chances in every run. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Day {
  readonly startMs: number;
  readonly date: string;
  readonly weekday: number;
  readonly holiday: boolean;
  /** Minutes of the day at which people log on. */
  readonly logOns: readonly number[];
}

/** People of an office: most come about half past eight, on Mondays more and on Fridays later, a shift of twenty comes on Saturdays at ten, some after lunch. */
function history(): Day[] {
  const chance = chances(7);
  const bell = (middle: number, width: number): number => Math.round(middle + (chance() + chance() + chance() - 1.5) * width);
  return Array.from({ length: DAYS }, (_, index) => {
    const startMs = START_MS + index * DAY_MS;
    const { weekday, date } = localMoment(new Date(startMs + DAY_MS / 2), ZONE);
    const holiday = isHoliday(date, ZONE);
    const people = holiday ? 3 : weekday === 0 ? 0 : weekday === 6 ? 20 : weekday === 1 ? 110 : weekday === 5 ? 75 : 95;
    const middle = weekday === 6 ? 600 : weekday === 5 ? 550 : 510;
    const logOns = Array.from({ length: people }, (_one, person) => (person % 8 === 7 && !holiday ? bell(785, 30) : bell(middle, 20)));
    return { startMs, date, weekday, holiday, logOns: logOns.toSorted((a, b) => a - b) };
  });
}

export interface Ahead {
  readonly waitsSeconds: readonly number[];
  /** Hours for which desktops stood ready and nobody was in them, a week. */
  readonly idleHoursAWeek: number;
}

type Way = "none" | "schedule" | "learned";
/** As an admin sets it who knows the office's hours: half of the people, working days from eight to ten, not on holidays. */
const SCHEDULE = [{ weekdays: [1, 2, 3, 4, 5], fromMinute: 480, toMinute: 600, ready: 55, onHolidays: false }];

/** Plays the last four weeks minute by minute under the product's own rules of what should stand ready; the weeks before are what is learned from. */
export function playAhead(way: Way): Ahead {
  const days = history();
  const waits: number[] = [];
  let ready: { idleSince: number }[] = [];
  let inUse: number[] = [];
  let idleMinutes = 0;
  let backlog = 0;
  for (let index = WARM_UP_DAYS; index < DAYS; index++) {
    const day = days[index];
    if (!day) break;
    for (let minute = 0; minute < 1_440; minute++) {
      const now = new Date(day.startMs + minute * MINUTE_MS);
      inUse = inUse.filter((until) => until > now.getTime());
      const wanted = way === "none" ? 0 : way === "schedule" ? wantedReady({ minimumReady: 0, maximum: POOL, schedules: SCHEDULE }, localMoment(now, ZONE), day.holiday) : learned(days, index, minute, now);
      let started = 0;
      while (ready.length < Math.min(wanted, POOL - inUse.length) && started < RESUMES_A_MINUTE) {
        ready.push({ idleSince: now.getTime() });
        started += 1;
      }
      const surplus = Math.max(0, ready.length - wanted);
      ready = [...ready.slice(0, surplus).filter(({ idleSince }) => now.getTime() - idleSince < IDLE_MINUTES * MINUTE_MS), ...ready.slice(surplus)];
      backlog = Math.max(0, backlog + started - RESUMES_A_MINUTE);
      for (const _logOn of day.logOns.filter((at) => at === minute)) {
        if (ready.pop()) waits.push(0);
        else {
          backlog += 1;
          waits.push(RESUME_SECONDS * Math.max(1, backlog));
        }
        inUse.push(now.getTime() + SESSION_MINUTES * MINUTE_MS);
      }
      idleMinutes += ready.length;
    }
  }
  return { waitsSeconds: waits, idleHoursAWeek: idleMinutes / 60 / ((DAYS - WARM_UP_DAYS) / 7) };
}

function learned(days: readonly Day[], index: number, minute: number, now: Date): number {
  const logOns = new Map(days.slice(Math.max(0, index - LOOK_BACK_DAYS), index).map((day) => [day.date, day.logOns.filter((at) => at >= minute && at < minute + LEAD_MINUTES).length]));
  return Math.min(POOL, learnedReady({ now, since: new Date(START_MS), timeZone: ZONE, logOns }));
}
