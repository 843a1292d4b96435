import type { MemberRole, OperatorRole } from "@/server/tenancy";
import type { Tenant, World } from "../support/world";

/** Who may call a procedure. Written here by hand, and compared with what the procedure itself says. */
export type Allowed = "public" | "signed-in" | `member:${MemberRole}` | `staff:${OperatorRole}`;

/**
 * How to call one procedure. `input` makes a valid input (without `organization`, which is added for members' ones) out
 * of a tenant's things; it may make fresh things, because a mutation uses its own up.
 */
export interface ProcedureEntry {
  readonly allowed: Allowed;
  readonly input: (world: World, tenant: Tenant) => Record<string, unknown> | Promise<Record<string, unknown>>;
  /**
   * Fields of the input that name a thing, by the prefix of its id (`ins`, `usr`). Each is tried with another tenant's
   * id, with one that does not exist, and with what is no id. Nested fields by a path: `sshKeyIds.0`.
   */
  readonly ids?: Readonly<Record<string, string>>;
  /** Codes that a valid call may be refused with, and why, e.g. `{ CONFLICT: "the world has no pool" }`. */
  readonly mayRefuse?: Readonly<Record<string, string>>;
}

const nothing = () => ({});
const entry = (allowed: Allowed, input: ProcedureEntry["input"] = nothing, rest: Omit<ProcedureEntry, "allowed" | "input"> = {}): ProcedureEntry => ({ allowed, input, ...rest });

/** Every procedure of the router, by its path. */
export const PROCEDURES: Readonly<Record<string, ProcedureEntry>> = {
  "account.me": entry("signed-in"),
  "account.updateProfile": entry("signed-in", () => ({ name: "Somebody Else", locale: "ja", timeZone: "Europe/Paris" })),
  "account.changePassword": entry("signed-in", () => ({ currentPassword: "correct horse battery staple", newPassword: "another horse, another staple" }), { mayRefuse: { TOO_MANY_REQUESTS: "many tries in a row", BAD_REQUEST: "another try changed it before" } }),
  "account.sessions": entry("signed-in"),
  "account.revokeSession": entry("signed-in", (_, tenant) => ({ id: tenant.people.viewer.sessionId }), { ids: { id: "uss" }, mayRefuse: { NOT_FOUND: "only one's own session can be revoked" } }),
  "account.revokeOtherSessions": entry("signed-in"),
  "account.invitation": entry("public", async (world, tenant) => ({ token: (await world.addInvitation(tenant)).token })),
  "account.acceptInvitation": entry("public", async (world, tenant) => ({ token: (await world.addInvitation(tenant)).token, name: "New Person", password: "a password of many words" })),

  "audit.list": entry("member:admin", () => ({ limit: 10 })),
  "live.changes": entry("signed-in"),

  "members.list": entry("member:viewer", () => ({ search: "person" })),
  "members.invitations": entry("member:admin"),
  "members.invite": entry("member:admin", () => ({ email: `new-${Math.random().toString(36).slice(2)}@world.test`, role: "viewer" })),
  "members.revokeInvitation": entry("member:admin", async (world, tenant) => ({ invitationId: (await world.addInvitation(tenant)).id }), { ids: { invitationId: "inv" } }),
  "members.changeRole": entry("member:admin", async (world, tenant) => ({ userId: (await world.addMember(tenant)).id, role: "operator" }), { ids: { userId: "usr" } }),
  "members.remove": entry("member:admin", async (world, tenant) => ({ userId: (await world.addMember(tenant)).id }), { ids: { userId: "usr" } }),

  "organization.get": entry("member:viewer"),
  "organization.update": entry("member:admin", () => ({ timeZone: "Asia/Tokyo" })),

  "admin.audit.list": entry("staff:auditor"),
  "admin.audit.verify": entry("staff:auditor"),

  "admin.organizations.list": entry("staff:auditor", () => ({ search: "acme" })),
  "admin.organizations.get": entry("staff:auditor", (_, tenant) => ({ organizationId: tenant.id }), { ids: { organizationId: "org" } }),
  "admin.organizations.create": entry("staff:support", () => ({ name: "New Ltd", slug: `new-${Math.random().toString(36).slice(2)}`, currency: "JPY", ownerEmail: "owner@new.test" })),
  "admin.organizations.previewQuota": entry("staff:auditor", (_, tenant) => ({ organizationId: tenant.id, limits: { instances: 5 } }), { ids: { organizationId: "org" } }),
  "admin.organizations.setQuota": entry("staff:support", (_, tenant) => ({ organizationId: tenant.id, limits: { snapshots: 999_999 } }), { ids: { organizationId: "org" } }),
  "admin.organizations.setStanding": entry("staff:support", (_, tenant) => ({ organizationId: tenant.id, standing: "good", reason: "paid" }), { ids: { organizationId: "org" } }),
};
