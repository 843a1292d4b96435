/** A member's rights in one organization. */
export type MemberRole = "owner" | "admin" | "operator" | "billing" | "viewer";
/** Rights of our own staff. */
export type OperatorRole = "admin" | "support" | "auditor";
/** How an organization stands with us; dunning sets it, a loop acts on it. */
export type Standing = "good" | "restricted" | "suspended";
export type Locale = "en" | "ja";

export const MEMBER_ROLES: readonly MemberRole[] = ["owner", "admin", "operator", "billing", "viewer"];
export const OPERATOR_ROLES: readonly OperatorRole[] = ["admin", "support", "auditor"];
export const STANDINGS: readonly Standing[] = ["good", "restricted", "suspended"];
