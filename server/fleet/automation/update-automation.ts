import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { lockCluster } from "../cluster/store";
import type { AutomationInput } from "../schema";
import { defaultAutomation } from "./rules";
import { findAutomation, upsertAutomation, writeMargin } from "./store";
import type { Automation } from "./types";

/** Changes what a cluster may do by itself; what is not named stays. */
export function updateAutomation(context: Context, input: AutomationInput): Promise<Automation> {
  return inTransaction(context, (tx) => updateAutomationIn(tx, context, input));
}

export async function updateAutomationIn(tx: Transaction, context: Context, input: AutomationInput): Promise<Automation> {
  const cluster = await lockCluster(tx, input.clusterId);
  if (!cluster) throw notFound("cluster", input.clusterId);
  const before = (await findAutomation(tx, cluster.id)) ?? defaultAutomation(cluster.id);
  const change = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const after: Automation = { ...before, ...change };
  await upsertAutomation(tx, { ...after, updatedAt: context.clock.now(), updatedBy: context.actor.id });
  await announce(tx, { organizationId: null, topic: "cluster", id: cluster.id });
  await wake(tx, "rebalance-clusters", "consolidate-clusters", "wake-hosts", "guard-certificates");
  await recordAudit(tx, context, { organizationId: null, action: "cluster.automation-changed", targetKind: "cluster", targetId: cluster.id, before: { ...before }, after: { ...after } });
  return after;
}

/** How wrong the predictions of a cluster's moves are, as a part of what was predicted; the loop itself learns it. */
export async function notePredictionMargin(tx: Transaction, clusterId: string, margin: number): Promise<void> {
  await writeMargin(tx, clusterId, margin);
}
