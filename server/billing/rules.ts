/** Milliseconds that a zone is ahead of UTC at a moment. */
function zoneOffsetMs(timeZone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }).formatToParts(at);
  const value = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(value("year"), value("month") - 1, value("day"), value("hour"), value("minute"), value("second"));
  return wall - Math.floor(at / 1000) * 1000;
}

/** First moment of a calendar month in a zone; month is 0..11 and may run over. A month begins at midnight wall time, whatever the clocks do that night. */
function monthStart(timeZone: string, year: number, month: number): number {
  const wall = Date.UTC(year, month, 1);
  const guess = wall - zoneOffsetMs(timeZone, wall);
  return wall - zoneOffsetMs(timeZone, guess);
}

/** The calendar month around a moment as the organization's zone has it: [start, end). @throws RangeError for an unknown zone. */
export function billingPeriod(timeZone: string, at: Date): { readonly start: Date; readonly end: Date } {
  const local = new Date(at.getTime() + zoneOffsetMs(timeZone, at.getTime()));
  const year = local.getUTCFullYear();
  const month = local.getUTCMonth();
  return { start: new Date(monthStart(timeZone, year, month)), end: new Date(monthStart(timeZone, year, month + 1)) };
}

/** A period shorter than this after a change of the zone is joined to the month after it. */
const SHORTEST_PERIOD_MS = 3 * 86_400_000;

/** The end of the billing period that begins at `start`: the end of its calendar month in the zone as it is now. */
export function periodEnd(timeZone: string, start: Date): Date {
  const { end } = billingPeriod(timeZone, start);
  return end.getTime() - start.getTime() < SHORTEST_PERIOD_MS ? billingPeriod(timeZone, new Date(start.getTime() + SHORTEST_PERIOD_MS)).end : end;
}

/** Beginnings of the calendar days of a zone within a period, and its end. A day begins at midnight wall time, whatever the clocks do. */
export function dayEdges(timeZone: string, period: { readonly startMs: number; readonly endMs: number }): number[] {
  const edges = [period.startMs];
  for (let last = period.startMs; ; ) {
    const local = new Date(last + zoneOffsetMs(timeZone, last));
    const wall = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate() + 1);
    const guess = wall - zoneOffsetMs(timeZone, wall);
    const next = wall - zoneOffsetMs(timeZone, guess);
    if (next >= period.endMs) return [...edges, period.endMs];
    edges.push(next);
    last = next;
  }
}
