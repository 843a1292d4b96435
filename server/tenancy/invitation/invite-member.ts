import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "../audit";
import { lockMembers, selectMemberByEmail } from "../member";
import { mayManage, requireProvider, tenantOf } from "../rules";
import { hashToken, INVITATION_LIFETIME_MS, MAX_OPEN_INVITATIONS, TOKEN_BYTES } from "./rules";
import type { InviteMemberInput } from "./schema";
import { countOpenInvitations, insertInvitation, organizationName, revokeOpenFor } from "./store";
import type { Invitation, InvitationLetter } from "./types";
import { writeInvitationMail } from "./write-invitation-mail";

export interface Invited {
  readonly invitation: Invitation;
  /** The secret of the link, known only here and now: the database keeps its hash. */
  readonly token: string;
}

/** Invites somebody by e-mail address, and writes to them where there is a `letter`. A new invitation to the same address replaces the open one. */
export async function inviteMember(context: Context, input: InviteMemberInput, letter: InvitationLetter | null = null): Promise<Invited> {
  const organizationId = tenantOf(context);
  return inTransaction(context, async (tx) => {
    const [acting] = (await lockMembers(tx, organizationId, [context.actor.id])).filter((row) => row.userId === context.actor.id);
    if (!acting || !mayManage(acting.role, input.role)) {
      throw new Problem("forbidden", sentence("refused-invite-owner"), { role: acting?.role ?? null });
    }
    return invite(tx, context, organizationId, input, letter);
  });
}

/** Invites the first owner of an organization, in the transaction that creates it. */
export async function inviteOwner(tx: Transaction, context: Context, organizationId: string, email: string, letter: InvitationLetter | null = null): Promise<Invited> {
  requireProvider(context);
  return invite(tx, context, organizationId, { email, role: "owner" }, letter);
}

async function invite(tx: Transaction, context: Context, organizationId: string, input: InviteMemberInput, letter: InvitationLetter | null): Promise<Invited> {
  const existing = await selectMemberByEmail(tx, organizationId, input.email);
  if (existing) throw new Problem("conflict", sentence("refused-invite-member", { email: input.email }), { userId: existing.userId, role: existing.role });
  const now = context.clock.now();
  await revokeOpenFor(tx, organizationId, input.email, now);
  if ((await countOpenInvitations(tx, organizationId, now)) >= MAX_OPEN_INVITATIONS) {
    throw new Problem("conflict", sentence("refused-invite-many", { email: input.email, count: MAX_OPEN_INVITATIONS }), { limit: MAX_OPEN_INVITATIONS });
  }
  const token = Buffer.from(context.random.bytes(TOKEN_BYTES)).toString("base64url");
  const invitation: Invitation = { id: mintId("invitation", context), email: input.email, role: input.role, invitedBy: context.actor.id, createdAt: now, expiresAt: new Date(now.getTime() + INVITATION_LIFETIME_MS) };
  await insertInvitation(tx, { ...invitation, organizationId, tokenHash: hashToken(token), acceptedAt: null, revokedAt: null });
  await announce(tx, { organizationId, topic: "member", id: invitation.id });
  await recordAudit(tx, context, { action: "invitation.created", targetKind: "invitation", targetId: invitation.id, after: { email: input.email, role: input.role, expiresAt: invitation.expiresAt }, organizationId });
  if (letter) await writeInvitationMail(tx, context, invitation, await organizationName(tx, organizationId), token, letter);
  return { invitation, token };
}
