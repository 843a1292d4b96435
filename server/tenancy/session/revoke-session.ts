import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "../audit";
import { requireIdentity } from "../rules";
import { markAllRevoked, markRevoked } from "./store";

/** Ends one session of the acting person; its open streams end too. Somebody else's is like none. */
export async function revokeSession(context: Context, sessionId: string): Promise<void> {
  requireIdentity(context);
  await inTransaction(context, async (tx) => {
    const revoked = await markRevoked(tx, context.actor.id, sessionId, context.clock.now());
    if (!revoked) throw new Problem("not-found", `There is no open session ${sessionId} of yours. It may be over already; look at the list.`, { what: "session", id: sessionId });
    await announce(tx, { organizationId: null, topic: "session", id: revoked });
    await recordAudit(tx, context, { action: "session.revoked", targetKind: "session", targetId: revoked, organizationId: null });
  });
}

/** Ends a session at sign-out. A session that is over already stays over, without an error. */
export async function signOut(context: Context, sessionId: string): Promise<void> {
  try {
    await revokeSession(context, sessionId);
  } catch (error) {
    if (!(error instanceof Problem && error.code === "not-found")) throw error;
  }
}

/** Ends every session of the acting person but the one that asks (or that one too, when null). Answers how many. */
export async function revokeOtherSessions(context: Context, exceptSessionId: string | null): Promise<number> {
  requireIdentity(context);
  return inTransaction(context, (tx) => revokeAll(tx, context, exceptSessionId));
}

/** The same inside another verb's transaction, which writes its own audit entry. */
export async function revokeAll(tx: Transaction, context: Context, exceptSessionId: string | null): Promise<number> {
  const revoked = await markAllRevoked(tx, context.actor.id, exceptSessionId, context.clock.now());
  for (const id of revoked) await announce(tx, { organizationId: null, topic: "session", id });
  if (revoked.length > 0) await recordAudit(tx, context, { action: "session.others-revoked", targetKind: "user", targetId: context.actor.id, after: { revoked }, organizationId: null });
  return revoked.length;
}
