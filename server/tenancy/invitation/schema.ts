import { z } from "zod";
import { emailAddress, givenPassword, idText, lineOfText, memberRole } from "../schema";

export const inviteMemberInput = z.object({ email: emailAddress, role: memberRole });
export type InviteMemberInput = z.output<typeof inviteMemberInput>;

export const revokeInvitationInput = z.object({ invitationId: idText });
export type RevokeInvitationInput = z.output<typeof revokeInvitationInput>;

/** The secret of a link: 32 bytes in base64url. */
export const invitationToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/, { error: "is not the secret of an invitation" });

export const acceptInvitationInput = z.object({
  token: invitationToken,
  /** For a new account. */
  name: lineOfText(100).optional(),
  /** The new account's password, or the one of the account that exists. */
  password: givenPassword.optional(),
});
export type AcceptInvitationInput = z.output<typeof acceptInvitationInput>;
