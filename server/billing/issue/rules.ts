import { sentence, type Money, type Sentence } from "@/server/platform/sentences";
import { microsPerMinor, type RatedPeriod } from "@/server/rating";

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
export function parkedReason(rated: RatedPeriod, recentTotals: readonly number[]): Sentence | null {
  const { currency } = rated;
  const money = (minor: bigint): Money => ({ minor: Number(minor), currency });
  const amount = money(rated.totalMinor);
  if (rated.unpriced.length > 0) return sentence("parked-unpriced", { count: rated.unpriced.length, window: rated.unpriced[0]?.windowId ?? "" });
  if (rated.totalMinor < 0n) return sentence("parked-negative", { amount });
  const limit = (BigInt(UNUSUAL_FIRST[currency] ?? UNUSUAL_FIRST_OTHER) * 1_000_000n) / microsPerMinor(currency);
  if (recentTotals.length === 0) return rated.totalMinor > limit ? sentence("parked-first", { amount, limit: money(limit) }) : null;
  const usual = BigInt(Math.max(...recentTotals));
  const most = usual * BigInt(UNUSUAL_FACTOR);
  if (rated.totalMinor <= most || rated.totalMinor <= limit / BigInt(NEVER_UNUSUAL_PART)) return null;
  return sentence("parked-unusual", { amount, factor: UNUSUAL_FACTOR, count: recentTotals.length, usual: money(usual) });
}
