import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { acquireLease, assertLease, LeaseLost, releaseLease } from "@/server/platform/lease";
import { createTestDatabase, type TestDatabase } from "../support/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

describe("a lease on a loop", () => {
  it("belongs to one worker of many that ask at once, and passes on with a higher epoch", async () => {
    const answers = await Promise.all(["a", "b", "c", "d"].map((name) => acquireLease(database.worker, "one", name, 60_000)));
    const held = answers.filter((answer) => answer !== null);
    expect(held).toHaveLength(1);
    const first = held[0]!;
    expect(await acquireLease(database.worker, "one", first.holder, 60_000)).toEqual(first);
    await releaseLease(database.worker, first);
    const second = await acquireLease(database.worker, "one", "next", 60_000);
    expect(second?.epoch).toBe(first.epoch + 1);
  });

  it("refuses a write of a holder that slept past its end", async () => {
    const sleeper = (await acquireLease(database.worker, "two", "sleeper", 20))!;
    await new Promise((resolve) => setTimeout(resolve, 40));
    const heir = (await acquireLease(database.worker, "two", "heir", 60_000))!;
    await expect(database.worker.transaction((tx) => assertLease(tx, sleeper))).rejects.toBeInstanceOf(LeaseLost);
    await expect(database.worker.transaction((tx) => assertLease(tx, heir))).resolves.toBeUndefined();
  });
});

describe("row-level security", () => {
  it("is forced, with a policy per role, on every table", async () => {
    const rows = await database.owner.execute<{ table: string; forced: boolean; policies: string }>(sql`
      select c.relname as table, c.relrowsecurity and c.relforcerowsecurity as forced,
        (select count(*) from pg_policy p where p.polrelid = c.oid) as policies
      from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r' and not c.relispartition`);
    expect(rows.rows.length).toBeGreaterThan(25);
    expect(rows.rows.filter((row) => !row.forced || Number(row.policies) < 3)).toEqual([]);
  });

  it("is not gone round by a part of a table: those are for the whole table alone", async () => {
    const parts = await database.owner.execute<{ part: string; app: boolean; worker: boolean }>(sql`
      select c.relname as part, has_table_privilege('berth_app', c.oid, 'select, insert, update, delete') as app, has_table_privilege('berth_worker', c.oid, 'select, insert, update, delete') as worker
      from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relispartition`);
    expect(parts.rows.length).toBeGreaterThan(0);
    expect(parts.rows.filter(({ app, worker }) => app || worker)).toEqual([]);
  });

  it("shows a request without a scope nothing", async () => {
    await database.owner.execute(sql`insert into organization (id, slug, name, created_at) values ('org_a', 'a', 'A', now())`);
    expect((await database.app.execute(sql`select * from organization`)).rows).toEqual([]);
  });
});
