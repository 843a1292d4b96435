import { afterEach, describe, expect, it } from "vitest";
import { deleteInstance, readTimeline, setRestart } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import type { HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
import { cordonHost, listDecisions, uncordonHost } from "@/server/fleet";
import { createCentre, openCentre, until, untilHost, type Centre } from "./centre";

let centre: Centre;
afterEach(() => centre.close());

const after = (instanceId: string, startAfter: string[], priority: "high" | "normal" | "low" = "normal") => setRestart(centre.tenant, { instanceId, priority, startAfter });
const receipt = async (instanceId: string) => (await listDecisions(centre.provider, { kind: "failover", instanceId, limit: 1 })).items[0] ?? null;
const codes = (value: unknown): unknown => (value as { words?: { code: string }[] } | undefined)?.words?.map((word) => word.code);
/** Since when a machine executes on a host, by ground truth. */
const since = (instanceId: string, host: string) => centre.world.runs().find((run) => run.instanceId === instanceId && run.host === host)?.startMs ?? null;

async function machines(names: readonly string[], flavor: "small" | "large" | "big" = "small"): Promise<string[]> {
  const ids: string[] = [];
  for (const name of names) ids.push(await centre.order(name, flavor));
  for (const id of ids) await centre.untilStatus(id, "running");
  return ids;
}

/** Hosts whose starts are heard of before they are carried out; what throws there makes them fail. */
const heard = (hear: (instanceId: string) => void) => (driver: HypervisorDriver): HypervisorDriver => ({
  kind: driver.kind,
  connect: (endpoint) =>
    new Proxy(driver.connect(endpoint), {
      get(target, property, receiver) {
        const value: unknown = Reflect.get(target, property, receiver);
        if (property !== "startDomain") return value;
        return async (spec: Parameters<HypervisorHost["startDomain"]>[0]) => {
          hear(spec.instanceId);
          return target.startDomain(spec);
        };
      },
    }),
});

/** The first starts of one machine fail. */
const stubborn = (which: { instanceId: string; left: number }) =>
  heard((instanceId) => {
    if (instanceId !== which.instanceId || which.left === 0) return;
    which.left -= 1;
    throw new DriverError("insufficient", "no memory just now", { operation: "startDomain", host: "h2" });
  });

describe("machines that follow others, after the loss of their host", () => {
  it("start when those run, and not before, although a worker dies while they wait", async () => {
    const which = { instanceId: "", left: 0 };
    centre = await createCentre({ hosts: ["h1", "h2"], leaseTtlMs: 500 });
    const first = await centre.startWorker({ wrap: stubborn(which) });
    for (const name of ["h1", "h2"]) await untilHost(centre, name, "up");
    const ids = await machines(["vm-1", "vm-2", "vm-3", "vm-4"]);
    const [db, web] = ids.filter((id) => centre.runsOn(id).includes("h1"));
    await after(web!, [db!]);
    Object.assign(which, { instanceId: db!, left: 1_000 });
    centre.world.crash("h1");
    await until("its place is decided", 15_000, async () => (await receipt(web!)) !== null);
    expect((await receipt(web!))!.chosen).toMatchObject({ startAfter: [expect.stringMatching(/^vm-/)] });
    expect((await receipt(web!))!.reason).toMatch(/It starts after vm-\d, and without that 120 s after this at the latest\.$/);
    await until("the other was tried in vain", 15_000, () => which.left < 999);
    expect(centre.runsOn(web!)).toEqual([]);
    await first.stop();
    await centre.startWorker();
    for (const id of [db!, web!]) await centre.untilStatus(id, "running");
    expect(since(web!, "h2")!).toBeGreaterThanOrEqual(since(db!, "h2")!);
    expect(codes((await receipt(web!))!.measured!["startOrder"])).toEqual(["restart-after"]);
    await centre.checkInvariants();
  });

  it("start without one that finds no place, when they have waited for as long as they may, and their receipts say so", async () => {
    centre = await openCentre({ hosts: ["h1", "h2"] });
    const bigs = await machines(["big-1", "big-2"], "big");
    const smalls = await machines(["vm-1", "vm-2", "vm-3", "vm-4"]);
    const db = bigs.find((id) => centre.runsOn(id).includes("h1"))!;
    const [web, cache] = smalls.filter((id) => centre.runsOn(id).includes("h1"));
    await after(web!, [db], "high");
    await after(cache!, [web!]);
    centre.world.crash("h1");
    await centre.untilStatus(db, "waiting-for-capacity");
    await until("their places are decided", 15_000, async () => (await receipt(web!)) !== null && (await receipt(cache!)) !== null);
    expect([centre.runsOn(web!), centre.runsOn(cache!)]).toEqual([[], []]);
    const clock = (id: string) => centre.rows(`update allocation set decided_at = decided_at - interval '121 seconds' where instance_id = '${id}'`);
    await clock(web!);
    for (const id of [web!, cache!]) await centre.untilStatus(id, "running");
    expect(since(cache!, "h2")!).toBeGreaterThanOrEqual(since(web!, "h2")!);
    const { startOrder } = (await receipt(web!))!.measured!;
    expect([codes(startOrder), (startOrder as { waitedMs: number }).waitedMs]).toEqual([["restart-without"], expect.any(Number)]);
    expect((startOrder as { text: string }).text).toMatch(/^big-\d did not run within 120 s, so it was started without\.$/);
    expect(codes((await receipt(cache!))!.measured!["startOrder"])).toEqual(["restart-after"]);
    const { items } = await readTimeline(centre.tenant, { instanceId: web!, limit: 50 });
    expect(items.filter((one) => one.kind === "started").map((one) => codes(one.detail))).toContainEqual(["restart-without"]);
    // The one that had no place comes back with the host.
    await centre.world.port.call("powerOn", "h1", {});
    await centre.untilStatus(db, "running");
    await centre.checkInvariants();
  });
});

describe("machines of a lost host that all start on one other", () => {
  it("are begun by their priority, where a host starts only a few at once", async () => {
    const order: string[] = [];
    centre = await createCentre({ hosts: ["h1", "h2"] });
    await centre.startWorker({ wrap: heard((instanceId) => order.push(instanceId)) });
    for (const name of ["h1", "h2"]) await untilHost(centre, name, "up");
    const [other] = await centre.rows<{ id: string }>("select id from host where name = 'h2'");
    await cordonHost(centre.provider, other!.id);
    const ids = await machines(Array.from({ length: 7 }, (_, index) => `vm-${index + 1}`));
    await after(ids[0]!, [], "low");
    await after(ids[6]!, [], "high");
    await uncordonHost(centre.provider, other!.id);
    order.length = 0;
    centre.world.crash("h1");
    await until("all were asked for elsewhere", 30_000, () => new Set(order).size === ids.length);
    const begun = [...new Set(order)];
    expect(begun.indexOf(ids[6]!)).toBeLessThan(4);
    expect(begun.indexOf(ids[0]!)).toBeGreaterThanOrEqual(4);
    for (const id of ids) await centre.untilStatus(id, "running");
    await centre.checkInvariants();
  });
});

describe("machines of a lost host that find no room", () => {
  it("are given the room that appears later by their priority, and not by their age", async () => {
    // Two large machines fill a host.
    centre = await openCentre({ hosts: ["h1", "h2"], memoryMiB: 5_120 });
    const ids = await machines(["vm-1", "vm-2", "vm-3", "vm-4"], "large");
    const [elder, younger] = ids.filter((id) => centre.runsOn(id).includes("h1"));
    const [staying] = ids.filter((id) => centre.runsOn(id).includes("h2"));
    await after(younger!, [], "high");
    centre.world.crash("h1");
    for (const id of [elder!, younger!]) await centre.untilStatus(id, "waiting-for-capacity");
    await deleteInstance(centre.tenant, { instanceId: staying! });
    await centre.untilStatus(younger!, "running");
    expect([centre.runsOn(younger!), centre.runsOn(elder!)]).toEqual([["h2"], []]);
    await centre.world.port.call("powerOn", "h1", {});
    await centre.untilStatus(elder!, "running");
    await centre.checkInvariants();
  });
});
