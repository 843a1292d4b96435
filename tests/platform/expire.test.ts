import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expireRecords } from "@/server/platform/expire";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "../support/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

describe("records that have done their work", () => {
  it("go after their time, and not before", async () => {
    const run = (statement: string) => database.owner.execute(sql.raw(statement));
    await run(`insert into user_account (id, email, name, created_at) values ('usr_1', 'a@b.test', 'A', now())`);
    await run(`insert into user_session (id, user_id, created_at, last_seen_at, expires_at, revoked_at) values
      ('live', 'usr_1', now(), now(), now() + interval '1 day', null), ('idle', 'usr_1', now(), now() - interval '20 days', now() + interval '1 day', null),
      ('just-over', 'usr_1', now(), now(), now() - interval '29 days', null), ('long-over', 'usr_1', now(), now(), now() - interval '31 days', null), ('long-revoked', 'usr_1', now(), now(), now() + interval '1 day', now() - interval '31 days')`);
    await run(`insert into rate_limit (key, points, expire) values ('old', 1, 1), ('new', 1, 9999999999999)`);
    await run(`insert into organization (id, slug, name, created_at) values ('org_1', 'o', 'O', now())`);
    await run(`insert into idempotency_key (organization_id, key, action, input_hash, target_id, created_at) values ('org_1', 'old', 'a', 'h', 't', now() - interval '25 hours'), ('org_1', 'new', 'a', 'h', 't', now() - interval '23 hours')`);
    const context = testContext(database.worker);
    expect(await inTransaction(context, (tx) => expireRecords(tx, context))).toEqual({ tickets: 0, idempotencyKeys: 1, rateLimits: 1, messages: 0, sessions: 2 });
    const left = await database.owner.execute<{ id: string }>(sql`select id from user_session order by id`);
    expect(left.rows.map((row) => row.id)).toEqual(["idle", "just-over", "live"]);
  });
});
