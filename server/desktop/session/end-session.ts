import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { lockPool } from "../pool/store";
import { requireOrganization } from "../rules";
import { sessionRef, type SessionRef } from "../schema";
import type { SessionRow } from "../types";
import { endConsoles, lockDesktop, updateDesktop } from "../unit/store";
import { endOpenOf, lockSession, selectSession, updateSession } from "./store";

/**
 * The person is done: of a floating pool the desktop is given back and its disk is made anew, of a persistent one it stays theirs. In the
 * queue it gives up the place. Ended already: nothing changes.
 */
export async function logOff(context: Context, input: SessionRef): Promise<void> {
  const { sessionId } = sessionRef.parse(input);
  await end(context, sessionId, "logged-off", context.actor.id);
}

/** An admin ends somebody's session. */
export async function endDesktopSession(context: Context, input: SessionRef): Promise<void> {
  const { sessionId } = sessionRef.parse(input);
  await end(context, sessionId, "ended-by-admin", null);
}

/** `ownerId`: only theirs; a foreign one looks like none. */
async function end(context: Context, sessionId: string, reason: string, ownerId: string | null): Promise<void> {
  const organizationId = requireOrganization(context);
  await inTransaction(context, async (tx) => {
    const known = await selectSession(tx, organizationId, sessionId);
    // The pool first, as everybody who changes its desktops and sessions does.
    const session = known && (await lockPool(tx, known.pool.id, organizationId)) ? await lockSession(tx, organizationId, sessionId) : null;
    if (!session || (ownerId !== null && session.userId !== ownerId)) throw notFound("desktop session", sessionId);
    if (session.endedAt) return;
    await endSessionIn(tx, context, session, reason);
    await recordAudit(tx, context, { action: `desktop-session.${reason}`, targetKind: "desktop-session", targetId: session.id, after: { desktopId: session.desktopId, userId: session.userId } });
    await wakeAndAnnounce(tx, ["keep-desktops"], { organizationId, topic: "desktop", id: session.id });
  });
}

/** The session is over and its screens close; the loop does with the desktop what follows. The rows of its pool and of the session must be locked by this transaction. */
export async function endSessionIn(tx: Transaction, context: Context, session: SessionRow, reason: string): Promise<void> {
  const now = context.clock.now();
  await updateSession(tx, session.id, { endedAt: now, endReason: reason });
  if (session.desktopId === null) return;
  const desktop = await lockDesktop(tx, session.desktopId);
  if (desktop?.instanceId) await endConsoles(tx, desktop.instanceId, now, reason);
  if (desktop) await updateDesktop(tx, desktop.id, { unusedSince: now });
}

/** Ends whatever session is open on a desktop. Answers whether there was one. */
export async function endSessionOf(tx: Transaction, context: Context, desktopId: string, reason: string): Promise<boolean> {
  return (await endOpenOf(tx, desktopId, context.clock.now(), reason)) > 0;
}
