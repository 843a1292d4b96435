import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createInstance, listInstances } from "@/server/compute";
import { Problem } from "@/server/platform/errors";
import { verifyAuditChains } from "@/server/tenancy";
import { createTestDatabase, testContext, type TestDatabase } from "@/tests/support/database";
import { makeOffer, makeTenant, quotaDrift, type Offer } from "./fixture";

let database: TestDatabase;
let offer: Offer;
beforeAll(async () => {
  database = await createTestDatabase();
  offer = await makeOffer(database);
});
afterAll(() => database.close());

const order = (name: string, more: Partial<Parameters<typeof createInstance>[1]> = {}) => ({ name, flavorId: offer.small, imageId: offer.imageId, ...more });

describe("orders of one moment", () => {
  it("answers each of many that arrive together by itself, and keeps the trail's chain", async () => {
    const tenant = await makeTenant(database, { instances: 30 });
    const stranger = await makeTenant(database);
    const cases = [
      ...Array.from({ length: 10 }, (_, n) => order(`t-${n}`)),
      order("twice"), order("twice"), order("t-unknown", { flavorId: "flv_none" }), order("t-old", { flavorId: "flv_old" }), order("t-bad", { imageId: "img_bad" }), order("t-key", { sshKeyIds: ["key_none"] }),
      order("t-same", { idempotencyKey: "k1" }), order("t-same", { idempotencyKey: "k1" }), order("t-other", { idempotencyKey: "k1" }), order("t-own", { idempotencyKey: "k2" }),
    ];
    const [answers, foreign] = await Promise.all([
      Promise.allSettled(cases.map((one, n) => createInstance({ ...tenant, requestId: `req_${n}`, actor: { kind: "user", id: `usr_${n}` } }, one))),
      Promise.all([createInstance(stranger, order("t-0")), createInstance(stranger, order("t-1"))]),
    ]);
    const words = answers.map((answer) => (answer.status === "fulfilled" ? "ok" : answer.reason instanceof Problem ? answer.reason.code : String(answer.reason)));
    expect(words).toEqual([...Array.from({ length: 10 }, () => "ok"), "ok", "conflict", "not-found", "conflict", "conflict", "not-found", "ok", "ok", "conflict", "ok"]);
    const ids = answers.map((answer) => (answer.status === "fulfilled" ? answer.value.id : null));
    expect(ids[16]).toBe(ids[17]);
    expect(foreign.map(({ name }) => name)).toEqual(["t-0", "t-1"]);
    expect((await listInstances(tenant, { limit: 100 })).items).toHaveLength(13);
    const rows = await database.owner.execute<{ actor_id: string; request_id: string; target_id: string }>(sql`select actor_id, request_id, target_id from audit_entry where organization_id = ${tenant.organizationId} and action = 'instance.ordered' order by sequence`);
    expect(new Map(rows.rows.map((row) => [row.target_id, [row.actor_id, row.request_id]])).get(ids[3] ?? "")).toEqual(["usr_3", "req_3"]);
    expect(rows.rows).toHaveLength(13);
    expect((await verifyAuditChains(testContext(database.worker))).firstBroken).toBeNull();
    expect(await quotaDrift(database)).toEqual([]);
  });
});
