import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { recordAudit } from "@/server/tenancy";
import { findDecision } from "../decision/store";
import { changeHostState } from "../host/change-state";
import { lockHost } from "../host/store";
import { conflict } from "../rules";
import type { FencingRow, HostRow } from "../types";
import { requestFencing } from "./fence-host";

/**
 * An operator gives a host up that lives and cannot be reached: its machines end there and restart elsewhere. Its controller
 * is tried first; where that cannot, the host is told through the shared storage to end them itself.
 */
export function orderFencing(context: Context, hostId: string): Promise<HostRow> {
  return inTransaction(context, async (tx) => {
    const host = await lockHost(tx, hostId);
    if (!host || host.state === "retired") throw notFound("host", hostId);
    if (host.state !== "isolated") throw conflict(sentence("refused-fence-not-isolated", { host: host.name, state: host.state }), { hostId, state: host.state });
    const reason = "An operator gave it up: its machines end there and restart elsewhere.";
    const row = await changeHostState(tx, context, host, "unreachable", reason);
    await requestFencing(tx, context, hostId, reason, { operator: context.actor.id });
    await recordAudit(tx, context, { organizationId: null, action: "host.fencing-ordered", targetKind: "host", targetId: hostId, before: { state: host.state }, after: { state: "fencing" } });
    return row;
  });
}

/** The operator who asked for a fencing; null where it began because the host was silent. */
export async function readFencingOrder(tx: Transaction, fencing: FencingRow): Promise<string | null> {
  const decision = fencing.decisionId ? await findDecision(tx, fencing.decisionId) : null;
  const operator = decision?.inputs["operator"];
  return typeof operator === "string" ? operator : null;
}
