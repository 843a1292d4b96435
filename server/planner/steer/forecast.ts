/** How the next interval's demand is estimated from what was seen. All rates are per interval. */
export interface ForecastSettings {
  /** Weight of the newest sample in the moving mean. */
  meanRate: number;
  /** Weight of the newest squared error in the moving variance. */
  spreadRate: number;
  /** Part of the newest sample itself in the estimate: demand that jumped mostly stays where it jumped. */
  lastPart: number;
  /** Before anything was seen: mean and spread as parts of what was sold. */
  priorMean: number;
  priorSpread: number;
}

export const DEFAULT_FORECAST: ForecastSettings = { meanRate: 0.12, spreadRate: 0.08, lastPart: 0.5, priorMean: 0.12, priorSpread: 0.12 };

/** Exponentially weighted mean and spread of each instance's demand, kept up to date sample by sample. */
export class Forecast {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly expected: Float64Array;
  readonly last: Float64Array;
  private seen = 0;

  constructor(sold: Float64Array, readonly settings: ForecastSettings = DEFAULT_FORECAST) {
    this.mean = sold.map((one) => one * settings.priorMean);
    this.variance = sold.map((one) => (one * settings.priorSpread) ** 2);
    this.expected = this.mean.slice();
    this.last = this.mean.slice();
  }

  /** Takes one sample of every instance's demand. */
  observe(demand: Float64Array): void {
    const { meanRate, spreadRate, lastPart } = this.settings;
    this.seen += 1;
    // The first samples weigh more: they are all that is known.
    const rate = Math.max(meanRate, 1 / (this.seen + 1));
    for (let i = 0; i < demand.length; i += 1) {
      const sample = demand[i] as number;
      const error = sample - (this.expected[i] as number);
      this.variance[i] = (1 - spreadRate) * (this.variance[i] as number) + spreadRate * error * error;
      const mean = (1 - rate) * (this.mean[i] as number) + rate * sample;
      this.mean[i] = mean;
      this.last[i] = sample;
      this.expected[i] = lastPart * sample + (1 - lastPart) * mean;
    }
  }
}
