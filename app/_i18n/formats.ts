/** A month on a price tag: 365 days x 24 hours / 12 months. The invoice counts the real milliseconds. */
export const HOURS_PER_MONTH = 730;
const MICROS = 1_000_000;

interface Options {
  readonly locale: string;
  readonly timeZone: string;
  readonly words: { readonly perHour: (amount: string) => string; readonly perMonth: (amount: string) => string };
}

export interface Formats {
  readonly number: (value: number, maximumFractionDigits?: number) => string;
  readonly percent: (fraction: number) => string;
  /** Millionths of the currency's main unit. `fine` keeps the digits below the smallest coin. */
  readonly money: (micros: number, currency: string, fine?: boolean) => string;
  /** An amount in the currency's smallest coin (sen do not exist: 1 JPY = 1). */
  readonly moneyMinor: (minor: number, currency: string) => string;
  readonly perHour: (microsPerHour: number, currency: string) => string;
  readonly perMonth: (microsPerHour: number, currency: string) => string;
  /** Memory and disks, binary units. */
  readonly mebibytes: (mib: number) => string;
  readonly gibibytes: (gib: number) => string;
  readonly bytes: (count: number) => string;
  readonly bytesPerSecond: (count: number) => string;
  readonly date: (at: Date) => string;
  /** Where the year is plain and room is short: 11/24. */
  readonly monthDay: (at: Date) => string;
  readonly dateTime: (at: Date) => string;
  readonly time: (at: Date) => string;
  /** "3 minutes ago", measured from `now`. */
  readonly ago: (at: Date, now: Date) => string;
  /** "2 h 5 min", the two largest parts. */
  readonly duration: (ms: number) => string;
}

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const AGO: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

export function formats({ locale, timeZone, words }: Options): Formats {
  const number = (value: number, maximumFractionDigits = 2): string => new Intl.NumberFormat(locale, { maximumFractionDigits }).format(value);
  const minorDigits = (currency: string): number => new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const money = (micros: number, currency: string, fine = false): string => {
    const digits = minorDigits(currency);
    return new Intl.NumberFormat(locale, { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: fine ? Math.max(digits, 6) : digits }).format(micros / MICROS);
  };
  // Three digits that mean something: an hour costs fractions of the smallest coin.
  const hourly = (micros: number, currency: string): string =>
    new Intl.NumberFormat(locale, { style: "currency", currency, minimumFractionDigits: 0, maximumSignificantDigits: 4 }).format(micros / MICROS);
  const binary = (value: number, start: number): string => {
    let unit = start;
    let rest = value;
    while (rest >= 1024 && unit < BINARY.length - 1) {
      rest /= 1024;
      unit += 1;
    }
    return `${number(rest, rest < 10 ? 2 : 1)} ${BINARY[unit] ?? "B"}`;
  };
  const moment = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone, ...options });
    return (at: Date): string => format.format(at);
  };
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const unitNumber = (value: number, unit: string): string => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: locale === "ja" ? "short" : "narrow", maximumFractionDigits: 1 }).format(value);

  return {
    number,
    percent: (fraction) => new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 }).format(fraction),
    money,
    moneyMinor: (minor, currency) => new Intl.NumberFormat(locale, { style: "currency", currency }).format(minor / 10 ** minorDigits(currency)),
    perHour: (micros, currency) => words.perHour(hourly(micros, currency)),
    perMonth: (micros, currency) => words.perMonth(money(micros * HOURS_PER_MONTH, currency)),
    // 512 MiB stays MiB; from 1024 on it is GiB: nobody buys 4096 MiB.
    mebibytes: (mib) => binary(mib, 2),
    gibibytes: (gib) => binary(gib, 3),
    bytes: (count) => binary(count, 0),
    bytesPerSecond: (count) => `${binary(count, 0)}/s`,
    date: moment({ dateStyle: "medium" }),
    monthDay: moment({ month: "numeric", day: "numeric" }),
    dateTime: moment({ dateStyle: "medium", timeStyle: "medium" }),
    time: moment({ timeStyle: "short" }),
    ago: (at, now) => {
      const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
      for (const [unit, size] of AGO) if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
      return relative.format(0, "second");
    },
    duration: (ms) => {
      if (ms < 1000) return unitNumber(Math.round(ms), "millisecond");
      if (ms < 60_000) return unitNumber(ms / 1000, "second");
      const minutes = Math.floor(ms / 60_000);
      const parts: string[] = [];
      const days = Math.floor(minutes / 1440);
      if (days) parts.push(unitNumber(days, "day"));
      const hours = Math.floor((minutes % 1440) / 60);
      if (hours) parts.push(unitNumber(hours, "hour"));
      if (!days && minutes % 60) parts.push(unitNumber(minutes % 60, "minute"));
      const seconds = Math.floor((ms % 60_000) / 1000);
      if (!days && !hours && seconds) parts.push(unitNumber(seconds, "second"));
      return parts.slice(0, 2).join(" ");
    },
  };
}
