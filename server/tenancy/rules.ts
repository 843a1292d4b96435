import type { Context } from "@/server/platform/context";
import type { MemberRole, OperatorRole } from "./types";

/**
 * What each role may do, written as the rights that it carries. `viewer` reads compute; `billing` also reads usage and
 * money; `operator` also changes compute; `admin` does all of that and keeps members and settings; `owner` everything.
 */
const CARRIES: Readonly<Record<MemberRole, readonly MemberRole[]>> = {
  viewer: ["viewer"],
  billing: ["viewer", "billing"],
  operator: ["viewer", "operator"],
  admin: ["viewer", "billing", "operator", "admin"],
  owner: ["viewer", "billing", "operator", "admin", "owner"],
};

/** Staff: an auditor reads, support also works on hosts and organizations, an admin also changes policy and prices. */
const STAFF_CARRIES: Readonly<Record<OperatorRole, readonly OperatorRole[]>> = {
  auditor: ["auditor"],
  support: ["auditor", "support"],
  admin: ["auditor", "support", "admin"],
};

/** True when a member with `role` may do what asks for `right`. */
export function roleAllows(role: MemberRole, right: MemberRole): boolean {
  return CARRIES[role].includes(right);
}

/** True when staff with `role` may do what asks for `right`; nobody who is not staff may. */
export function staffAllows(role: OperatorRole | null, right: OperatorRole): boolean {
  return role !== null && STAFF_CARRIES[role].includes(right);
}

/**
 * Whether a member of `acting` may give, change or take `subject`. Only an owner touches owners; an admin keeps
 * everybody below.
 */
export function mayManage(acting: MemberRole, subject: MemberRole): boolean {
  return acting === "owner" || (acting === "admin" && subject !== "owner");
}

/** The organization that the context works in. A verb for tenants called in another scope is a fault of ours, never of the caller's. */
export function tenantOf(context: Context): string {
  if (context.organizationId === null || context.scope === "identity") throw new Error(`A verb for tenants ran in the scope ${context.scope} without an organization (request ${context.requestId}).`);
  return context.organizationId;
}

/** Refuses to run a verb of the provider's in a tenant's scope. */
export function requireProvider(context: Context): void {
  if (context.scope !== "provider" && context.scope !== "worker") throw new Error(`A verb for the provider's staff ran in the scope ${context.scope} (request ${context.requestId}).`);
}

/** Refuses to run identity code (people, sessions, invitations) where row-level security would show it nothing. */
export function requireIdentity(context: Context): void {
  if (context.scope !== "identity" && context.scope !== "worker") throw new Error(`Identity code ran in the scope ${context.scope} (request ${context.requestId}).`);
}
