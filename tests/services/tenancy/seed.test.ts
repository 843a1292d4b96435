import { spawnSync } from "node:child_process";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seedDemo } from "@/server/lab/seed";
import { readQuota } from "@/server/quota";
import { readSession, signIn, verifyAuditChains } from "@/server/tenancy";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

describe("the seed of the demo", () => {
  it.each(["owner", "worker", "app"] as const)("works over the connection of the %s, once however often it runs", async (role) => {
    const context = testContext(database[role], { scope: "provider" });
    const passwords = { tenantPassword: "a password of the tenants", operatorPassword: "a password of the operator" };
    const first = await seedDemo(context, passwords);
    const again = await seedDemo(context, { tenantPassword: "another one, ignored", operatorPassword: "another one, ignored" });
    expect(again).toEqual(first);
    expect(first.acme).toMatchObject({ slug: "acme", currency: "JPY", standing: "good" });
    expect((await readQuota(context, first.acme.id)).resources.vcpus).toMatchObject({ limit: 15, committed: 0, left: 15 });

    const identity = testContext(database.app, { scope: "identity" });
    const read = async (email: string, password: string) => readSession(identity, await signIn(identity, { email, password }, { ip: null, userAgent: null }));
    expect(await read("owner@acme.test", passwords.tenantPassword)).toMatchObject({ user: { operatorRole: null }, memberships: [{ slug: "acme", role: "owner" }] });
    expect(await read("owner@globex.test", passwords.tenantPassword)).toMatchObject({ memberships: [{ slug: "globex", role: "owner" }] });
    expect(await read("operator@berth.test", passwords.operatorPassword)).toMatchObject({ user: { operatorRole: "admin" }, memberships: [] });
    const people = await database.owner.execute(sql`select 1 from user_account`);
    expect(people.rows).toHaveLength(3);
    expect((await verifyAuditChains(context)).ok).toBe(true);
  });
});

describe("the first operator of an installation", () => {
  const create = (args: readonly string[], password: string) =>
    spawnSync(process.execPath, ["node_modules/tsx/dist/cli.mjs", "server/lab/create-operator.ts", ...args], { input: `${password}\n`, encoding: "utf8", env: { ...process.env, WORKER_DATABASE_URL: database.url.worker } });

  it("comes from a command that takes the password from its input, and signs in", async () => {
    expect(create(["first@berth.test", "First Person"], "short")).toMatchObject({ status: 2, stderr: expect.stringContaining("password needs at least 12 characters") });
    expect(create(["first@berth.test", "First Person"], "a password of many words")).toMatchObject({ status: 0, stdout: expect.stringContaining("operator role admin") });
    expect(create(["first@berth.test", "First Person", "auditor"], "a password of many words")).toMatchObject({ status: 1, stderr: expect.stringContaining("exists already") });
    const identity = testContext(database.app, { scope: "identity" });
    const claims = await signIn(identity, { email: "first@berth.test", password: "a password of many words" }, { ip: null, userAgent: null });
    expect(await readSession(identity, claims)).toMatchObject({ user: { operatorRole: "admin" } });
  });
});
