import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "../audit";
import { lockMembers, selectMemberByEmail } from "../member";
import { mayManage, requireProvider, tenantOf } from "../rules";
import { hashToken, INVITATION_LIFETIME_MS, MAX_OPEN_INVITATIONS, TOKEN_BYTES } from "./rules";
import type { InviteMemberInput } from "./schema";
import { countOpenInvitations, insertInvitation, revokeOpenFor } from "./store";
import type { Invitation } from "./types";

export interface Invited {
  readonly invitation: Invitation;
  /** The secret of the link, known only here and now: the database keeps its hash. */
  readonly token: string;
}

/** Invites somebody by e-mail address. A new invitation to the same address replaces the open one. */
export async function inviteMember(context: Context, input: InviteMemberInput): Promise<Invited> {
  const organizationId = tenantOf(context);
  return inTransaction(context, async (tx) => {
    const [acting] = (await lockMembers(tx, organizationId, [context.actor.id])).filter((row) => row.userId === context.actor.id);
    if (!acting || !mayManage(acting.role, input.role)) {
      throw new Problem("forbidden", `Nobody was invited: only an owner may invite an owner. Choose another role, or ask an owner of the organization.`, { role: acting?.role ?? null });
    }
    return invite(tx, context, organizationId, input);
  });
}

/** Invites the first owner of an organization, in the transaction that creates it. */
export async function inviteOwner(tx: Transaction, context: Context, organizationId: string, email: string): Promise<Invited> {
  requireProvider(context);
  return invite(tx, context, organizationId, { email, role: "owner" });
}

async function invite(tx: Transaction, context: Context, organizationId: string, input: InviteMemberInput): Promise<Invited> {
  const existing = await selectMemberByEmail(tx, organizationId, input.email);
  if (existing) throw new Problem("conflict", `${input.email} was not invited, because that person is a member already, with the role ${existing.role}. Change the role in the list of members instead.`, { userId: existing.userId, role: existing.role });
  const now = context.clock.now();
  await revokeOpenFor(tx, organizationId, input.email, now);
  if ((await countOpenInvitations(tx, organizationId, now)) >= MAX_OPEN_INVITATIONS) {
    throw new Problem("conflict", `${input.email} was not invited, because ${MAX_OPEN_INVITATIONS} invitations are open. Revoke some of them, or wait until they are accepted.`, { limit: MAX_OPEN_INVITATIONS });
  }
  const token = Buffer.from(context.random.bytes(TOKEN_BYTES)).toString("base64url");
  const invitation: Invitation = { id: mintId("invitation", context), email: input.email, role: input.role, invitedBy: context.actor.id, createdAt: now, expiresAt: new Date(now.getTime() + INVITATION_LIFETIME_MS) };
  await insertInvitation(tx, { ...invitation, organizationId, tokenHash: hashToken(token), acceptedAt: null, revokedAt: null });
  await announce(tx, { organizationId, topic: "member", id: invitation.id });
  await recordAudit(tx, context, { action: "invitation.created", targetKind: "invitation", targetId: invitation.id, after: { email: input.email, role: input.role, expiresAt: invitation.expiresAt }, organizationId });
  return { invitation, token };
}
