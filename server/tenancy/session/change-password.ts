import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { recordAudit } from "../audit";
import { requireIdentity } from "../rules";
import { hashPassword, lockUser, selectUser, updateUser, verifyPassword } from "../user";
import type { ChangePasswordInput } from "../user/schema";
import { countAttempt } from "./limit-attempts";
import { revokeAll } from "./revoke-session";

/**
 * Changes the acting person's password and ends their other sessions: whoever had the old one is out. Wrong current
 * passwords count like attempts to sign in.
 */
export async function changePassword(context: Context, input: ChangePasswordInput, currentSessionId: string, ip: string | null): Promise<{ revokedSessions: number }> {
  requireIdentity(context);
  const person = await inTransaction(context, (tx) => selectUser(tx, context.actor.id), { readOnly: true });
  if (!person) throw notFound("user", context.actor.id);
  const succeeded = await countAttempt(context, person.email, ip);
  if (!(await verifyPassword(person.passwordHash, input.currentPassword))) {
    throw new Problem("bad-input", sentence("refused-password-wrong"), { fields: { currentPassword: ["is wrong"] } });
  }
  const passwordHash = await hashPassword(input.newPassword);
  const revokedSessions = await inTransaction(context, async (tx) => {
    const locked = await lockUser(tx, person.id);
    if (locked?.passwordHash !== person.passwordHash) throw new Problem("conflict", sentence("refused-password-raced"));
    await updateUser(tx, person.id, { passwordHash });
    const count = await revokeAll(tx, context, currentSessionId);
    await recordAudit(tx, context, { action: "user.password-changed", targetKind: "user", targetId: person.id, organizationId: null });
    return count;
  });
  await succeeded();
  return { revokedSessions };
}
