/** P(Z > z) of the standard normal (Abramowitz & Stegun 7.1.26 for erfc; the error is below 1.5e-7). */
export function upperTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (series * Math.exp(-x * x)) / 2;
  return z >= 0 ? tail : 1 - tail;
}

/** The z with P(Z > z) = part. Beyond six spreads "never" is meant. */
export function zOf(part: number): number {
  let low = -6;
  let high = 6;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (upperTail(middle) > part) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Mean correlation between the demands of two instances, from samples taken at the same times (rows of equal length): the variance of the sum is
 * (1 - r) x the sum of variances + r x the square of the sum of spreads, so one pass over the sums gives r. Between 0 and 1.
 */
export function estimateCorrelation(rows: readonly (readonly number[])[]): number {
  const length = rows[0]?.length ?? 0;
  if (rows.length < 2 || length < 2) return 0;
  const variance = (values: readonly number[]): number => {
    const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
    return values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length;
  };
  const sums = Array.from({ length }, (_, t) => rows.reduce((sum, row) => sum + (row[t] ?? 0), 0));
  const variances = rows.map(variance);
  const squares = variances.reduce((sum, one) => sum + one, 0);
  const spreads = variances.reduce((sum, one) => sum + Math.sqrt(one), 0);
  const most = spreads ** 2 - squares;
  return most <= 0 ? 0 : Math.min(1, Math.max(0, (variance(sums) - squares) / most));
}
