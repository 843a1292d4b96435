const DAY_MS = 86_400_000;

/** What a clock on the wall of a zone shows at a moment, as if it were UTC. */
function shownAt(timeZone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }).formatToParts(at);
  const value = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(value("year"), value("month") - 1, value("day"), value("hour"), value("minute"), value("second"));
}

/**
 * The moment at which a clock on the wall of a zone shows `text` (yyyy-mm-ddThh:mm or with seconds, as fields for dates give it); null for what
 * is no date. An hour that comes twice is its first time; one that a zone leaves out is the one after it.
 */
export function momentOfWallClock(timeZone: string, text: string): Date | null {
  const wall = Date.parse(`${text}Z`);
  if (Number.isNaN(wall)) return null;
  // What the zone was ahead of UTC before and after whatever change may lie around the day.
  const moments = [wall - DAY_MS, wall + DAY_MS].map((near) => wall - (shownAt(timeZone, near) - near));
  const real = moments.filter((at) => shownAt(timeZone, at) === wall);
  return new Date(real.length > 0 ? Math.min(...real) : Math.max(...moments));
}
