import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { recordAudit } from "../audit";
import { addMember } from "../member";
import { requireIdentity } from "../rules";
import { newPassword } from "../schema";
import { countAttempt } from "../session";
import { addUser, hashPassword, lockUser, selectUserByEmail, updateUser, verifyPassword, type UserRow } from "../user";
import { hashToken, isOpen } from "./rules";
import type { AcceptInvitationInput } from "./schema";
import { lockByToken, markAccepted, selectByToken, type InvitationWithOrganization } from "./store";
import type { InvitationPreview } from "./types";

/** Missing, used, revoked and expired are one answer: the link is worth nothing, and that is all its holder needs. */
function closed(): Problem {
  return new Problem("not-found", sentence("refused-invitation-over"), { what: "invitation" });
}

/** Shows the holder of a link what it is for. */
export async function readInvitation(context: Context, token: string): Promise<InvitationPreview> {
  requireIdentity(context);
  return inTransaction(
    context,
    async (tx) => {
      const found = await selectByToken(tx, hashToken(token));
      if (!found || !isOpen(found, context.clock.nowMs())) throw closed();
      const person = await selectUserByEmail(tx, found.email);
      return { organizationName: found.organizationName, organizationSlug: found.organizationSlug, email: found.email, role: found.role, expiresAt: found.expiresAt, needsAccount: !person?.passwordHash };
    },
    { readOnly: true },
  );
}

export interface Accepted {
  readonly organization: string;
  readonly email: string;
}

/**
 * Makes the invited person a member. Somebody with an account proves it, by being signed in with that address or by
 * its password; somebody without one gets it here. The link alone is enough for a new account only.
 */
export async function acceptInvitation(context: Context, input: AcceptInvitationInput, caller: { readonly userId: string | null; readonly ip: string | null }): Promise<Accepted> {
  requireIdentity(context);
  const tokenHash = hashToken(input.token);
  const { found, person } = await inTransaction(context, async (tx) => {
    const row = await selectByToken(tx, tokenHash);
    return { found: row, person: row ? await selectUserByEmail(tx, row.email) : null };
  }, { readOnly: true });
  if (!found || !isOpen(found, context.clock.nowMs())) throw closed();

  const account = person?.passwordHash ? await proveAccount(context, person, input, caller) : await prepareAccount(input);
  return inTransaction(context, async (tx) => {
    const invitation = await lockByToken(tx, tokenHash);
    if (!invitation || !isOpen(invitation, context.clock.nowMs())) throw closed();
    const userId = account.kind === "proven" ? account.userId : (person?.id ?? null);
    if (userId !== null) {
      const locked = await lockUser(tx, userId);
      if (!locked || locked.disabledAt) throw new Problem("forbidden", sentence("refused-account-disabled"));
      // Somebody else may have set a password since; theirs must be proven then, not replaced.
      if (account.kind === "new" && locked.passwordHash !== null) throw new Problem("conflict", sentence("refused-account-completed"));
      if (account.kind === "new") await updateUser(tx, userId, { name: account.name, passwordHash: account.passwordHash });
      return join(tx, context, invitation, userId);
    }
    if (account.kind !== "new") throw closed();
    const created = await addUser(tx, context, { email: invitation.email, name: account.name, passwordHash: account.passwordHash });
    await recordAudit(tx, { ...context, actor: { kind: "user", id: created.id } }, { action: "user.created", targetKind: "user", targetId: created.id, after: { email: created.email, name: created.name }, organizationId: null });
    return join(tx, context, invitation, created.id);
  });
}

type Account = { readonly kind: "proven"; readonly userId: string } | { readonly kind: "new"; readonly name: string; readonly passwordHash: string };

async function proveAccount(context: Context, person: UserRow, input: AcceptInvitationInput, caller: { readonly userId: string | null; readonly ip: string | null }): Promise<Account> {
  if (caller.userId === person.id) return { kind: "proven", userId: person.id };
  if (!input.password) throw new Problem("bad-input", sentence("refused-account-exists", { email: person.email }), { fields: { password: ["is needed"] } });
  const succeeded = await countAttempt(context, person.email, caller.ip);
  if (!(await verifyPassword(person.passwordHash, input.password))) throw new Problem("bad-input", sentence("refused-invitation-password"), { fields: { password: ["is wrong"] } });
  await succeeded();
  return { kind: "proven", userId: person.id };
}

async function prepareAccount(input: AcceptInvitationInput): Promise<Account> {
  const password = newPassword.safeParse(input.password ?? "");
  const fields: Record<string, string[]> = {};
  if (!input.name) fields["name"] = ["is needed"];
  if (!password.success) fields["password"] = password.error.issues.map((issue) => issue.message);
  if (!input.name || !password.success) throw new Problem("bad-input", sentence("refused-account-incomplete"), { fields });
  return { kind: "new", name: input.name, passwordHash: await hashPassword(password.data) };
}

async function join(tx: Transaction, context: Context, invitation: InvitationWithOrganization, userId: string): Promise<Accepted> {
  const acting: Context = { ...context, actor: { kind: "user", id: userId } };
  await markAccepted(tx, invitation.id, context.clock.now());
  await addMember(tx, acting, { organizationId: invitation.organizationId, userId, role: invitation.role });
  await recordAudit(tx, acting, { action: "invitation.accepted", targetKind: "invitation", targetId: invitation.id, after: { email: invitation.email, role: invitation.role, userId }, organizationId: invitation.organizationId });
  return { organization: invitation.organizationSlug, email: invitation.email };
}
