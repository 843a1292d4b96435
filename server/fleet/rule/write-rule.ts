import { listInstancesForCluster } from "@/server/compute";
import { mintId } from "@/server/platform/id";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { findCluster, raiseGeneration } from "../cluster/store";
import { hostsOf } from "../host/store";
import { conflict } from "../rules";
import type { PlacementRuleInput } from "../schema";
import type { PlacementRuleRow } from "../types";
import { deleteRule, insertRule, rulesOf } from "./store";

/** An operator's rule about where instances of a cluster may be; what stands against it is moved by the loop `follow-rules`. */
export function addPlacementRule(context: Context, input: PlacementRuleInput): Promise<PlacementRuleRow> {
  return inTransaction(context, async (tx) => {
    const cluster = await findCluster(tx, input.clusterId);
    if (!cluster) throw notFound("cluster", input.clusterId);
    const known = new Set((await hostsOf(tx, input.clusterId)).map((host) => host.id));
    const strange = input.hosts.find((host) => !known.has(host.hostId));
    if (strange) throw conflict(sentence("refused-rule-host", { host: strange.hostId, cluster: cluster.name }), { hostId: strange.hostId });
    const instances = new Set((await listInstancesForCluster(tx, context, input.clusterId)).map((one) => one.id));
    const missing = input.instanceIds.find((id) => !instances.has(id));
    if (missing !== undefined) throw notFound("instance", missing);
    const row = await insertRule(tx, { id: mintId("placementRule", context), ...input, createdAt: context.clock.now(), createdBy: context.actor.id });
    if (!row) throw new Error(`The rule of the cluster ${input.clusterId} was not written.`);
    await settle(tx, context, "placement-rule.added", row, null, row);
    return row;
  });
}

/** The rule holds no longer; nothing moves because of that. */
export function removePlacementRule(context: Context, ruleId: string): Promise<void> {
  return inTransaction(context, async (tx) => {
    const row = await deleteRule(tx, ruleId);
    if (!row) throw notFound("placement rule", ruleId);
    await settle(tx, context, "placement-rule.removed", row, row, null);
  });
}

/** The rules of a cluster, oldest first. */
export function listPlacementRules(context: Context, clusterId: string): Promise<PlacementRuleRow[]> {
  return inTransaction(context, (tx) => rulesOf(tx, clusterId), { readOnly: true });
}

async function settle(tx: Transaction, context: Context, action: string, row: PlacementRuleRow, before: PlacementRuleRow | null, after: PlacementRuleRow | null): Promise<void> {
  await raiseGeneration(tx, row.clusterId);
  await wake(tx, "place-instances", "follow-rules");
  await recordAudit(tx, context, { organizationId: null, action, targetKind: "cluster", targetId: row.clusterId, before: facts(before), after: facts(after) });
}

function facts(row: PlacementRuleRow | null): Record<string, unknown> | undefined {
  return row ? { ruleId: row.id, kind: row.kind, strict: row.strict, instanceIds: row.instanceIds, hosts: row.hosts } : undefined;
}
