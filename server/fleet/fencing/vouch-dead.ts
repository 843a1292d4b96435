import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { recordAudit } from "@/server/tenancy";
import { lockHost } from "../host/store";
import { conflict } from "../rules";
import type { HostRow } from "../types";
import { confirmFencing } from "./fence-host";
import { lockOpenFencing } from "./store";

/** Typed by the operator as the statement, so that nobody vouches by a slip of the hand. */
export const VOUCH_WORDS = "is switched off";

/**
 * An operator's word that a silent host is off, where no device could confirm it. The instances of the host are
 * restarted elsewhere on the strength of it, so the statement must name the host and say that it is switched off.
 */
export function vouchDead(context: Context, hostId: string, statement: string): Promise<HostRow> {
  return inTransaction(context, async (tx) => {
    const host = await lockHost(tx, hostId);
    if (!host || host.state === "retired") throw notFound("host", hostId);
    const fencing = await lockOpenFencing(tx, hostId);
    if (!["unreachable", "fencing"].includes(host.state) || !fencing) {
      throw conflict(sentence("refused-vouch-state", { host: host.name, state: host.state }), { hostId, state: host.state });
    }
    const said = statement.trim().replace(/\s+/g, " ");
    if (!said.toLowerCase().includes(host.name.toLowerCase()) || !said.toLowerCase().includes(VOUCH_WORDS)) {
      throw new Problem("bad-input", sentence("refused-vouch-words", { expected: `${host.name} ${VOUCH_WORDS}` }), { hostId, expected: `${host.name} ${VOUCH_WORDS}` });
    }
    const fenced = await confirmFencing(tx, context, hostId, "vouched", context.actor.id);
    if (!fenced) throw conflict(sentence("refused-vouch-late", { host: host.name }), { hostId });
    await recordAudit(tx, context, { organizationId: null, action: "host.vouched-dead", targetKind: "host", targetId: hostId, before: { state: host.state }, after: { state: fenced.state, statement: said } });
    return fenced;
  });
}
