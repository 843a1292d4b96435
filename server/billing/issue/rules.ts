import { formatMinor, microsPerMinor, type RatedPeriod } from "@/server/rating";

/** So many times what the last invoices came to is unusual: a forgotten loop that starts machines shows within one period. */
const UNUSUAL_FACTOR = 5;
/** A newcomer's first invoice is unusual from here on, in main units: about what a mid-sized customer spends in a month. */
const UNUSUAL_FIRST: Readonly<Record<string, number>> = { JPY: 1_000_000, USD: 10_000, EUR: 10_000, GBP: 10_000, CHF: 10_000, BHD: 4_000, KWD: 3_000 };
const UNUSUAL_FIRST_OTHER = 10_000;
/** Never unusual below this part of the newcomer's limit, however small the invoices before were. */
const NEVER_UNUSUAL_PART = 10;

/** How many earlier invoices tell what is usual. */
export const USUAL_INVOICES = 3;

/** Why an invoice should wait for an operator; null when it may go out. */
export function parkedReason(rated: RatedPeriod, recentTotals: readonly number[]): string | null {
  const { currency } = rated;
  const money = (minor: bigint): string => `${formatMinor(minor, currency)} ${currency}`;
  if (rated.unpriced.length > 0) return `${rated.unpriced.length} windows have no price (first: ${rated.unpriced[0]?.windowId ?? ""}); add a price version, void this invoice, and it is made anew`;
  if (rated.totalMinor < 0n) return `its total is ${money(rated.totalMinor)}, below zero: give the difference back by a credit note and void this one`;
  const limit = (BigInt(UNUSUAL_FIRST[currency] ?? UNUSUAL_FIRST_OTHER) * 1_000_000n) / microsPerMinor(currency);
  if (recentTotals.length === 0) return rated.totalMinor > limit ? `it is the first invoice and comes to ${money(rated.totalMinor)}, more than ${money(limit)}` : null;
  const usual = BigInt(Math.max(...recentTotals));
  const most = usual * BigInt(UNUSUAL_FACTOR);
  if (rated.totalMinor <= most || rated.totalMinor <= limit / BigInt(NEVER_UNUSUAL_PART)) return null;
  return `it comes to ${money(rated.totalMinor)}, more than ${UNUSUAL_FACTOR} times the largest of the last ${recentTotals.length} (${money(usual)})`;
}
