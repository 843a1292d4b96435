export { acceptInvitation, readInvitation, type Accepted } from "./accept-invitation";
export { inviteMember, inviteOwner, type Invited } from "./invite-member";
export { listInvitations, revokeInvitation } from "./revoke-invitation";
export type { Invitation, InvitationPreview } from "./types";
