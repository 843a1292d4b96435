import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { removeBudget, setBudget } from "@/server/billing";
import { createInstance, deleteInstance, rebootInstance, rebuildInstance, resizeInstance, restoreInstance, startInstance, stopForCap, suspendInstance } from "@/server/compute";
import { drainHost, updateAutomation } from "@/server/fleet";
import { automationInput } from "@/server/fleet/schema";
import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { setStanding } from "@/server/tenancy";
import { createTestDatabase } from "../../support/database";
import { LifeCentre } from "../../support/life/centre";

let centre: LifeCentre;
let tenant: Context & { readonly organizationId: string };
let ids: string[];
beforeAll(async () => {
  centre = new LifeCentre(await createTestDatabase(), 3, Date.UTC(2026, 4, 1));
  await centre.furnish();
  tenant = await centre.addOrganization("org_paths");
  ids = [];
  for (const name of ["runs", "stopped", "put-aside", "deleted", "capped"]) ids.push((await createInstance(tenant, { name, flavorId: centre.flavorIds.get(1)!, imageId: centre.imageId })).id);
  await pass(3);
}, 240_000);
afterAll(async () => {
  await centre.close();
  await centre.database.close();
});

/** Every loop that could make anything run, some seconds long. */
async function pass(times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    await centre.clock.advance(3_000);
    await centre.settle();
    await centre.cycle();
    for (const loop of ["enforce-standing", "watch-budgets", "rebalance-clusters", "consolidate-clusters", "evacuate-hosts", "keep-desktops", "restart-hung-guests", "wake-hosts", "converge-instances"]) await centre.pass(loop);
  }
}

const running = (): readonly string[] => centre.world.runs().filter((run) => run.endMs === null).map((run) => run.instanceId);
const set = (standing: "good" | "suspended") => setStanding(centre.provider, { organizationId: tenant.organizationId, standing, reason: "a test" });

it("nothing of a suspended organization runs by any path, and what ran before comes back when that is over", async () => {
  const [runs, stopped, aside, deleted, capped] = ids as [string, string, string, string, string];
  expect(running().toSorted()).toEqual(ids.toSorted());
  await suspendInstance(tenant, { instanceId: aside });
  await inTransaction(centre.context, (tx) => stopForCap(tx, centre.context, [stopped, capped]));
  await deleteInstance(tenant, { instanceId: deleted });
  await pass(3);
  expect(running()).toEqual([runs]);

  await set("suspended");
  await pass(3);
  expect(running()).toEqual([]);

  // Its own people.
  for (const instanceId of [runs, stopped, aside]) await expect(startInstance(tenant, { instanceId })).rejects.toMatchObject({ code: "standing" });
  await expect(createInstance(tenant, { name: "new", flavorId: centre.flavorIds.get(1)!, imageId: centre.imageId })).rejects.toMatchObject({ code: "standing" });
  await expect(restoreInstance(tenant, { instanceId: deleted })).rejects.toMatchObject({ code: "standing" });
  for (const act of [() => rebootInstance(tenant, { instanceId: runs }), () => rebuildInstance(tenant, { instanceId: runs, imageId: centre.imageId }), () => resizeInstance(tenant, { instanceId: stopped, flavorId: centre.flavorIds.get(2)! })]) await act().catch((error: unknown) => expect(error).toMatchObject({ name: "Problem" }));
  // A cap on spending that goes away starts what only the cap had stopped.
  await setBudget(tenant, { organizationId: tenant.organizationId, amountMinor: 100_000, hardCap: true, thresholdsPercent: [100] });
  await pass(1);
  await removeBudget(tenant, { organizationId: tenant.organizationId });
  await pass(1);
  expect(running()).toEqual([]);
  // A statement by hand, of the worker and of the portal's role.
  for (const id of [runs, aside]) await centre.database.worker.execute(sql`update instance set desired_power = 'running', power_decided_by = 'tenant', generation = generation + 1 where id = ${id}`);
  expect((await centre.database.owner.execute(sql`select id from instance where desired_power = 'running'`)).rows).toEqual([]);
  // Steering of every kind, a host that dies, one that is emptied, one that comes back.
  await updateAutomation(centre.provider, automationInput.parse({ clusterId: centre.clusterId, rebalance: "automatic", consolidate: "automatic" }));
  centre.world.crash("h1");
  await drainHost(centre.provider, await centre.hostId("h2"));
  await pass(6);
  centre.world.wake("h1");
  await pass(3);
  expect(running()).toEqual([]);
  expect(centre.world.runs().filter((run) => run.endMs === null)).toEqual([]);

  await set("good");
  await pass(8);
  expect(running()).toContain(runs);
  // What went on by a statement in the meantime was the standing's to stop, so it is the standing's to start.
  expect(running()).toContain(aside);
}, 240_000);

it("a machine that the cap has no room for after a suspension keeps nobody else's machines waiting", async () => {
  const [runs] = ids as [string];
  const other = await centre.addOrganization("org_neighbour");
  const { id } = await createInstance(other, { name: "neighbour", flavorId: centre.flavorIds.get(1)!, imageId: centre.imageId });
  await pass(3);
  const suspend = (organizationId: string, standing: "good" | "suspended") => setStanding(centre.provider, { organizationId, standing, reason: "a test" });
  for (const one of [tenant, other]) await suspend(one.organizationId, "suspended");
  await pass(3);
  expect(running()).toEqual([]);
  await centre.database.owner.execute(sql`insert into price_version (id, meter, flavor_id, currency, micros_per_hour, valid_from, created_at, created_by) select 'prv_' || id, 'instance', id, 'JPY', 5000000, '2020-01-01', '2020-01-01', 'test' from flavor`);
  await setBudget(tenant, { organizationId: tenant.organizationId, amountMinor: 1, hardCap: true, thresholdsPercent: [100] });
  for (const one of [tenant, other]) await suspend(one.organizationId, "good");
  await pass(4);
  expect(running()).toEqual([id]);
  expect((await centre.database.owner.execute(sql`select desired_power, power_decided_by from instance where id = ${runs}`)).rows).toEqual([{ desired_power: "stopped", power_decided_by: "cap" }]);
}, 240_000);
