import { describe, expect, it } from "vitest";
import { getIncident, listIncidents, orderFencing } from "@/server/fleet";
import { openCentre, until, untilHost, type Centre } from "./centre";

const TTL_MS = 2_000;
/** Each story in a data centre of its own, so that they wait for their time-outs beside each other. */
async function withCentre(work: (centre: Centre) => Promise<void>): Promise<void> {
  const centre = await openCentre({ hosts: ["h1", "h2", "h3"], world: { timings: { leaseTtlMs: TTL_MS } }, policy: { suspectAfterSeconds: 3, fenceAfterSeconds: 6, fenceBrakeFraction: 0.5 } });
  try {
    await work(centre);
  } finally {
    await centre.close();
  }
}

async function fill(centre: Centre, count: number): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, (_, index) => centre.order(`vm-${index}`)));
  for (const id of ids) await centre.untilStatus(id, "running", 60_000);
  await until("the leases are known", 10_000, async () => (await centre.rows("select 1 from host where lease_beat is null")).length === 0);
  return ids;
}

const on = (centre: Centre, name: string, ids: readonly string[]) => ids.filter((id) => centre.runsOn(id).includes(name));
const elsewhere = (centre: Centre, ids: readonly string[], name: string, timeoutMs: number) => until("they run elsewhere", timeoutMs, () => ids.every((id) => centre.runsOn(id).length === 1 && !centre.runsOn(id).includes(name)), () => centre.rows("select name, state, state_reason from host"));

describe.concurrent("a host that lost only its management network", () => {
  it("is isolated and not fenced, keeps its machines, and gives them up when the operator says so, though its controller is dead", () =>
    withCentre(async (centre) => {
    const ids = await fill(centre, 4);
    const there = on(centre, "h1", ids);
    expect(there.length).toBeGreaterThan(0);
    centre.world.bmc("h1", { reachable: false });
    centre.world.partition("h1");
    await untilHost(centre, "h1", "isolated", 20_000);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect((await centre.host("h1")).state).toBe("isolated");
    expect(on(centre, "h1", ids)).toEqual(there);
    const [incident] = (await listIncidents(centre.provider, { clusterId: centre.clusterId, limit: 5 })).items;
    expect(incident).toMatchObject({ kind: "host-isolated", hostName: "h1", closedAt: null });

    await orderFencing(centre.provider, (await centre.host("h1")).id);
    await elsewhere(centre, there, "h1", 60_000);
    expect(await centre.rows("select method from fencing where state = 'confirmed'")).toEqual([{ method: "lease" }]);
    expect(centre.world.doubleRuns()).toEqual([]);
    // Cleaned and told that it may run machines again.
    centre.world.heal("h1");
    await untilHost(centre, "h1", "up", 30_000);
    await centre.checkInvariants();
    }));

  it("comes back as if nothing had been", () =>
    withCentre(async (centre) => {
    const ids = await fill(centre, 3);
    const there = on(centre, "h2", ids);
    centre.world.partition("h2");
    await untilHost(centre, "h2", "isolated", 20_000);
    centre.world.heal("h2");
    await untilHost(centre, "h2", "up", 20_000);
    expect(on(centre, "h2", ids)).toEqual(there);
    const [incident] = (await listIncidents(centre.provider, { clusterId: centre.clusterId, limit: 5 })).items;
    expect((await getIncident(centre.provider, incident!.id)).entries.at(-1)).toMatchObject({ kind: "end", text: "h2 answers again." });
    expect(await centre.rows("select 1 from fencing")).toEqual([]);
    }));
});

describe.concurrent("a host that died together with its management controller", () => {
  it("ends its own machines where it lost its storage too, before they start elsewhere", () =>
    withCentre(async (centre) => {
    const ids = await fill(centre, 4);
    const there = on(centre, "h1", ids);
    centre.world.bmc("h1", { reachable: false });
    centre.world.partition("h1", { storage: false });
    await elsewhere(centre, there, "h1", 60_000);
    expect(await centre.rows("select method from fencing")).toEqual([{ method: "lease" }]);
    expect(centre.world.doubleRuns()).toEqual([]);
    await centre.checkInvariants();
    await until("the story is over", 20_000, async () => (await listIncidents(centre.provider, { clusterId: centre.clusterId, limit: 5 })).items.some((one) => one.kind === "host-lost" && one.closedAt !== null));
    const [incident] = (await listIncidents(centre.provider, { clusterId: centre.clusterId, limit: 5 })).items;
    expect(incident!.figures).toMatchObject({ method: "lease", instances: there.length, back: there.length });
    const told = await getIncident(centre.provider, incident!.id);
    const text = [told.title, ...told.entries.map((entry) => entry.text)].join("\n");
    expect(text).toMatch(/h1 was lost[\s\S]*fell silent[\s\S]*run-lease showed[\s\S]*runs on h[23][\s\S]*machines of h1 run again/);
    }));
});
