import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
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
    throw conflict("A drill of this cluster is under way already. Wait for its end.", { hostId });
  }
}

export async function orderDrillIn(tx: Transaction, context: Context, hostId: string): Promise<DrillRow> {
  const host = await lockHost(tx, hostId);
  if (!host || host.state === "retired") throw notFound("host", hostId);
  if (!host.drillable) throw conflict(`${host.name} is not marked for drills, so it is not crashed. Mark it first if its machines may be restarted on purpose.`, { hostId });
  if (host.state !== "up" || host.maintenance || host.drainRequestedAt) throw conflict(`${host.name} is ${host.maintenance ? "in maintenance" : host.drainRequestedAt ? "being drained" : host.state}, so a drill would measure nothing. Only a host in service is crashed on purpose.`, { hostId, state: host.state });
  const rehearsal = await askRehearsalIn(tx, context, askRehearsalInput.parse({ clusterId: host.clusterId, question: { kind: "lose-host", hostId } }));
  const row: DrillRow = { id: mintId("drill", context), clusterId: host.clusterId, hostId, rehearsalId: rehearsal.id, state: "crashing", reason: "", orderedBy: context.actor.id, orderedAt: context.clock.now(), crashedAt: null, incidentId: null, measured: null, finishedAt: null };
  await insertDrill(tx, row);
  await announce(tx, { organizationId: null, topic: "cluster", id: host.clusterId });
  await wake(tx, "play-rehearsals", "drill-hosts");
  await recordAudit(tx, context, { organizationId: null, action: "drill.ordered", targetKind: "host", targetId: hostId, before: null, after: { drillId: row.id, rehearsalId: rehearsal.id } });
  return row;
}
