import { readdirSync } from "node:fs";
import { join } from "node:path";
import { lastSample, maxOfWindow, nSigma, percentileSum, steadySum, type PeakPredictor } from "@/server/planner/demand/predictors";
import { seededRandom } from "@/server/planner/random";
import type { BenchResult, BenchRow } from "../types";
import { dataFolder, readDay, unpackDay } from "./support/day";

const PER_HOST = 40;
const WINDOW = 120;
const AHEAD = 72;

interface Score {
  saved: number;
  /** Part of time in which the hosts together wanted more than was predicted for then, at any moment of the horizon. */
  excess: number;
  /** Part of predictions that the coming peak exceeded. */
  peaksMissed: number;
}

/** Predicts the next six hours from the last ten, for hosts of 40 instances, at every five minutes of the day where both exist. */
export function score(day: readonly Float64Array[], predictor: PeakPredictor | "oracle", seed = 1): Score {
  const random = seededRandom(seed);
  const order = day.map((data) => ({ data, key: random() })).toSorted((a, b) => a.key - b.key).map((one) => one.data);
  let predicted = 0;
  let sold = 0;
  let excess = 0;
  let samples = 0;
  let missed = 0;
  let predictions = 0;
  for (let first = 0; first + PER_HOST <= order.length; first += PER_HOST) {
    const host = order.slice(first, first + PER_HOST);
    for (let t = WINDOW; t + AHEAD <= 288; t += 1) {
      const coming = Array.from({ length: AHEAD }, (_, k) => host.reduce((sum, row) => sum + row[t + k]!, 0));
      const peak = Math.max(...coming);
      const value = predictor === "oracle" ? peak : predictor.peak(host.map((row) => row.subarray(t - WINDOW, t)));
      predicted += value;
      sold += PER_HOST;
      predictions += 1;
      if (peak > value + 1e-9) missed += 1;
      samples += AHEAD;
      for (const one of coming) if (one > value + 1e-9) excess += 1;
    }
  }
  return { saved: 1 - predicted / sold, excess: excess / samples, peaksMissed: missed / predictions };
}

/** Overcommit by prediction: what each predictor saves and how often it is wrong. */
export function run(options: { args: readonly string[] }): Promise<BenchResult> {
  const at = options.args.indexOf("--traces");
  const shared = dataFolder("planetlab");
  const days: { name: string; day: Float64Array[] }[] = [];
  if (at >= 0) days.push({ name: "traces", day: readDay(options.args[at + 1]!) });
  else if (shared !== null) {
    for (const file of readdirSync(shared).filter((one) => one.endsWith(".tar.gz"))) days.push({ name: file.slice(0, 8), day: readDay(unpackDay(join(shared, file))) });
  }
  if (days.length === 0) return Promise.resolve({ name: "overcommit", rows: [{ label: "skipped: no traces (give --traces DIR)", value: 0, unit: "" }], raw: null });
  const rows: BenchRow[] = [];
  const raw: Record<string, Record<string, Score>> = {};
  for (const { name, day } of days) {
    const oracle = score(day, "oracle");
    const base = score(day, percentileSum(0.95));
    const goal = (oracle.saved + base.saved) / 2;
    const ours = score(day, steadySum);
    raw[name] = { oracle, "percentile sum p95": base, berth: ours };
    for (const other of [lastSample, maxOfWindow, nSigma(3)]) raw[name][other.name] = score(day, other);
    rows.push({ label: `${name}: oracle saves`, value: oracle.saved * 100, unit: "%" });
    rows.push({ label: `${name}: percentile sum p95 saves`, value: base.saved * 100, unit: "%" });
    rows.push({ label: `${name}: berth saves`, value: ours.saved * 100, unit: "%", goal: `>= ${(goal * 100).toFixed(2)} (half the gap)`, held: ours.saved >= goal });
    rows.push({ label: `${name}: berth, time with more demand than predicted`, value: ours.excess * 100, unit: "%", goal: "<= 0.5", held: ours.excess <= 0.005 });
    rows.push({ label: `${name}: berth, coming peaks missed`, value: ours.peaksMissed * 100, unit: "% of predictions", goal: "<= 0.5", held: ours.peaksMissed <= 0.005 });
  }
  return Promise.resolve({ name: "overcommit", rows, raw });
}
