import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { evacuateHosts } from "@/server/planner";
import { nameHosts } from "../rules";
import { snapshotIn } from "../snapshot/take-snapshot";
import { findHost } from "./store";

/** What a drain would do now: which instance goes where and how, how long about, and what cannot leave. */
export interface DrainPreview {
  readonly hostId: string;
  readonly hostName: string;
  readonly text: string;
  readonly moves: readonly { readonly instanceId: string; readonly instanceName: string; readonly toHostId: string; readonly toHostName: string; readonly how: "live" | "restart" | "place"; readonly wave: number; readonly seconds: number; readonly downtimeMs: number; readonly reason: string }[];
  readonly blockers: readonly { readonly instanceId: string; readonly instanceName: string; readonly text: string; readonly smallestChange: string | null }[];
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
      return [{ instanceId: instance.id, instanceName: instance.name, toHostId: action.toHostId, toHostName: name(action.toHostId), how, wave: action.wave, seconds: action.predicted.seconds, downtimeMs: action.predicted.downtimeMs, reason: nameHosts(action.reason, snapshot.names) }];
    });
    const blockers = plan.refusals.flatMap((refusal) => {
      const instance = snapshot.instances.get(refusal.instanceId);
      return instance ? [{ instanceId: instance.id, instanceName: instance.name, text: nameHosts(refusal.text, snapshot.names), smallestChange: refusal.smallestChange ? nameHosts(refusal.smallestChange.text, snapshot.names) : null }] : [];
    });
    return { hostId, hostName: host.name, text: nameHosts(plan.summary.join(" "), snapshot.names), moves, blockers, seconds: Math.ceil(plan.predicted.seconds) };
  }, { isolation: "repeatable read" });
}
