import type { Rejection } from "./types";
import { ADMISSION, rejectByReserve } from "./constraints/failover-reserve";
import { firstRefusing, PLACE_RULES, type Constraint } from "./constraints/index";
import { hostAt, instanceAt, type Model } from "./model/model";
import { scorePlace, type Strategy } from "./scoring/index";
import { say } from "./words";

export interface Choice {
  /** Best admissible host, or -1. */
  host: number;
  score: number;
  /** Every other host with the first rule that failed, or with its higher score. */
  rejections: Rejection[];
}

export interface ChoiceOptions {
  strategy: Strategy;
  /** Keep "any N hosts may fail" true; off for restarts and evacuations, which must not wait for it. */
  withReserve: boolean;
  rules?: readonly Constraint[];
  /** Hosts that are no candidates, without a rejection (they are where the instance is leaving from). */
  except?: ReadonlySet<number>;
}

/** Best admissible host for one instance, which must not be booked. Ties go to the host that comes first by id. */
export function chooseHost(model: Model, instance: number, options: ChoiceOptions): Choice {
  const rules = options.rules ?? PLACE_RULES;
  const rejections: Rejection[] = [];
  const candidates: { host: number; score: number }[] = [];
  for (let host = 0; host < model.hosts.length; host += 1) {
    if (options.except?.has(host) === true) continue;
    const refusing = firstRefusing(rules, model, instance, host);
    if (refusing !== null) rejections.push(refusing.explain(model, instance, host));
    else candidates.push({ host, score: scorePlace(model, instance, host, options.strategy) });
  }
  const byId = (a: number, b: number): number => (hostAt(model, a).id < hostAt(model, b).id ? -1 : 1);
  candidates.sort((a, b) => a.score - b.score || byId(a.host, b.host));
  let chosen: { host: number; score: number } | null = null;
  for (const candidate of candidates) {
    if (chosen !== null) {
      rejections.push(rejectByScore(model, instance, candidate, chosen));
      continue;
    }
    const loss = options.withReserve ? ADMISSION.reserveBrokenBy(model, instance, candidate.host) : null;
    if (loss === null) chosen = candidate;
    else rejections.push(rejectByReserve(model, instance, candidate.host, loss));
  }
  return { host: chosen?.host ?? -1, score: chosen?.score ?? 0, rejections };
}

function rejectByScore(
  model: Model,
  instance: number,
  candidate: { host: number; score: number },
  chosen: { host: number; score: number },
): Rejection {
  const score = candidate.score.toFixed(3);
  const best = `${chosen.score.toFixed(3)} of ${hostAt(model, chosen.host).id}`;
  const hostId = hostAt(model, candidate.host).id;
  const text = `${instanceAt(model, instance).id} would fit on ${hostId}, with the score ${score} against ${best} (lower is better)`;
  const words = say("lower-score", { instance: instanceAt(model, instance).id, host: hostId, score: rounded(candidate.score), best: hostAt(model, chosen.host).id, bestScore: rounded(chosen.score) });
  return { hostId, rule: "lower-score", text, words: [words], needed: null, available: null, missing: null, unit: null, change: null };
}

const rounded = (score: number): number => Math.round(score * 1_000) / 1_000;
