import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createInstance, deleteInstance, getRestart, markPurged, setRestart } from "@/server/compute";
import { takeSnapshot } from "@/server/fleet";
import type { Problem } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "@/tests/support/database";
import { makeOffer, makeTenant, problemOf, type Offer } from "./fixture";

let database: TestDatabase;
let offer: Offer;
beforeAll(async () => {
  database = await createTestDatabase();
  offer = await makeOffer(database);
});
afterAll(() => database.close());

type Tenant = Awaited<ReturnType<typeof makeTenant>>;
const order = async (tenant: Tenant, name: string): Promise<string> => (await createInstance(tenant, { name, flavorId: offer.small, imageId: offer.imageId })).id;
const rows = async (query: string) => (await database.worker.execute<Record<string, unknown>>(sql.raw(query))).rows;
const said = ({ code, words }: Problem) => [code, words?.[0]?.code ?? null];

describe("the order of restarts", () => {
  it("is kept, audited once, read back by name, and told to the planner", async () => {
    const tenant = await makeTenant(database);
    const [web, db] = [await order(tenant, "web"), await order(tenant, "db")];
    expect(await getRestart(tenant, { instanceId: web })).toEqual({ instanceId: web, priority: "normal", startAfter: [], startBefore: [], candidates: [{ id: db, name: "db" }] });
    const wanted = { instanceId: web, priority: "high" as const, startAfter: [db, db] };
    expect(await setRestart(tenant, wanted)).toMatchObject({ priority: "high", startAfter: [{ id: db, name: "db" }] });
    await setRestart(tenant, wanted);
    expect(await getRestart(tenant, { instanceId: db })).toMatchObject({ startBefore: [{ id: web, name: "web" }], candidates: [] });
    expect(await rows(`select action, before, after from audit_entry where target_id = '${web}' and action = 'instance.restart-order-changed'`)).toEqual([
      { action: "instance.restart-order-changed", before: { priority: "normal", startAfter: [] }, after: { priority: "high", startAfter: [db] } },
    ]);
    const planned = new Map((await takeSnapshot(testContext(database.worker), offer.clusterId)).planner.instances.map((one) => [one.id, one]));
    // The mean of the organization's own machines is worth 100, so that calling all of them high says nothing.
    expect([planned.get(web)?.startAfter, planned.get(web)?.priority, planned.get(db)?.priority]).toEqual([[db], 125, 75]);
    await setRestart(tenant, { ...wanted, instanceId: db, startAfter: [] });
    const level = new Map((await takeSnapshot(testContext(database.worker), offer.clusterId)).planner.instances.map((one) => [one.id, one.priority]));
    expect([level.get(web), level.get(db)]).toEqual([100, 100]);
  });

  it("refuses circles, itself, too many, and what belongs to others", async () => {
    const [tenant, stranger] = [await makeTenant(database), await makeTenant(database)];
    const [a, b, c, foreign] = [await order(tenant, "a"), await order(tenant, "b"), await order(tenant, "c"), await order(stranger, "a")];
    const after = (instanceId: string, startAfter: string[]) => setRestart(tenant, { instanceId, priority: "normal", startAfter });
    await after(b, [a]);
    await after(c, [b]);
    const circle = await problemOf(after(a, [c]));
    expect(said(circle)).toEqual(["conflict", "refused-start-after-circle"]);
    expect(circle.message).toContain("(c, b, a, each after the next)");
    expect(said(await problemOf(after(a, [a])))).toEqual(["bad-input", "refused-start-after-itself"]);
    expect(said(await problemOf(after(a, Array.from({ length: 9 }, (_, index) => `ins_${index}`))))).toEqual(["bad-input", "refused-start-after-many"]);
    expect([(await problemOf(after(a, [foreign]))).code, (await problemOf(after(foreign, []))).code]).toEqual(["not-found", "not-found"]);
    // Two that would close a circle together: one of them is too late.
    const [x, y] = [await order(tenant, "x"), await order(tenant, "y")];
    const both = await Promise.allSettled([after(x, [y]), after(y, [x])]);
    expect(both.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
    // The wall below the verb.
    await expect(database.worker.execute(sql`insert into start_after (organization_id, instance_id, after_instance_id, created_at) values (${tenant.organizationId}, ${a}, ${foreign}, now())`)).rejects.toThrow();
  });

  it("forgets a machine that is purged", async () => {
    const tenant = await makeTenant(database);
    const [web, db] = [await order(tenant, "web"), await order(tenant, "db")];
    await setRestart(tenant, { instanceId: web, priority: "normal", startAfter: [db] });
    await deleteInstance(tenant, { instanceId: db, trashSeconds: 0 });
    const worker = testContext(database.worker);
    await rows(`update volume set state = 'removed', removed_at = now() where instance_id = '${db}'`);
    expect(await inTransaction(worker, (tx) => markPurged(tx, worker, db))).toBe(true);
    expect(await getRestart(tenant, { instanceId: web })).toMatchObject({ startAfter: [], candidates: [] });
    expect(await rows(`select 1 from start_after where after_instance_id = '${db}'`)).toEqual([]);
  });
});
