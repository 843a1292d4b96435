import type { DemandHistory } from "../types";
import { totals, type PeakPredictor } from "./predictors";

const DAY_SECONDS = 86_400;
const WEEK_SECONDS = 7 * DAY_SECONDS;
/** Finer than an hour the day's shape is noise; coarser, a morning storm at nine is smeared over the night. */
const SLOT_SECONDS = 3600;
/** A history shorter than this says nothing about the shape of a day. */
const DAYS_FOR_A_DAY = 2;
/** Two of each weekday are needed before weekdays are told apart. */
const DAYS_FOR_A_WEEK = 14;
/** Half of the weight is gone after two weeks: habits change. */
const HALF_LIFE_SECONDS = 2 * WEEK_SECONDS;
/** The slot of the day counts as much as this many weeks of the slot of the week: two Mondays alone are chance. */
const DAY_WEIGHT = 0.5;

/** What is expected at any moment of the future: mean and one standard deviation. */
export interface SeasonalProfile {
  /** What the history was enough for. */
  shape: "week" | "day" | "flat";
  at(seconds: number): { mean: number; spread: number };
}

interface Tally {
  weight: number;
  sum: number;
}

const slotOf = (seconds: number, period: number): number => Math.floor((((seconds % period) + period) % period) / SLOT_SECONDS);
const meanOf = (tally: Tally | undefined): number => (tally === undefined || tally.weight === 0 ? 0 : tally.sum / tally.weight);

/**
 * The hour-by-hour habit in evenly spaced samples. Two weeks or more: by hour of the week, drawn towards the hour of the day; two days or more:
 * by hour of the day; less: mean and spread of everything. Samples that are no amounts are skipped.
 */
export function seasonalProfile(history: DemandHistory): SeasonalProfile {
  const { stepSeconds, endSeconds, cpuMillicores: values } = history;
  const days = (values.length * stepSeconds) / DAY_SECONDS;
  const shape = !(stepSeconds > 0) || days < DAYS_FOR_A_DAY || stepSeconds > SLOT_SECONDS ? "flat" : days < DAYS_FOR_A_WEEK ? "day" : "week";
  const samples: { at: number; value: number; weight: number }[] = [];
  values.forEach((value, index) => {
    const age = (values.length - 1 - index) * stepSeconds;
    // A sample stands for the step that it ends.
    if (Number.isFinite(value) && value >= 0) samples.push({ at: endSeconds - age - stepSeconds, value, weight: 0.5 ** (age / HALF_LIFE_SECONDS) });
  });
  const all: Tally = { weight: 0, sum: 0 };
  const byDay = new Map<number, Tally>();
  const byWeek = new Map<number, Tally>();
  const add = (tallies: Map<number, Tally>, slot: number, weight: number, value: number): void => {
    const tally = tallies.get(slot) ?? { weight: 0, sum: 0 };
    tally.weight += weight;
    tally.sum += weight * value;
    tallies.set(slot, tally);
  };
  for (const { at, value, weight } of samples) {
    all.weight += weight;
    all.sum += weight * value;
    add(byDay, slotOf(at, DAY_SECONDS), weight, value);
    add(byWeek, slotOf(at, WEEK_SECONDS), weight, value);
  }
  const meanAt = (seconds: number): number => {
    if (shape === "flat") return meanOf(all);
    const day = byDay.get(slotOf(seconds, DAY_SECONDS));
    if (shape === "day") return day === undefined ? meanOf(all) : meanOf(day);
    const week = byWeek.get(slotOf(seconds, WEEK_SECONDS)) ?? { weight: 0, sum: 0 };
    const samplesPerSlot = SLOT_SECONDS / stepSeconds;
    const pull = DAY_WEIGHT * samplesPerSlot;
    return (week.sum + pull * meanOf(day)) / (week.weight + pull);
  };
  // How far samples lie from the habit, by hour of the day: mornings are less certain than nights.
  const misses = new Map<number, Tally>();
  const missesOfAll: Tally = { weight: 0, sum: 0 };
  for (const { at, value, weight } of samples) {
    const square = (value - meanAt(at)) ** 2;
    add(misses, slotOf(at, DAY_SECONDS), weight, square);
    missesOfAll.weight += weight;
    missesOfAll.sum += weight * square;
  }
  return {
    shape,
    at: (seconds) => ({
      mean: meanAt(seconds),
      spread: Math.sqrt(meanOf(shape === "flat" ? missesOfAll : (misses.get(slotOf(seconds, DAY_SECONDS)) ?? missesOfAll))),
    }),
  };
}

/** The highest mean plus `sigmas` spreads in [from, to], and when; looked at once a slot. */
export function peakBetween(profile: SeasonalProfile, fromSeconds: number, toSeconds: number, sigmas: number): { value: number; atSeconds: number } {
  let best = { value: 0, atSeconds: fromSeconds };
  for (let at = fromSeconds; ; at = Math.min(toSeconds, (Math.floor(at / SLOT_SECONDS) + 1) * SLOT_SECONDS)) {
    const { mean, spread } = profile.at(at);
    if (mean + sigmas * spread > best.value) best = { value: mean + sigmas * spread, atSeconds: at };
    if (at >= toSeconds) return best;
  }
}

/**
 * The habit as a predictor among the others: windows of days or weeks, `samplesPerDay` a day, and the answer is the peak of the sum in the
 * `horizonSamples` after the window.
 */
export function seasonalSum(samplesPerDay: number, horizonSamples: number, sigmas = 2): PeakPredictor {
  const stepSeconds = DAY_SECONDS / samplesPerDay;
  return {
    name: "seasonal",
    peak: (window) => {
      const sums = totals(window);
      if (sums.length === 0) return 0;
      const endSeconds = sums.length * stepSeconds;
      const profile = seasonalProfile({ stepSeconds, endSeconds, cpuMillicores: [...sums] });
      return peakBetween(profile, endSeconds, endSeconds + (horizonSamples - 1) * stepSeconds, sigmas).value;
    },
  };
}
