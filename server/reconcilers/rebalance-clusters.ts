import { giveNotice, standOf } from "@/server/compute";
import { giveAdvice, inWindows, measureDecision, notePredictionMargin, readAccepted, readAutomations, readUnmeasuredPlans, settleAdvice, withdrawAdvice, type Automation, type UnmeasuredPlan } from "@/server/fleet";
import { sentence, sentences } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { carryOut } from "./steer/carry-out";
import { askDirtyRate, measureWrites } from "./steer/measure-writes";
import { findHot, planRelief, temperOf, type Relief } from "./steer/relieve-hosts";
import { steeringView, whyNotSteered, type HostLoad, type SteeringView } from "./steer/view";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 30_000;
/** The last three minutes are compared: they must be of the time after the moves alone, and the minute that was under way is not. */
const EFFECT_AFTER_MS = 4 * 60_000;
/** A plan whose effect nobody could measure within this is closed without. */
const EFFECT_GIVEN_UP_MS = 60 * 60_000;
/** Pre-copy ends in reasonable time below this part of the link (a geometric series with that ratio). */
const COPYABLE_FRACTION = 0.8;
const MIBS_PER_MBPS = 1 / 8.388608;
/** Plans made anew because a guest of the last one writes too fast. */
const ATTEMPTS = 3;

/** Relieves hosts on which guests wait for the processor, with few moves, each worth its cost. */
export const rebalanceClustersLoop: LoopDefinition = {
  name: "rebalance-clusters",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const { context } = pass;
    const accepted = (await readAccepted(context)).filter((one) => one.kind === "rebalance");
    let backlog = 0;
    for (const automation of (await readAutomations(context)).values()) {
      if (pass.signal.aborted) break;
      const word = accepted.find((one) => one.clusterId === automation.clusterId);
      if (automation.rebalance === "off" && !word) continue;
      backlog += await rebalance(pass, automation, word?.id ?? null);
    }
    return { backlog };
  },
};

async function rebalance(pass: Pass, automation: Automation, adviceId: string | null): Promise<number> {
  const { context } = pass;
  const view = await steeringView(pass, automation, temperOf(automation.aggressiveness).minutes);
  const open = await readUnmeasuredPlans(context, automation.clusterId, "rebalance");
  let waiting = 0;
  for (const plan of open) waiting += (await measure(pass, view, plan)) ? 0 : 1;
  // What is under way changes the loads: the next plan is made from what it left.
  if (waiting > 0 || view.snapshot.migrations.length > 0 || whyNotSteered(view) !== null) return waiting;
  const hot = findHot(view);
  if (hot.length === 0) {
    // While nothing is urgent; in the pass, because work in the background would wake the loop again when it ends.
    await measureWrites(pass, view.snapshot);
    await inTransaction(context, async (tx) => {
      await withdrawAdvice(tx, context, { clusterId: automation.clusterId, kind: "rebalance", hostId: null });
      if (adviceId !== null) await settleAdvice(tx, context, adviceId, "outdated");
    });
    return 0;
  }
  const quiet = inWindows(automation.quietHours, automation.timeZone, context.clock.now());
  if (automation.rebalance === "automatic" && !quiet) await announceMoves(pass, view, hot);
  const budget = automation.movesPerHour - view.moves.lastHour;
  const { relief, postCopy } = await planCopyable(pass, view, hot, budget);
  if (!relief) {
    context.logger.debug({ cluster: view.snapshot.cluster.name, hot: hot.map((load) => load.name), budget }, "no move would relieve the hot hosts enough");
    if (adviceId !== null) await inTransaction(context, (tx) => settleAdvice(tx, context, adviceId, "outdated"));
    pass.wake("wake-hosts");
    return hot.length;
  }
  if ((automation.rebalance === "automatic" && !quiet) || adviceId !== null) return begin(pass, view, relief, postCopy, adviceId);
  await inTransaction(context, (tx) => giveAdvice(tx, context, { clusterId: automation.clusterId, kind: "rebalance", hostId: null, reason: quiet && automation.rebalance === "automatic" ? sentences(relief.reason, sentence("relief-quiet")) : relief.reason, basedOnGeneration: view.snapshot.cluster.generation, plan: figuresOf(view, relief) }));
  return hot.length;
}

function figuresOf(view: SteeringView, relief: Relief): Record<string, unknown> {
  const name = (id: string | null): string => (id === null ? "" : (view.snapshot.names.get(id) ?? id));
  return {
    moves: relief.plan.actions.map((action) => ({ instanceId: action.instanceId, name: name(action.instanceId), from: name(action.fromHostId), to: name(action.toHostId), seconds: action.predicted.seconds, downtimeMs: action.predicted.downtimeMs })),
    before: relief.before,
    after: relief.after,
    gainFraction: relief.gainFraction,
    margin: view.automation.predictionMargin,
  };
}

async function begin(pass: Pass, view: SteeringView, relief: Relief, postCopy: ReadonlySet<string>, adviceId: string | null): Promise<number> {
  const { context } = pass;
  const { begun } = await carryOut(pass, view.snapshot, relief.plan, {
    kind: "rebalance",
    cause: "balance",
    reason: relief.reason,
    postCopy,
    inputs: { hot: relief.hot, before: relief.before, margin: view.automation.predictionMargin, aggressiveness: view.automation.aggressiveness, movesLastHour: view.moves.lastHour },
    predicted: { loadAfter: relief.after, gainFraction: relief.gainFraction },
  });
  if (adviceId !== null) await inTransaction(context, (tx) => settleAdvice(tx, context, adviceId, begun > 0 ? "applied" : "outdated"));
  // What was put before the operator while nothing might move by itself is under way.
  else if (begun > 0) await inTransaction(context, (tx) => withdrawAdvice(tx, context, { clusterId: view.snapshot.cluster.id, kind: "rebalance", hostId: null }));
  if (begun > 0) context.logger.info({ cluster: view.snapshot.cluster.name, moves: begun, reason: relief.reason.text }, "hot hosts are relieved");
  return begun;
}

/** A plan whose guests can all be copied: those that write faster than the link are left, or moved post-copy where the cluster says so. */
async function planCopyable(pass: Pass, view: SteeringView, hot: readonly HostLoad[], budget: number): Promise<{ relief: Relief | null; postCopy: ReadonlySet<string> }> {
  const postCopy = new Set<string>();
  let planner = view.planner;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const relief = planRelief({ ...view, planner }, hot, budget);
    if (!relief) return { relief: null, postCopy };
    const stuck = new Set<string>();
    for (const action of relief.plan.actions) {
      if (action.instanceId === null || action.fromHostId === null) continue;
      const dirty = (await askDirtyRate(pass, view.snapshot, action.instanceId, action.fromHostId)) ?? view.moves.dirtyMiBPerSecond.get(action.instanceId) ?? null;
      if (dirty === null || dirty < linkMiBs(view, action.fromHostId, action.toHostId) * COPYABLE_FRACTION) continue;
      if (view.automation.fastWriters === "post-copy") postCopy.add(action.instanceId);
      else stuck.add(action.instanceId);
    }
    if (stuck.size === 0) return { relief, postCopy };
    pass.context.logger.info({ instances: [...stuck] }, "guests write faster than the link copies; they are left where they are");
    planner = { ...planner, instances: planner.instances.map((one) => (stuck.has(one.id) ? { ...one, canMigrate: false } : one)) };
  }
  return { relief: null, postCopy };
}

function linkMiBs(view: SteeringView, fromHostId: string, toHostId: string): number {
  const of = (id: string): number => view.snapshot.hosts.get(id)?.linkMbps ?? view.planner.policy.linkMbps;
  return Math.min(of(fromHostId), of(toHostId)) * MIBS_PER_MBPS;
}

/** Owners on hot hosts who want to be told before a move are told now, so that it can come when their notice is over. */
async function announceMoves(pass: Pass, view: SteeringView, hot: readonly HostLoad[]): Promise<void> {
  const { context } = pass;
  const now = context.clock.now();
  const hotIds = new Set(hot.map((load) => load.hostId));
  for (const consent of view.consents.values()) {
    if (!hotIds.has(view.snapshot.allocations.get(consent.instanceId)?.hostId ?? "")) continue;
    if (standOf(consent, inWindows(consent.notDuring, consent.timeZone, now), now.getTime()) === "wants-notice") await inTransaction(context, (tx) => giveNotice(tx, context, consent));
  }
}

/** Compares what a plan promised with what its hosts are wanted for since; true when there is nothing more to wait for. */
async function measure(pass: Pass, view: SteeringView, plan: UnmeasuredPlan): Promise<boolean> {
  const { context } = pass;
  const { decision } = plan;
  const nowMs = context.clock.nowMs();
  if (plan.openMoves > 0) return false;
  const endedMs = plan.lastEndedAt?.getTime() ?? decision.createdAt.getTime();
  if (plan.doneMoves === 0) {
    await inTransaction(context, (tx) => measureDecision(tx, context, decision.id, { moves: 0 }, "failed"));
    return true;
  }
  if (nowMs - endedMs < EFFECT_AFTER_MS) return false;
  const promised = Array.isArray(decision.predicted["loadAfter"]) ? (decision.predicted["loadAfter"] as { hostId: string; demandMillicores: number; capacityMillicores: number }[]) : [];
  const rows = promised.flatMap((row) => {
    const load = view.loads.get(row.hostId);
    return load?.measured === true ? [{ hostId: row.hostId, name: load.name, predictedMillicores: row.demandMillicores, measuredMillicores: Math.round(load.recentMillicores), errorFraction: Math.abs(load.recentMillicores - row.demandMillicores) / Math.max(1, row.capacityMillicores) }] : [];
  });
  if (rows.length === 0 && nowMs - endedMs < EFFECT_GIVEN_UP_MS) return false;
  const error = rows.length === 0 ? null : Math.max(...rows.map((row) => row.errorFraction));
  const margin = error === null ? view.automation.predictionMargin : learnMargin(view.automation.predictionMargin, error);
  await inTransaction(context, async (tx) => {
    await measureDecision(tx, context, decision.id, { hosts: rows, errorFraction: error, marginBefore: view.automation.predictionMargin, marginAfter: margin, movedSeconds: plan.movedSeconds, downtimeMs: plan.downtimeMs, moves: plan.doneMoves }, "applied");
    if (margin !== view.automation.predictionMargin) await notePredictionMargin(tx, view.automation.clusterId, margin);
  });
  return true;
}

/** Widened at once by what went wrong, narrowed slowly by what went well; never so small that noise looks like a gain. */
export function learnMargin(margin: number, error: number): number {
  const next = error > margin ? Math.max(margin * 1.25, error) : margin * 0.95;
  return Math.round(Math.min(1, Math.max(0.05, next)) * 1_000) / 1_000;
}
