/** A member's rights in one organization. */
export type MemberRole = "owner" | "admin" | "operator" | "billing" | "viewer";
/** Rights of our own staff. */
export type OperatorRole = "admin" | "support" | "auditor";
/** How an organization stands with us; dunning sets it, a loop acts on it. */
export type Standing = "good" | "restricted" | "suspended";
export type Locale = "en" | "ja";

/** What the programs of a person's desktops speak, as POSIX names it. */
export type GuestLocale = "en_US.UTF-8" | "ja_JP.UTF-8" | "C.UTF-8";
/** The keyboard that a person has; `jp` is JIS. */
export type GuestKeyboard = "us" | "jp";

export const GUEST_LOCALES = ["en_US.UTF-8", "ja_JP.UTF-8", "C.UTF-8"] as const satisfies readonly GuestLocale[];
export const GUEST_KEYBOARDS = ["us", "jp"] as const satisfies readonly GuestKeyboard[];
export const MEMBER_ROLES: readonly MemberRole[] = ["owner", "admin", "operator", "billing", "viewer"];
export const OPERATOR_ROLES: readonly OperatorRole[] = ["admin", "support", "auditor"];
export const STANDINGS: readonly Standing[] = ["good", "restricted", "suspended"];
