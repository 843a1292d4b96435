import { lastSample, maxOfWindow, nSigma, percentileSum, steadySum, type PeakPredictor } from "./predictors";
import { seasonalSum } from "./seasonal";

/** Samples of a day at five minutes, and six hours of them: what the windows of the fleet's samples have. */
const SAMPLES_A_DAY = 288;
const SIX_HOURS = 72;

/** Every predictor behind the one interface, by the name that settings and benches use. */
export const PREDICTORS: Readonly<Record<"last" | "max" | "n-sigma" | "percentile-sum" | "seasonal" | "berth", PeakPredictor>> = {
  last: lastSample,
  max: maxOfWindow,
  "n-sigma": nSigma(3),
  "percentile-sum": percentileSum(0.95),
  seasonal: seasonalSum(SAMPLES_A_DAY, SIX_HOURS),
  berth: steadySum,
};
