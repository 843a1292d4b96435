import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { recordAudit } from "../audit";
import { requireIdentity } from "../rules";
import { prepareDecoy, selectUser, selectUserByEmail, verifyPassword } from "../user";
import { countAttempt } from "./limit-attempts";
import { SESSION_LIFETIME_MS } from "./rules";
import type { SignInInput } from "./schema";
import { insertSession } from "./store";
import type { SessionClaims } from "./types";

export interface Caller {
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/**
 * Opens a session for the right e-mail address and password. A wrong address, a wrong password, a disabled person and
 * one without a password get one answer after the same work, so that nobody learns who has an account.
 */
export async function signIn(context: Context, input: SignInInput, caller: Caller): Promise<SessionClaims> {
  requireIdentity(context);
  const succeeded = await countAttempt(context, input.email, caller.ip);
  await prepareDecoy();
  const known = await inTransaction(context, (tx) => selectUserByEmail(tx, input.email), { readOnly: true });
  const matches = await verifyPassword(known?.disabledAt === null ? known.passwordHash : null, input.password);
  if (!known || !matches) throw new Problem("unauthenticated", sentence("refused-sign-in"));
  const claims = await openSession(context, known.id, caller);
  await succeeded();
  return claims;
}

/** Writes the session's row. The person is read again: they may have been disabled while the password was compared. */
async function openSession(context: Context, userId: string, caller: Caller): Promise<SessionClaims> {
  const now = context.clock.now();
  const sid = mintId("userSession", context);
  const acting: Context = { ...context, actor: { kind: "user", id: userId } };
  await inTransaction(acting, async (tx) => {
    const person = await selectUser(tx, userId);
    if (!person || person.disabledAt) throw new Problem("unauthenticated", sentence("refused-sign-in"));
    const userAgent = caller.userAgent?.replaceAll(/\p{Cc}/gu, "").slice(0, 300) ?? null;
    await insertSession(tx, { id: sid, userId, createdAt: now, lastSeenAt: now, expiresAt: new Date(now.getTime() + SESSION_LIFETIME_MS), revokedAt: null, ipAddress: caller.ip, userAgent });
    await recordAudit(tx, acting, { action: "session.opened", targetKind: "session", targetId: sid, after: { userId, ipAddress: caller.ip, userAgent }, organizationId: null });
  });
  return { sid, userId };
}
