import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startInstance, stopInstance } from "@/server/compute";
import { setStanding } from "@/server/tenancy";
import { createCentre, until, untilHost, type Centre } from "./centre";

let centre: Centre;
beforeAll(async () => {
  centre = await createCentre({ hosts: ["h1", "h2", "h3"], leaseTtlMs: 1_000 });
});
afterAll(() => centre.close());

const seen = async (id: string) => (await centre.rows<{ state: string; crashes: number }>(`select state, crashes from instance_observation where instance_id = '${id}'`))[0];
const runsEver = (id: string): number => centre.world.runs().filter((run) => run.instanceId === id).length;

describe("a guest that crashes again and again", () => {
  it("is started again up to a limit that outlives the worker that counts", async () => {
    const first = await centre.startWorker({ name: "first" });
    for (const name of ["h1", "h2", "h3"]) await untilHost(centre, name, "up");
    const id = await centre.order("crashes");
    await centre.untilStatus(id, "running");
    centre.world.crashGuest(centre.runsOn(id)[0]!, id);
    await until("the crash is counted and it runs again", 15_000, async () => (await seen(id))?.crashes === 1 && centre.runsOn(id).length === 1, () => seen(id));
    await centre.untilStatus(id, "running");
    // The worker is gone, and what it remembered with it.
    await first.abandon();
    await centre.startWorker({ name: "second" });
    await until("a new worker has the loops", 15_000, async () => (await centre.rows("select 1 from loop_lease where name = 'converge-instances' and holder like 'second%'")).length === 1);
    // Two more crashes were counted meanwhile, as far as the database knows: the next one is the fifth.
    await centre.database.owner.execute(sql`update instance_observation set crashes = 4 where instance_id = ${id}`);
    const before = runsEver(id);
    centre.world.crashGuest(centre.runsOn(id)[0]!, id);
    await until("nobody starts it again", 15_000, async () => (await centre.rows(`select 1 from instance_event where instance_id = '${id}' and kind = 'crashed-again'`)).length > 0, () => seen(id));
    expect((await seen(id))?.crashes).toBe(5);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(runsEver(id)).toBe(before);
    expect(await centre.status(id)).not.toBe("running");
    // Its owner's word begins anew.
    await stopInstance(centre.tenant, { instanceId: id, force: true });
    await startInstance(centre.tenant, { instanceId: id });
    await centre.untilStatus(id, "running");
    expect(runsEver(id)).toBe(before + 1);
  });
});

describe("an organization that is suspended", () => {
  it("has its machines stopped and kept, and nothing but reinstatement starts those that ran", async () => {
    const runs = await centre.order("ran");
    const moved = await centre.order("moved");
    const off = await centre.order("was-off");
    for (const id of [runs, moved, off]) await centre.untilStatus(id, "running");
    await stopInstance(centre.tenant, { instanceId: off, force: true });
    await centre.untilStatus(off, "stopped");
    // Four that must stand apart, on three hosts: one waits for a place when the suspension comes.
    const apart: string[] = [];
    for (const name of ["a", "b", "c", "d"]) apart.push(await centre.order(name, "small", { antiAffinityGroup: "apart" }));
    const statuses = () => Promise.all(apart.map((id) => centre.status(id)));
    const oneWaits = async () => (await statuses()).filter((status) => status === "waiting-for-capacity").length === 1 && apart.filter((id) => centre.runsOn(id).length === 1).length === 3;
    await until("three run and one waits", 15_000, oneWaits, statuses);
    const disks = () => centre.world.status().volumes.map((volume) => volume.name).filter((name) => [runs, moved, off].some((id) => name.startsWith(id))).toSorted();
    const disksBefore = disks();
    expect(disksBefore.length).toBeGreaterThanOrEqual(3);

    await setStanding(centre.provider, { organizationId: centre.tenant.organizationId, standing: "suspended", reason: "three invoices are open" });
    for (const id of [runs, moved, ...apart]) await until(`${id} is off`, 45_000, async () => centre.runsOn(id).length === 0 && (await centre.status(id)) === "stopped", () => centre.status(id));
    expect(disks()).toEqual(expect.arrayContaining(disksBefore));

    // Not by its owner, not by the loss of its host, not by room for it.
    for (const id of [runs, off]) await expect(startInstance(centre.tenant, { instanceId: id })).rejects.toMatchObject({ code: "standing" });
    await expect(centre.order("more")).rejects.toMatchObject({ code: "standing" });
    const [place] = await centre.rows<{ name: string }>(`select h.name from allocation a join host h on h.id = a.host_id where a.instance_id = '${moved}'`);
    if (place) {
      centre.world.crash(place.name);
      await until(`${place.name} is fenced`, 20_000, async () => ["fenced", "returning", "up"].includes((await centre.host(place.name)).state) && (await centre.rows(`select 1 from fencing where state = 'confirmed'`)).length > 0, async () => (await centre.host(place.name)).state);
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const id of [runs, moved, off, ...apart]) expect(centre.runsOn(id)).toEqual([]);

    await setStanding(centre.provider, { organizationId: centre.tenant.organizationId, standing: "good", reason: "paid" });
    for (const id of [runs, moved]) await until(`${id} runs again`, 20_000, () => centre.runsOn(id).length === 1, () => centre.status(id));
    // The host that was lost may be away still: two or three have a place, the others wait as before.
    const placed = async () => (await statuses()).filter((status) => status === "running").length;
    await until("those that have a place run", 20_000, async () => (await placed()) >= 2 && (await statuses()).every((status) => status === "running" || status === "waiting-for-capacity"), statuses);
    expect(apart.filter((id) => centre.runsOn(id).length === 1).length).toBe(await placed());
    expect(centre.runsOn(off)).toEqual([]);
    expect(await centre.rows(`select power_decided_by from instance where id in ('${runs}', '${moved}', '${off}')`)).toEqual([1, 2, 3].map(() => ({ power_decided_by: "tenant" })));
    const kinds = await centre.rows<{ kind: string }>(`select kind from instance_event where instance_id = '${runs}' order by at, id`);
    expect(kinds.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["stopped-by-standing", "started-after-suspension"]));
    await centre.checkInvariants();
  }, 120_000);
});
