import { at, hostAt, instanceAt, type Model } from "../model/model";
import { upperTail, zOf } from "../demand/normal";
import { say } from "../words";
import { changeOn, lacks, roundUp, type Constraint } from "./types";

/** Instances of one fleet follow the same day; measured on desktop fleets the mean correlation is around a tenth. */
const DEFAULT_CORRELATION = 0.1;
const EPSILON = 1e-6;

/** The quantile that a policy asks for, found once. */
const quantiles = new Map<number, number>();

function quantile(part: number): number {
  const known = quantiles.get(part);
  if (known !== undefined) return known;
  const found = zOf(part);
  quantiles.set(part, found);
  return found;
}

/** Mean and deviation of what a host is wanted for with one more instance, in millicores: a normal sum of correlated demands. */
function wanted(model: Model, instance: number, host: number): { mean: number; deviation: number } {
  const correlation = model.snapshot.policy.demandCorrelation ?? DEFAULT_CORRELATION;
  const spread = at(model.cpuSpreadMillicores, instance);
  const spreads = at(model.spreadSum, host) + spread;
  const squares = at(model.spreadSquares, host) + spread * spread;
  const variance = (1 - correlation) * squares + correlation * spreads * spreads;
  return { mean: at(model.demandCpuMillicores, host) + at(model.cpuDemandMillicores, instance), deviation: Math.sqrt(Math.max(0, variance)) };
}

/** The part of minutes in which the instance and those on the host want more than its cores. */
export function contentionPart(model: Model, instance: number, host: number): number {
  const { mean, deviation } = wanted(model, instance, host);
  const cores = at(model.hostCpuMillicores, host);
  if (deviation < EPSILON) return mean > cores + EPSILON ? 1 : 0;
  return upperTail((cores - mean) / deviation);
}

/** Overcommit by risk: beside the ratio, the cores may be wanted beyond their number in at most so many minutes. */
export const contention: Constraint = {
  rule: "contention",
  admits: (model, instance, host) => {
    const allowed = model.snapshot.policy.maxContentionPart;
    if (allowed === undefined) return true;
    const { mean, deviation } = wanted(model, instance, host);
    return mean + quantile(allowed) * deviation <= at(model.hostCpuMillicores, host) + EPSILON;
  },
  explain: (model, instance, host) => {
    const { id } = hostAt(model, host);
    const name = instanceAt(model, instance).id;
    const allowed = (model.snapshot.policy.maxContentionPart ?? 1) * 100;
    const risk = roundUp(contentionPart(model, instance, host) * 100);
    const { mean, deviation } = wanted(model, instance, host);
    const cores = at(model.hostCpuMillicores, host) / 1000;
    const text =
      `with ${name}, ${id} would be wanted beyond its ${cores} cores in ${risk} % of minutes ` +
      `(${(mean / 1000).toFixed(1)} +- ${(deviation / 1000).toFixed(1)} cores expected), ${allowed} % are allowed`;
    const words = say("contention", { instance: name, host: id, riskPercent: risk, allowedPercent: allowed });
    const change = changeOn("raise-risk", null, `allow contention in ${risk} % of minutes instead of ${allowed} %`, say("change-raise-risk", { fromPercent: allowed, toPercent: risk }), 2.5 + risk / 100, risk / 100, "part of minutes");
    return lacks(model, host, "contention", "% of minutes", risk, allowed, text, words, change);
  },
};
