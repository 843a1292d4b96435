import { afterEach, describe, expect, it } from "vitest";
import { getIncident, listIncidents, orderFencing } from "@/server/fleet";
import { openCentre, until, untilHost, type Centre } from "./centre";

let centre: Centre;
afterEach(() => centre.close());

const TTL_MS = 2_000;
const open = () => openCentre({ hosts: ["h1", "h2", "h3"], world: { timings: { leaseTtlMs: TTL_MS } }, policy: { suspectAfterSeconds: 3, fenceAfterSeconds: 6, fenceBrakeFraction: 0.5 } });

async function fill(count: number): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, (_, index) => centre.order(`vm-${index}`)));
  for (const id of ids) await centre.untilStatus(id, "running");
  await until("the leases are known", 10_000, async () => (await centre.rows("select 1 from host where lease_beat is null")).length === 0);
  return ids;
}

const on = (name: string, ids: readonly string[]) => ids.filter((id) => centre.runsOn(id).includes(name));
const elsewhere = (ids: readonly string[], name: string, timeoutMs: number) => until("they run elsewhere", timeoutMs, () => ids.every((id) => centre.runsOn(id).length === 1 && !centre.runsOn(id).includes(name)), () => centre.rows("select name, state, state_reason from host"));

describe("a host that lost only its management network", () => {
  it("is isolated and not fenced, keeps its machines, and gives them up when the operator says so, though its controller is dead", async () => {
    centre = await open();
    const ids = await fill(6);
    const there = on("h1", ids);
    expect(there.length).toBeGreaterThan(0);
    centre.world.bmc("h1", { reachable: false });
    centre.world.partition("h1");
    await untilHost(centre, "h1", "isolated", 20_000);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect((await centre.host("h1")).state).toBe("isolated");
    expect(on("h1", ids)).toEqual(there);
    const [incident] = (await listIncidents(centre.provider, { clusterId: centre.clusterId, limit: 5 })).items;
    expect(incident).toMatchObject({ kind: "host-isolated", hostName: "h1", closedAt: null });

    await orderFencing(centre.provider, (await centre.host("h1")).id);
    await elsewhere(there, "h1", 60_000);
    expect(await centre.rows("select method from fencing where state = 'confirmed'")).toEqual([{ method: "lease" }]);
    expect(centre.world.doubleRuns()).toEqual([]);
    // Cleaned and told that it may run machines again.
    centre.world.heal("h1");
    await untilHost(centre, "h1", "up", 30_000);
    await centre.checkInvariants();
  }, 120_000);

  it("comes back as if nothing had been", async () => {
    centre = await open();
    const ids = await fill(3);
    const there = on("h2", ids);
    centre.world.partition("h2");
    await untilHost(centre, "h2", "isolated", 20_000);
    centre.world.heal("h2");
    await untilHost(centre, "h2", "up", 20_000);
    expect(on("h2", ids)).toEqual(there);
    const [incident] = (await listIncidents(centre.provider, { clusterId: centre.clusterId, limit: 5 })).items;
    expect((await getIncident(centre.provider, incident!.id)).entries.at(-1)).toMatchObject({ kind: "end", text: "h2 answers again." });
    expect(await centre.rows("select 1 from fencing")).toEqual([]);
  }, 60_000);
});

describe("a host that died together with its management controller", () => {
  it("is known dead when its lease is over, and its machines restart", async () => {
    centre = await open();
    const ids = await fill(6);
    const there = on("h1", ids);
    centre.world.bmc("h1", { reachable: false });
    centre.world.crash("h1");
    const start = Date.now();
    await elsewhere(there, "h1", 60_000);
    expect(Date.now() - start).toBeLessThan(60_000);
    expect(await centre.rows("select method from fencing")).toEqual([{ method: "lease" }]);
    expect(centre.world.doubleRuns()).toEqual([]);
    await centre.checkInvariants();
  }, 90_000);

  it("ends its own machines where it lost its storage too, before they start elsewhere", async () => {
    centre = await open();
    const ids = await fill(6);
    const there = on("h1", ids);
    centre.world.bmc("h1", { reachable: false });
    centre.world.partition("h1", { storage: false });
    await elsewhere(there, "h1", 60_000);
    expect(await centre.rows("select method from fencing")).toEqual([{ method: "lease" }]);
    expect(centre.world.doubleRuns()).toEqual([]);
    await centre.checkInvariants();
  }, 90_000);
});
