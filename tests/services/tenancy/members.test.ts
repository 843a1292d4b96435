import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { acceptInvitation, changeRole, createOrganization, inviteMember, inviteOwner, listInvitations, listMembers, listOrganizations, readInvitation, removeMember, revokeInvitation, setStanding, updateOrganization, type MemberRole } from "@/server/tenancy";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { createWorld, WORLD_PASSWORD, type Person, type Tenant, type World } from "../../support/world";

let database: TestDatabase;
let world: World;
beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(database);
});
afterAll(() => database.close());

const as = (person: Person, tenant: Tenant = world.acme): Context => testContext(database.app, { scope: "tenant", organizationId: tenant.id, actor: { kind: "user", id: person.id } });
const identity = (): Context => testContext(database.app, { scope: "identity" });
const provider = (): Context => testContext(database.app, { scope: "provider", actor: { kind: "operator", id: world.staff.admin.id } });
const code = (work: Promise<unknown>) => work.then(() => "ok", (error: unknown) => (error as { code?: string }).code ?? String(error));
const roleOf = async (tenant: Tenant, userId: string): Promise<MemberRole | undefined> => (await listMembers(as(tenant.people.owner, tenant), { limit: 100 })).items.find((item) => item.userId === userId)?.role;
let counter = 0;
const nobody = { userId: null, ip: null };

describe("members", () => {
  it("are managed by admins, owners by owners only", async () => {
    const { owner, admin } = world.acme.people;
    const someone = await world.addMember(world.acme);
    expect(await changeRole(as(admin), { userId: someone.id, role: "billing" })).toEqual({ userId: someone.id, role: "billing" });
    expect(await code(changeRole(as(admin), { userId: someone.id, role: "owner" }))).toBe("forbidden");
    expect(await code(changeRole(as(admin), { userId: owner.id, role: "viewer" }))).toBe("forbidden");
    expect(await code(removeMember(as(admin), { userId: owner.id }))).toBe("forbidden");
    expect(await code(changeRole(as(owner), { userId: someone.id, role: "owner" }))).toBe("ok");
    expect(await code(removeMember(as(owner), { userId: someone.id }))).toBe("ok");
    expect(await roleOf(world.acme, someone.id)).toBeUndefined();
  });

  it("use the role that the acting person has now, not the one that the request began with", async () => {
    const formerAdmin = await world.addMember(world.acme, "admin");
    const someone = await world.addMember(world.acme);
    await changeRole(as(world.acme.people.owner), { userId: formerAdmin.id, role: "viewer" });
    expect(await code(changeRole(as(formerAdmin), { userId: someone.id, role: "operator" }))).toBe("forbidden");
    expect(await code(inviteMember(as(formerAdmin), { email: "x@world.test", role: "viewer" }))).toBe("forbidden");
  });

  it("keep the last owner, also when two owners leave at once", async () => {
    const { owner } = world.globex.people;
    expect(await code(removeMember(as(owner, world.globex), { userId: owner.id }))).toBe("conflict");
    expect(await code(changeRole(as(owner, world.globex), { userId: owner.id, role: "admin" }))).toBe("conflict");
    const second = await world.addMember(world.globex, "owner");
    const answers = await Promise.all([code(removeMember(as(owner, world.globex), { userId: owner.id })), code(removeMember(as(second, world.globex), { userId: second.id }))]);
    expect(answers.toSorted()).toEqual(["conflict", "ok"]);
    const { rows } = await database.owner.execute(sql`select 1 from member where organization_id = ${world.globex.id} and role = 'owner'`);
    expect(rows).toHaveLength(1);
  });

  it("lose their access with their membership, at the next request", async () => {
    const someone = await world.addMember(world.acme);
    const before = await world.caller(someone);
    expect((await before.organization.get({ organization: "acme" })).slug).toBe("acme");
    await removeMember(as(world.acme.people.admin), { userId: someone.id });
    await expect((await world.caller(someone)).organization.get({ organization: "acme" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("an invitation", () => {
  it("makes an account and a member, once", async () => {
    const { invitation, token } = await inviteMember(as(world.acme.people.admin), { email: "new.person@world.test", role: "operator" });
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const { rows } = await database.owner.execute<{ token_hash: string }>(sql`select token_hash from invitation where id = ${invitation.id}`);
    expect(rows[0]!.token_hash).not.toContain(token);
    expect(await readInvitation(identity(), token)).toMatchObject({ organizationName: "acme incorporated", organizationSlug: "acme", email: "new.person@world.test", role: "operator", needsAccount: true });
    await expect(acceptInvitation(identity(), { token }, nobody)).rejects.toMatchObject({ code: "bad-input", detail: { fields: { name: expect.anything(), password: expect.anything() } } });
    await expect(acceptInvitation(identity(), { token, name: "New", password: "too short" }, nobody)).rejects.toMatchObject({ code: "bad-input" });
    const answers = await Promise.all([1, 2, 3].map(() => code(acceptInvitation(identity(), { token, name: "New Person", password: "a password of words" }, nobody))));
    expect(answers.filter((answer) => answer === "ok")).toHaveLength(1);
    const { items } = await listMembers(as(world.acme.people.admin), { limit: 100, search: "new.person" });
    expect(items).toMatchObject([{ name: "New Person", role: "operator" }]);
    expect(await code(readInvitation(identity(), token))).toBe("not-found");
  });

  it("is no way into an account that exists: it asks for its password, or for being signed in as that person", async () => {
    const [a, b] = [world.outsider, await world.addPerson("second")];
    const first = await inviteMember(as(world.acme.people.admin), { email: a.email, role: "viewer" });
    expect(await readInvitation(identity(), first.token)).toMatchObject({ needsAccount: false });
    await expect(acceptInvitation(identity(), { token: first.token }, nobody)).rejects.toMatchObject({ code: "bad-input", detail: { fields: { password: ["is needed"] } } });
    await expect(acceptInvitation(identity(), { token: first.token, name: "Mallory", password: "mallory chose this one" }, nobody)).rejects.toMatchObject({ code: "bad-input", detail: { fields: { password: ["is wrong"] } } });
    await expect(acceptInvitation(identity(), { token: first.token }, { userId: b.id, ip: null })).rejects.toMatchObject({ code: "bad-input" });
    expect(await code(acceptInvitation(identity(), { token: first.token, password: WORLD_PASSWORD }, nobody))).toBe("ok");
    const second = await inviteMember(as(world.acme.people.admin), { email: b.email, role: "viewer" });
    expect(await code(acceptInvitation(identity(), { token: second.token }, { userId: b.id, ip: null }))).toBe("ok");
  });

  it("is worth nothing when revoked, replaced, expired or made up", async () => {
    const admin = as(world.acme.people.admin);
    const revoked = await inviteMember(admin, { email: "r@world.test", role: "viewer" });
    await revokeInvitation(admin, { invitationId: revoked.invitation.id });
    const replaced = await inviteMember(admin, { email: "s@world.test", role: "viewer" });
    const newer = await inviteMember(admin, { email: "s@world.test", role: "billing" });
    const expired = await inviteMember(admin, { email: "t@world.test", role: "viewer" });
    await database.owner.execute(sql`update invitation set expires_at = now() - interval '1 second' where id = ${expired.invitation.id}`);
    for (const token of [revoked.token, replaced.token, expired.token, "x".repeat(43)]) {
      expect(await code(readInvitation(identity(), token))).toBe("not-found");
      expect(await code(acceptInvitation(identity(), { token, name: "N", password: "a password of words" }, nobody))).toBe("not-found");
    }
    const open = await listInvitations(admin);
    expect(open.filter((invitation) => ["r@world.test", "s@world.test", "t@world.test"].includes(invitation.email)).map((invitation) => invitation.id)).toEqual([newer.invitation.id]);
    expect(await code(revokeInvitation(admin, { invitationId: revoked.invitation.id }))).toBe("not-found");
  });

  it("goes neither to a member nor, from an admin, to an owner", async () => {
    const admin = as(world.acme.people.admin);
    expect(await code(inviteMember(admin, { email: world.acme.people.viewer.email, role: "admin" }))).toBe("conflict");
    expect(await code(inviteMember(admin, { email: "boss@world.test", role: "owner" }))).toBe("forbidden");
    expect(await code(inviteMember(as(world.acme.people.owner), { email: "boss@world.test", role: "owner" }))).toBe("ok");
  });
});

describe("organizations", () => {
  it("are made with an invitation of their owner; a short name is given once", async () => {
    const make = (slug: string) => inTransaction(provider(), async (tx) => {
      const created = await createOrganization(tx, provider(), { name: "Initech", slug, currency: "EUR", timeZone: "Europe/Berlin" });
      return { created, ...(await inviteOwner(tx, provider(), created.id, "peter@initech.test")) };
    });
    const { created, token } = await make("initech");
    expect(created).toMatchObject({ slug: "initech", currency: "EUR", standing: "good" });
    expect(await code(make("initech"))).toBe("conflict");
    expect(await acceptInvitation(identity(), { token, name: "Peter", password: "a password of words" }, nobody)).toEqual({ organization: "initech", email: "peter@initech.test" });
  });

  it("cannot order while they do not stand well; the reason is in their own trail", async () => {
    const order = async () => {
      const api = await world.caller(world.acme.people.operator);
      return code(api.instances.create({ organization: "acme", name: `i-${counter++}`, flavorId: world.flavorId, imageId: world.publicImageId, sshKeyIds: [] }));
    };
    expect(await order()).toBe("ok");
    await setStanding(provider(), { organizationId: world.acme.id, standing: "restricted", reason: "invoice of October is open" });
    expect(await order()).toBe("PAYMENT_REQUIRED");
    const { items } = await (await world.caller(world.acme.people.admin)).audit.list({ organization: "acme", action: "organization.standing-set" });
    expect(items[0]).toMatchObject({ actorKind: "operator", before: { standing: "good" }, after: { standing: "restricted", reason: "invoice of October is open" } });
    await setStanding(provider(), { organizationId: world.acme.id, standing: "good", reason: "paid" });
    expect(await order()).toBe("ok");
  });

  it("are listed page by page, and found by a part of their name", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listOrganizations(provider(), { limit: 1, cursor });
      expect(page.total).toBe(3);
      seen.push(...page.items.map((item) => item.slug));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(["acme", "globex", "initech"]);
    expect((await listOrganizations(provider(), { limit: 10, search: "INIT" })).items.map((item) => item.slug)).toEqual(["initech"]);
    expect((await listOrganizations(provider(), { limit: 10, search: "%" })).items).toEqual([]);
  });

  it("change their name and time zone, with the old ones in the trail", async () => {
    await updateOrganization(as(world.globex.people.admin, world.globex), { name: "Globex Two" });
    const page = await (await world.caller(world.staff.auditor)).admin.audit.list({ chain: world.globex.id, action: "organization.updated" });
    expect(page.items[0]).toMatchObject({ before: { name: "globex incorporated" }, after: { name: "Globex Two" } });
  });
});
