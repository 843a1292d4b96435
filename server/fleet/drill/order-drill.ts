import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, violatedConstraint, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { lockHost } from "../host/store";
import { askRehearsalIn } from "../rehearsal/ask-rehearsal";
import { askRehearsalInput } from "../rehearsal/schema";
import { conflict } from "../rules";
import type { DrillRow } from "../types";
import { insertDrill } from "./store";

/**
 * Orders the crash on purpose of a marked host. The same loss is rehearsed first; the loop `drill-hosts` crashes the host
 * only when the rehearsal shows that everything restarts. @throws Problem `conflict` when the host is not marked, is not up,
 * or another drill of the cluster is under way.
 */
export async function orderDrill(context: Context, hostId: string): Promise<DrillRow> {
  try {
    return await inTransaction(context, (tx) => orderDrillIn(tx, context, hostId));
  } catch (error) {
    if (violatedConstraint(error) !== "drill_one_open") throw error;
    throw conflict(sentence("refused-drill-running"), { hostId });
  }
}

export async function orderDrillIn(tx: Transaction, context: Context, hostId: string): Promise<DrillRow> {
  const host = await lockHost(tx, hostId);
  if (!host || host.state === "retired") throw notFound("host", hostId);
  if (!host.drillable) throw conflict(sentence("refused-drill-unmarked", { host: host.name }), { hostId });
  if (host.state !== "up" || host.maintenance || host.drainRequestedAt) throw conflict(sentence("refused-drill-state", { host: host.name }), { hostId, state: host.state });
  const rehearsal = await askRehearsalIn(tx, context, askRehearsalInput.parse({ clusterId: host.clusterId, question: { kind: "lose-host", hostId } }));
  const row: DrillRow = { id: mintId("drill", context), clusterId: host.clusterId, hostId, rehearsalId: rehearsal.id, state: "crashing", reason: "", reasonWords: null, orderedBy: context.actor.id, orderedAt: context.clock.now(), crashedAt: null, incidentId: null, measured: null, finishedAt: null };
  await insertDrill(tx, row);
  await announce(tx, { organizationId: null, topic: "cluster", id: host.clusterId });
  await wake(tx, "play-rehearsals", "drill-hosts");
  await recordAudit(tx, context, { organizationId: null, action: "drill.ordered", targetKind: "host", targetId: hostId, before: null, after: { drillId: row.id, rehearsalId: rehearsal.id } });
  return row;
}
