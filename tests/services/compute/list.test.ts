import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createInstance, deleteInstance, listInstances, listOffers, previewResize, type InstanceSummary } from "@/server/compute";
import type { Context } from "@/server/platform/context";
import { createTestDatabase, type TestDatabase } from "@/tests/support/database";
import { makeOffer, makeTenant, problemOf } from "./fixture";

let database: TestDatabase;
let tenant: Context & { readonly organizationId: string };
const NAMES = ["alpha", "beta", "gamma-1", "gamma-2", "delta", "a-100", "a1000", "zeta", "eta", "theta", "iota"];

beforeAll(async () => {
  database = await createTestDatabase();
  await makeOffer(database);
  tenant = await makeTenant(database, { vcpus: 20 });
  for (const name of NAMES) await createInstance(tenant, { name, flavorId: "flv_small", imageId: "img_tiny" });
  // Equal creation times, so that paging must lean on the id.
  await database.worker.execute(sql`update instance set created_at = date_trunc('hour', created_at) where name <> 'alpha'`);
  await database.worker.execute(sql`insert into instance_observation (instance_id, organization_id, state, boot_generation, rebuild_generation, applied_generation, observed_at)
    select id, organization_id, 'running', 1, 1, 1, now() from instance where name like '%eta'`);
});
afterAll(() => database.close());

it.each(["name", "createdAt", "status"] as const)("pages by %s in both directions, every row once, in order", async (sort) => {
  for (const direction of ["asc", "desc"] as const) {
    const seen: InstanceSummary[] = [];
    let cursor: string | null = null;
    do {
      const page = await listInstances(tenant, { limit: 3, sort, direction, cursor });
      expect(page.total).toBe(NAMES.length);
      expect(page.items.length).toBeLessThanOrEqual(3);
      seen.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen.map((row) => row.name).sort()).toEqual([...NAMES].sort());
    const values = seen.map((row) => (sort === "createdAt" ? row.createdAt.toISOString() : row[sort]));
    expect(values).toEqual(direction === "asc" ? [...values].sort() : [...values].sort().reverse());
  }
});

it("filters by derived status and searches literally", async () => {
  const names = async (input: Parameters<typeof listInstances>[1]) => (await listInstances(tenant, { sort: "name", direction: "asc", ...input })).items.map((row) => row.name);
  expect(await names({ status: "running" })).toEqual(["beta", "eta", "theta", "zeta"]);
  expect((await listInstances(tenant, { status: ["running"], limit: 1 })).total).toBe(4);
  expect(await names({ status: ["running", "provisioning"], search: "et" })).toEqual(["beta", "eta", "theta", "zeta"]);
  expect(await names({ search: "GAMMA" })).toEqual(["gamma-1", "gamma-2"]);
  expect(await names({ search: "%" })).toEqual([]);
  expect(await names({ search: "a_1" })).toEqual([]);
  const { items: [alpha] } = await listInstances(tenant, { search: "alpha" });
  expect(await names({ search: alpha!.id })).toEqual(["alpha"]);
  expect(await names({ search: alpha!.privateIp! })).toEqual(["alpha"]);
  expect(await names({ status: "deleted" })).toEqual([]);
});

it("refuses a cursor that it did not make", async () => {
  for (const cursor of ["x", "!!!", Buffer.from("[1,2]").toString("base64url"), Buffer.from('["no date","ins_1"]').toString("base64url")]) {
    expect(await problemOf(listInstances(tenant, { cursor }))).toMatchObject({ code: "bad-input", detail: { field: "cursor" } });
  }
});

it("offers sizes with price and room, and previews a resize", async () => {
  await database.worker.execute(sql`insert into price_version (id, meter, flavor_id, currency, micros_per_hour, valid_from, created_at, created_by) values
    ('prv_1', 'instance', 'flv_small', 'JPY', 1000, now() - interval '1 hour', now(), 'x'), ('prv_2', 'instance', 'flv_large', 'JPY', 5000, now() - interval '1 hour', now(), 'x'), ('prv_3', 'storage', null, 'JPY', 10, now() - interval '1 hour', now(), 'x')`);
  // Eleven of twenty vCPUs are held: two more large ones fit, and then one vCPU is left.
  const offers = () => listOffers(tenant, tenant.organizationId).then((all) => Object.fromEntries(all.map((one) => [one.name, [one.microsPerHour, one.fits]])));
  expect(await offers()).toEqual({ small: [1000, true], dedicated: [null, true], large: [5000, true] });
  const [first, second] = [await createInstance(tenant, { name: "l-1", flavorId: "flv_large", imageId: "img_tiny" }), await createInstance(tenant, { name: "l-2", flavorId: "flv_large", imageId: "img_tiny" })];
  expect(await offers()).toEqual({ small: [1000, true], dedicated: [null, false], large: [5000, false] });
  const { items: [alpha] } = await listInstances(tenant, { search: "alpha" });
  expect(await previewResize(tenant, { instanceId: alpha!.id, flavorId: "flv_large" })).toEqual({
    priceBefore: 1040, priceAfter: 5200, currency: "JPY", quotaAfter: expect.objectContaining({ vcpus: -2 }) as object, live: false, reason: expect.stringContaining("does not run") as string, reasonWords: [{ code: "resize-at-start", params: {} }],
  });
  await deleteInstance(tenant, { instanceId: first.id });
  await deleteInstance(tenant, { instanceId: second.id });
  expect((await previewResize(tenant, { instanceId: alpha!.id, flavorId: "flv_large" })).quotaAfter.vcpus).toBe(6);
});
