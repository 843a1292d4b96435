/** One figure of a benchmark. */
export interface BenchRow {
  readonly label: string;
  readonly value: number | string;
  readonly unit: string;
  /** The goal in words, where there is one. */
  readonly goal?: string;
  readonly held?: boolean;
}

export interface BenchResult {
  readonly name: string;
  readonly rows: readonly BenchRow[];
  /** Everything measured, for whoever wants to compute other figures. */
  readonly raw: unknown;
}

export interface BenchOptions {
  /** What follows the benchmark's name on the command line, without --json FILE. */
  readonly args: readonly string[];
}

export type Bench = (options: BenchOptions) => Promise<BenchResult>;

/** The value below which the fraction `p` of the sample lies (nearest rank). */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}
