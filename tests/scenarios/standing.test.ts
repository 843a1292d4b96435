import { afterEach, expect, it } from "vitest";
import { createInstance, startInstance } from "@/server/compute";
import { drainHost } from "@/server/fleet";
import { setStanding } from "@/server/tenancy";
import { openCentre, until, type Centre } from "./centre";

let centre: Centre;
afterEach(() => centre.close());

/** How long nothing may start: several passes of every loop that could. */
const QUIET_MS = 3_000;

it("a suspended organization's machine runs by no path: not by its owner, failover, drain or placement; it comes back when that is over", async () => {
  centre = await openCentre();
  const { tenant, provider } = centre;
  const { organizationId } = tenant;
  const ids = await Promise.all(["a", "b", "c"].map((name) => centre.order(name)));
  for (const id of ids) await centre.untilStatus(id, "running");
  const set = (standing: "good" | "suspended") => setStanding(provider, { organizationId, standing, reason: "a test" });
  await set("suspended");
  for (const id of ids) await until(`${id} is stopped`, 20_000, () => centre.runsOn(id).length === 0);
  for (const id of ids) await centre.untilStatus(id, "stopped");

  for (const id of ids) await expect(startInstance(tenant, { instanceId: id })).rejects.toMatchObject({ code: "standing" });
  await expect(createInstance(tenant, { name: "new", flavorId: centre.flavors.small, imageId: centre.imageId })).rejects.toMatchObject({ code: "standing" });
  centre.world.crash("h1");
  await until("h1 is fenced", 20_000, async () => (await centre.host("h1")).state === "fenced");
  await drainHost(provider, (await centre.host("h2")).id);
  const end = performance.now() + QUIET_MS;
  while (performance.now() < end) {
    for (const id of ids) expect(centre.runsOn(id)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await centre.rows(`select id from instance where desired_power = 'running'`)).toEqual([]);

  // Somebody asks for it behind everybody's back: the loop stops it again before, or as soon as, it runs.
  await centre.rows(`update instance set desired_power = 'running', power_decided_by = 'tenant', generation = generation + 1 where id = '${ids[0]}'`);
  await set("suspended");
  await centre.rows(`select pg_notify('berth_wake', 'enforce-standing')`);
  await until("desired is stopped again", 20_000, async () => (await centre.rows(`select id from instance where desired_power = 'running'`)).length === 0);
  await until("it does not run", 20_000, () => centre.runsOn(ids[0]!).length === 0);

  await set("good");
  for (const id of ids) await centre.untilStatus(id, "running", 30_000);
  await centre.checkInvariants();
});

it("a host that dies in the moment of the suspension: failover brings nothing back", async () => {
  centre = await openCentre();
  const ids = await Promise.all(["a", "b", "c"].map((name) => centre.order(name)));
  for (const id of ids) await centre.untilStatus(id, "running");
  const [lostHost] = centre.runsOn(ids[0]!);
  centre.world.crash(lostHost!);
  await setStanding(centre.provider, { organizationId: centre.tenant.organizationId, standing: "suspended", reason: "a test" });
  await until("the host is fenced", 20_000, async () => (await centre.host(lostHost!)).state === "fenced");
  for (const id of ids) await until(`${id} runs nowhere`, 20_000, () => centre.runsOn(id).length === 0);
  const end = performance.now() + QUIET_MS;
  while (performance.now() < end) {
    for (const id of ids) expect(centre.runsOn(id)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await centre.checkInvariants();
});
