import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startInstance, stopInstance, suspendInstance } from "@/server/compute";
import { hasRoom } from "@/server/reconcilers/converge/go-on";
import { openCentre, until, type Centre } from "./centre";

const kinds = async (centre: Centre, id: string) => (await centre.rows<{ kind: string }>(`select kind from instance_event where instance_id = '${id}' order by at, id`)).map((row) => row.kind);
const epochOf = (centre: Centre, id: string) => centre.rows(`select epoch, host_id from allocation where instance_id = '${id}'`);

describe("a storage that is full", () => {
  let centre: Centre;
  beforeAll(async () => {
    centre = await openCentre({ hosts: ["h1", "h2"] });
  }, 200_000);
  afterAll(() => centre.close());

  it("holds who writes; who is wanted running goes on when there is room, and nobody else", async () => {
    const [waits, stops, rests] = await Promise.all(["waits", "stops", "rests"].map((name) => centre.order(name)));
    const all = [waits!, stops!, rests!];
    for (const id of all) await centre.untilStatus(id, "running");
    const place = await epochOf(centre, waits!);
    centre.world.fillPool("shared", 0);
    for (const id of all) await centre.untilStatus(id, "paused");
    await suspendInstance(centre.tenant, { instanceId: rests! });
    await stopInstance(centre.tenant, { instanceId: stops!, force: false });
    // It hears no request, so its power is cut at once.
    await centre.untilStatus(stops!, "stopped");
    // The storage is looked at again and again, and nothing goes on while it is full.
    const looks = async () => (await centre.rows<{ at: Date }>("select observed_at as at from storage_pool"))[0]!.at;
    const before = await looks();
    await until("the storage is looked at", 20_000, async () => (await looks()) > before);
    expect(await centre.status(waits!)).toBe("paused");

    centre.world.fillPool("shared", null);
    await centre.untilStatus(waits!, "running");
    expect(centre.runsOn(waits!)).toHaveLength(1);
    expect(await epochOf(centre, waits!)).toEqual(place);
    const [told] = await centre.rows<{ ms: number }>(`select (detail->>'stoodMs')::int as ms from instance_event where instance_id = '${waits}' and kind = 'storage-has-room'`);
    expect(told!.ms).toBeGreaterThan(0);
    // Its process was there all the time: one life, one stretch of use.
    expect(await centre.rows(`select 1 from usage_window where resource_id = '${waits}' and meter = 'instance'`)).toHaveLength(1);
    for (const id of [stops!, rests!]) expect(await kinds(centre, id)).not.toContain("storage-has-room");
    expect(centre.world.status().hosts.flatMap((host) => host.domains).find((domain) => domain.instanceId === rests)?.process).toBe("paused");
    // Whoever was to be put aside and is wanted again goes on as well.
    await startInstance(centre.tenant, { instanceId: rests! });
    await centre.untilStatus(rests!, "running");
    expect(await kinds(centre, rests!)).toContain("storage-has-room");
    await centre.checkInvariants();
  }, 600_000);
});

describe("room", () => {
  const pausedAt = new Date(10_000);
  const disk = { id: "vol_1", kind: "root", state: "present", poolId: "pool_1" };
  const desired = { volumes: [disk], observation: { observedAt: pausedAt } } as unknown as Parameters<typeof hasRoom>[0];
  const pool = (availableMiB: number, observedAtMs: number) => new Map([["pool_1", { capacityMiB: 1_000, availableMiB, observedAt: new Date(observedAtMs) }]]);

  it("is what was seen above the floor after the pause, in every pool of its disks", () => {
    expect(hasRoom(desired, 0.1, pool(101, 10_001))).toBe(true);
    expect(hasRoom(desired, 0.1, pool(100, 10_001))).toBe(false);
    expect(hasRoom(desired, 0.1, pool(900, 10_000))).toBe(false);
    expect(hasRoom(desired, 0.1, new Map())).toBe(false);
  });
});
