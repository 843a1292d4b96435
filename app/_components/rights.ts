import type { MemberRole, OperatorRole } from "@/server/tenancy/types";

/**
 * Which buttons a role sees. The front door decides again on every request (server/tenancy/rules.ts); this only keeps
 * a reader from pressing what would be refused.
 */
const CARRIES: Readonly<Record<MemberRole, readonly MemberRole[]>> = {
  viewer: ["viewer"],
  billing: ["viewer", "billing"],
  operator: ["viewer", "operator"],
  admin: ["viewer", "billing", "operator", "admin"],
  owner: ["viewer", "billing", "operator", "admin", "owner"],
};
const STAFF_CARRIES: Readonly<Record<OperatorRole, readonly OperatorRole[]>> = {
  auditor: ["auditor"],
  support: ["auditor", "support"],
  admin: ["auditor", "support", "admin"],
};

export function memberMay(role: MemberRole, right: MemberRole): boolean {
  return CARRIES[role].includes(right);
}

export function staffMay(role: OperatorRole | null, right: OperatorRole): boolean {
  return role !== null && STAFF_CARRIES[role].includes(right);
}
