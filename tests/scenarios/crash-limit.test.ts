import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startInstance, stopInstance } from "@/server/compute";
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
