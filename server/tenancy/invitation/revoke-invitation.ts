import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "../audit";
import { tenantOf } from "../rules";
import type { RevokeInvitationInput } from "./schema";
import { markInvitationRevoked, selectOpenInvitations } from "./store";
import { MAX_OPEN_INVITATIONS } from "./rules";
import type { Invitation } from "./types";

/** Makes an open invitation's link worthless. */
export async function revokeInvitation(context: Context, input: RevokeInvitationInput): Promise<{ id: string }> {
  const organizationId = tenantOf(context);
  return inTransaction(context, async (tx) => {
    const revoked = await markInvitationRevoked(tx, organizationId, input.invitationId, context.clock.now());
    if (!revoked) throw notFound("open invitation", input.invitationId);
    await announce(tx, { organizationId, topic: "member", id: revoked.id });
    await recordAudit(tx, context, { action: "invitation.revoked", targetKind: "invitation", targetId: revoked.id, before: { email: revoked.email, role: revoked.role }, after: null });
    return { id: revoked.id };
  });
}

/** The invitations that can still be accepted, the newest first. */
export async function listInvitations(context: Context): Promise<Invitation[]> {
  const organizationId = tenantOf(context);
  return inTransaction(context, (tx) => selectOpenInvitations(tx, organizationId, context.clock.now(), MAX_OPEN_INVITATIONS), { readOnly: true });
}
