import type { GuestKeyboard, GuestLocale, Locale, MemberRole, OperatorRole, Standing } from "../types";

export interface SessionUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly locale: Locale;
  readonly timeZone: string;
  /** For their desktops; null: as a pool says. */
  readonly desktopLocale: GuestLocale | null;
  readonly keyboard: GuestKeyboard | null;
  /** Null for everybody who is not our staff. */
  readonly operatorRole: OperatorRole | null;
}

/** One organization that the person may work in, as it was when the request came. */
export interface Membership {
  readonly organizationId: string;
  readonly slug: string;
  readonly name: string;
  readonly role: MemberRole;
  readonly standing: Standing;
}

/** Who is behind a request: a row that was live at that moment, its person and the person's organizations. */
export interface Session {
  readonly id: string;
  readonly expiresAt: Date;
  readonly user: SessionUser;
  readonly memberships: readonly Membership[];
}

/** What the signed cookie carries; the row behind `sid` decides what it is worth. */
export interface SessionClaims {
  readonly sid: string;
  readonly userId: string;
}

/** A session as its owner sees it in a list. */
export interface SessionView {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  /** The one that asks. */
  readonly current: boolean;
}
