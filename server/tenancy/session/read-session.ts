import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { isLive, LAST_SEEN_EVERY_MS } from "./rules";
import { selectSession, touchSession } from "./store";
import type { Session, SessionClaims } from "./types";

/**
 * The session behind a cookie's claims, or null when it is revoked, over, or its person is disabled. Asked on every
 * request, so that a revoked session ends at once. Context in the identity scope.
 */
export async function readSession(context: Context, claims: SessionClaims): Promise<Session | null> {
  return inTransaction(context, async (tx) => {
    const found = await selectSession(tx, claims.sid);
    if (!found) return null;
    const { session, user, memberships } = found;
    const now = context.clock.now();
    if (user.id !== claims.userId || user.disabledAt !== null || !isLive(session, now.getTime())) return null;
    if (now.getTime() - session.lastSeenAt.getTime() > LAST_SEEN_EVERY_MS) await touchSession(tx, session.id, now);
    const { disabledAt: _, ...person } = user;
    return { id: session.id, expiresAt: session.expiresAt, user: person, memberships };
  });
}
