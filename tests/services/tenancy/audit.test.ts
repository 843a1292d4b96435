import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inTransaction } from "@/server/platform/transaction";
import { recordAudit, verifyAuditChains } from "@/server/tenancy";
import { canonicalJson, toPlain } from "@/server/tenancy/audit/rules";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  for (const name of ["a", "b"]) await database.owner.execute(sql.raw(`insert into organization (id, slug, name, created_at) values ('org_${name}', '${name}', '${name}', now())`));
});
afterAll(() => database.close());

const tenant = (organizationId: string) => testContext(database.app, { scope: "tenant", organizationId, actor: { kind: "user", id: "usr_x" } });
const provider = () => testContext(database.app, { scope: "provider", actor: { kind: "operator", id: "usr_op" } });
const write = (organizationId: string, after: Record<string, unknown> = { n: 1 }) =>
  inTransaction(tenant(organizationId), (tx) => recordAudit(tx, tenant(organizationId), { action: "thing.done", targetKind: "thing", targetId: "t1", after }));

/** Changes the trail as only the owner of the database can: with the trigger off. */
async function tamper(statement: string): Promise<void> {
  await database.owner.execute(sql.raw("alter table audit_entry disable trigger audit_entry_append_only"));
  await database.owner.execute(sql.raw(statement));
  await database.owner.execute(sql.raw("alter table audit_entry enable trigger audit_entry_append_only"));
}

describe("the audit trail", () => {
  it("chains entries per organization, however many write at once", async () => {
    await Promise.all(Array.from({ length: 40 }, (_, n) => write(n % 2 ? "org_a" : "org_b", { n })));
    await inTransaction(provider(), (tx) => recordAudit(tx, provider(), { action: "host.drained", targetKind: "host", targetId: "hst_1" }));
    const result = await verifyAuditChains(provider());
    expect(result).toMatchObject({ ok: true, firstBroken: null });
    expect(result.chains.map(({ chain, entries }) => [chain, entries])).toEqual([["org_a", 20], ["org_b", 20], ["provider", 1]]);
  });

  it("is written with its transaction or not at all", async () => {
    await expect(
      inTransaction(tenant("org_a"), async (tx) => {
        await recordAudit(tx, tenant("org_a"), { action: "thing.failed", targetKind: "thing", targetId: "t" });
        throw new Error("the rest failed");
      }),
    ).rejects.toThrow("the rest failed");
    const rows = await database.owner.execute(sql`select 1 from audit_entry where action = 'thing.failed'`);
    expect(rows.rows).toEqual([]);
    expect((await verifyAuditChains(provider())).ok).toBe(true);
  });

  it("cannot be written into another organization's chain by a tenant", async () => {
    await expect(inTransaction(tenant("org_a"), (tx) => recordAudit(tx, tenant("org_a"), { action: "x.y", targetKind: "x", targetId: "x", organizationId: "org_b" }))).rejects.toThrow();
    await expect(inTransaction(tenant("org_a"), (tx) => recordAudit(tx, tenant("org_a"), { action: "x.y", targetKind: "x", targetId: "x", organizationId: null }))).rejects.toThrow();
  });

  it("refuses changes, also from the owner of the table", async () => {
    for (const db of [database.owner, database.worker]) {
      await expect(db.execute(sql`update audit_entry set action = 'nothing.happened'`)).rejects.toThrow();
      await expect(db.execute(sql`delete from audit_entry`)).rejects.toThrow();
    }
  });

  it("keeps no secret", async () => {
    await write("org_a", { password: "hunter2", nested: { userData: "#cloud-config", list: [{ "token-hash": "abc" }] }, name: "kept" });
    const { rows } = await database.owner.execute<{ after: unknown }>(sql`select after from audit_entry where chain = 'org_a' order by sequence desc limit 1`);
    expect(rows[0]?.after).toEqual({ password: "[redacted]", nested: { userData: "[redacted]", list: [{ "token-hash": "[redacted]" }] }, name: "kept" });
  });

  it("reads back from Postgres what it hashed, whatever the values", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary" })), async (after) => {
        await write("org_b", after);
      }),
      { numRuns: 60 },
    );
    await write("org_b", { large: 1e21, small: 1e-7, negativeZero: -0, big: 2n ** 70n, when: new Date(0), none: undefined, text: "\u0000\ud800x\u{1f600}", infinite: Infinity });
    expect(await verifyAuditChains(provider())).toMatchObject({ ok: true });
  });

  it("has one text for one value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = toPlain(value);
        expect(canonicalJson(JSON.parse(canonicalJson(plain)))).toBe(canonicalJson(plain));
      }),
    );
    expect(canonicalJson({ b: [1, { d: 1, c: null }], a: "x" })).toBe('{"a":"x","b":[1,{"c":null,"d":1}]}');
  });

  it("names the first broken link: changed, removed inside, removed at the end, head moved", async () => {
    const broken = async () => (await verifyAuditChains(provider())).firstBroken;
    expect(await broken()).toBeNull();

    await tamper(`update audit_entry set after = '{"n": 99}' where chain = 'org_a' and sequence = 7`);
    expect(await broken()).toMatchObject({ chain: "org_a", sequence: 7, reason: "changed" });
    const run = promisify(execFile)(process.execPath, ["node_modules/tsx/dist/cli.mjs", "server/tenancy/audit/verify-chain.ts"], { env: { ...process.env, WORKER_DATABASE_URL: database.url.worker } });
    await expect(run).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining("BROKEN org_a: 6 links hold"), stderr: expect.stringContaining("Link 7 of chain org_a") });

    await tamper(`delete from audit_entry where chain = 'org_a' and sequence = 7`);
    expect(await broken()).toMatchObject({ chain: "org_a", sequence: 7, reason: "missing" });

    await tamper(`delete from audit_entry where chain = 'org_a'`);
    expect(await broken()).toMatchObject({ chain: "org_a", sequence: 1, reason: "missing" });
    await database.owner.execute(sql`delete from audit_head where chain = 'org_a'`);
    expect(await broken()).toBeNull();

    await tamper(`delete from audit_entry where chain = 'org_b' and sequence = (select max(sequence) from audit_entry where chain = 'org_b')`);
    expect(await broken()).toMatchObject({ chain: "org_b", reason: "missing", message: expect.stringContaining("newest links were removed") });

    await database.owner.execute(sql`delete from audit_head where chain = 'org_b'`);
    expect(await broken()).toMatchObject({ chain: "org_b", reason: "head-differs" });
  });

  it("answers the command with 0 while every chain holds, and 2 when it cannot look", async () => {
    await tamper(`delete from audit_entry where chain = 'org_b'`);
    const command = (url: string) => promisify(execFile)(process.execPath, ["node_modules/tsx/dist/cli.mjs", "server/tenancy/audit/verify-chain.ts"], { env: { ...process.env, WORKER_DATABASE_URL: url } });
    expect((await command(database.url.worker)).stdout).toContain("1 chains hold");
    await expect(command("postgres://nobody:x@127.0.0.1:1/none")).rejects.toMatchObject({ code: 2 });
  });
});
