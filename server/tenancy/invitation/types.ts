import type { MemberRole } from "../types";

export interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly role: MemberRole;
  readonly invitedBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** What the holder of the link may know before accepting. */
export interface InvitationPreview {
  readonly organizationName: string;
  readonly organizationSlug: string;
  readonly email: string;
  readonly role: MemberRole;
  readonly expiresAt: Date;
  /** False: the person has a password already and accepts with it, or signed in. */
  readonly needsAccount: boolean;
}
