import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import type { Words } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { evacuateHosts } from "@/server/planner";
import { namedWords, nameHosts } from "../rules";
import { predictSeconds } from "../migration/predict-end";
import { snapshotIn } from "../snapshot/take-snapshot";
import { findHost } from "./store";

/** What a drain would do now: which instance goes where and how, how long about, and what cannot leave. */
export interface DrainPreview {
  readonly hostId: string;
  readonly hostName: string;
  readonly text: string;
  readonly words: readonly Words[];
  readonly moves: readonly { readonly instanceId: string; readonly instanceName: string; readonly toHostId: string; readonly toHostName: string; readonly how: "live" | "restart" | "place"; readonly wave: number; readonly seconds: number; readonly downtimeMs: number; readonly reason: string; readonly reasonWords: readonly Words[] }[];
  readonly blockers: readonly { readonly instanceId: string; readonly instanceName: string; readonly text: string; readonly words: readonly Words[]; readonly smallestChange: string | null; readonly changeWords: readonly Words[] | null }[];
  readonly seconds: number;
}

export function previewDrain(context: Context, hostId: string): Promise<DrainPreview> {
  return inTransaction(context, async (tx) => {
    const host = await findHost(tx, hostId);
    if (!host || host.state === "retired") throw notFound("host", hostId);
    const snapshot = await snapshotIn(tx, context, host.clusterId);
    const plan = evacuateHosts(snapshot.planner, [hostId]);
    const name = (id: string): string => snapshot.names.get(id) ?? id;
    const moves = plan.actions.flatMap((action) => {
      const instance = snapshot.instances.get(action.instanceId ?? "");
      if (!instance || action.op === "stop") return [];
      const how = action.op === "migrate" ? ("live" as const) : action.op === "start" ? ("restart" as const) : ("place" as const);
      return [{ instanceId: instance.id, instanceName: instance.name, toHostId: action.toHostId, toHostName: name(action.toHostId), how, wave: action.wave, seconds: action.predicted.seconds, downtimeMs: action.predicted.downtimeMs, reason: nameHosts(action.reason, snapshot.names), reasonWords: namedWords(action.words, snapshot.names) }];
    });
    const blockers = plan.refusals.flatMap((refusal) => {
      const instance = snapshot.instances.get(refusal.instanceId);
      return instance ? [{ instanceId: instance.id, instanceName: instance.name, text: nameHosts(refusal.text, snapshot.names), words: namedWords(refusal.words, snapshot.names), smallestChange: refusal.smallestChange ? nameHosts(refusal.smallestChange.text, snapshot.names) : null, changeWords: refusal.smallestChange ? namedWords(refusal.smallestChange.words, snapshot.names) : null }] : [];
    });
    return { hostId, hostName: host.name, text: nameHosts(plan.summary.join(" "), snapshot.names), words: namedWords(plan.summaryWords, snapshot.names), moves, blockers, seconds: Math.ceil(await predictSeconds(tx, context, host.clusterId, plan)) };
  }, { isolation: "repeatable read" });
}
