import type { Action, ActionOp, LeftOut, Plan, PolicyName, Prediction, Refusal, Rejection } from "./types";
import { hostAt, instanceAt, type Model } from "./model/model";
import { NOTHING, predictTotal, predictWaves } from "./predict-move";
import type { PlannerWords } from "./words";

export interface Draft {
  policy: PolicyName;
  seed?: number;
  actions: Action[];
  rejected?: { instanceId: string; rejections: Rejection[] }[];
  refusals?: Refusal[];
  leftOut?: LeftOut[];
  scoreBefore?: number;
  scoreAfter?: number;
  hostsFreed?: string[];
  lostHostIds?: string[];
  stages?: Plan["stages"];
  scoreCurve?: number[];
  certificate?: Plan["certificate"];
  summary: string[];
  summaryWords?: readonly PlannerWords[];
}

/** Completes a draft: counts waves, adds the predictions up, records the generations of everything that it touches. */
export function writePlan(model: Model, draft: Draft): Plan {
  const hosts: Record<string, number> = {};
  const instances: Record<string, number> = {};
  for (const action of draft.actions) {
    for (const id of [action.fromHostId, action.toHostId]) {
      const index = id === null ? undefined : model.hostIndex.get(id);
      if (id !== null && index !== undefined) hosts[id] = hostAt(model, index).generation;
    }
    const index = action.instanceId === null ? undefined : model.instanceIndex.get(action.instanceId);
    if (action.instanceId !== null && index !== undefined) instances[action.instanceId] = instanceAt(model, index).generation;
  }
  return {
    policy: draft.policy,
    clusterId: model.snapshot.clusterId,
    seed: draft.seed ?? 0,
    basedOn: { cluster: model.snapshot.generation, hosts, instances },
    actions: draft.actions,
    waves: draft.actions.reduce((most, action) => Math.max(most, action.wave), 0),
    rejected: draft.rejected ?? [],
    refusals: draft.refusals ?? [],
    leftOut: [...model.leftOut, ...(draft.leftOut ?? [])],
    scoreBefore: draft.scoreBefore ?? 0,
    scoreAfter: draft.scoreAfter ?? 0,
    hostsFreed: draft.hostsFreed ?? [],
    lostHostIds: draft.lostHostIds ?? [],
    predicted: predictTotal(draft.actions),
    schedule: predictWaves(draft.actions),
    stages: draft.stages ?? [],
    scoreCurve: draft.scoreCurve ?? [],
    certificate: draft.certificate ?? null,
    summary: draft.summary,
    summaryWords: draft.summaryWords ?? [],
  };
}

/** One action about an instance, with the generations that it is based on. */
export function instanceAction(
  model: Model,
  op: ActionOp,
  instance: number,
  from: number,
  to: number,
  reason: string,
  words: readonly PlannerWords[],
  numbers: Record<string, number>,
  predicted: Prediction = NOTHING,
): Action {
  const one = instanceAt(model, instance);
  const target = hostAt(model, to);
  return {
    op,
    instanceId: one.id,
    fromHostId: from < 0 ? null : hostAt(model, from).id,
    toHostId: target.id,
    wave: 1,
    reason,
    words,
    numbers,
    predicted,
    basedOn: { instance: one.generation, host: target.generation },
  };
}

/** One action about the power of a host. */
export function powerAction(model: Model, op: "power-on" | "power-off", host: number, reason: string, words: PlannerWords, seconds: number): Action {
  const { id, generation } = hostAt(model, host);
  return {
    op,
    instanceId: null,
    fromHostId: null,
    toHostId: id,
    wave: 1,
    reason,
    words: [words],
    numbers: {},
    predicted: { seconds, downtimeMs: 0, gbMoved: 0 },
    basedOn: { instance: null, host: generation },
  };
}
