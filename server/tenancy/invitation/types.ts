import type { MemberRole } from "../types";

export interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly role: MemberRole;
  readonly invitedBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** How an invitation is written to whom it is for; left out where there is no mail server, and the link is handed over by hand. */
export interface InvitationLetter {
  /** Where browsers reach the portal, without a slash at the end. */
  readonly portalUrl: string;
  readonly locale: "en" | "ja";
  readonly inviterName: string;
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
