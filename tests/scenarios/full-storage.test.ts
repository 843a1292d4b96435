import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stopInstance, suspendInstance } from "@/server/compute";
import { getIncident, listIncidents } from "@/server/fleet";
import { decideStep, type View } from "@/server/reconcilers/converge/decide-step";
import { roomOf } from "@/server/reconcilers/converge/go-on";
import { openCentre, until, type Centre } from "./centre";

const kinds = async (centre: Centre, id: string) => (await centre.rows<{ kind: string }>(`select kind from instance_event where instance_id = '${id}' order by at, id`)).map((row) => row.kind);
const epochOf = (centre: Centre, id: string) => centre.rows(`select epoch, host_id from allocation where instance_id = '${id}'`);

describe("a storage that is full", () => {
  let centre: Centre;
  beforeAll(async () => {
    centre = await openCentre({ hosts: ["h1", "h2"] });
  }, 200_000);
  afterAll(() => centre.close());

  it("holds who writes; who is wanted running goes on when there is room, and who should be put aside is not kept waiting for it", async () => {
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
    // Nobody knows for how long it stays full: the order to put it aside ends with an answer, to its owner and to who runs the storage.
    await until("it is told that it can not be put aside", 20_000, async () => (await kinds(centre, rests!)).includes("suspend-failed"));
    expect(await centre.rows(`select detail from instance_event where instance_id = '${rests}' and kind = 'suspend-failed'`)).toEqual([{ detail: { reason: "held" } }]);
    expect(await centre.status(rests!)).toBe("paused");
    const [alarm] = (await listIncidents(centre.provider, { clusterId: centre.clusterId, limit: 10 })).items.filter((one) => one.kind === "storage-full");
    expect((await getIncident(centre.provider, alarm!.id)).entries).toMatchObject([{ words: [{ code: "note-held", params: { pool: "shared", instance: "rests" } }] }]);

    centre.world.fillPool("shared", null);
    await centre.untilStatus(waits!, "running");
    expect(centre.runsOn(waits!)).toHaveLength(1);
    expect(await epochOf(centre, waits!)).toEqual(place);
    const [told] = await centre.rows<{ ms: number }>(`select (detail->>'stoodMs')::int as ms from instance_event where instance_id = '${waits}' and kind = 'storage-has-room'`);
    expect(told!.ms).toBeGreaterThan(0);
    // Its process was there all the time: one life, one stretch of use.
    expect(await centre.rows(`select 1 from usage_window where resource_id = '${waits}' and meter = 'instance'`)).toHaveLength(1);
    expect(await kinds(centre, stops!)).not.toContain("storage-has-room");
    // Whoever was to be put aside goes on as well.
    await centre.untilStatus(rests!, "running");
    expect(await kinds(centre, rests!)).toContain("storage-has-room");
    await centre.checkInvariants();
  }, 600_000);
});

describe("room", () => {
  const pausedAt = new Date(10_000);
  const disk = { id: "vol_1", kind: "root", state: "present", poolId: "pool_1" };
  const desired = { volumes: [disk], observation: { observedAt: pausedAt } } as unknown as Parameters<typeof roomOf>[0];
  const pool = (availableMiB: number, observedAtMs: number) => new Map([["pool_1", { capacityMiB: 1_000, availableMiB, observedAt: new Date(observedAtMs) }]]);

  it("is what was seen above the floor after the pause, in every pool of its disks", () => {
    expect(roomOf(desired, 0.1, pool(101, 10_001))).toBe("free");
    expect(roomOf(desired, 0.1, pool(100, 10_001))).toBe("full");
    expect(roomOf(desired, 0.1, pool(900, 10_000))).toBeNull();
    expect(roomOf(desired, 0.1, new Map())).toBeNull();
  });
});

describe("one that is to be put aside while a full storage holds it", () => {
  const pausedAt = new Date(10_000);
  const observation = { hostId: "hst_1", epoch: 1, state: "paused", reason: "io-error", observedAt: pausedAt };
  const view = (hold: View["hold"]) => ({ desired: { desiredPower: "suspended", deletedAt: null, volumes: [], observation }, allocation: { hostId: "hst_1", epoch: 1, decidedAt: new Date(0) }, host: { state: "up" }, moving: false, hold }) as unknown as View;
  const step = (hold: View["hold"]) => decideStep(view(hold), { askedAtMs: null }, 20_000);

  it("goes on first where there is room, is given up where there is none, and waits only until somebody has looked", () => {
    expect(step({ hasRoom: true, isFull: false, tries: 0 })).toEqual({ kind: "go-on" });
    expect(step({ hasRoom: true, isFull: false, tries: 1 })).toEqual({ kind: "wait", untilMs: 25_000 });
    expect(step({ hasRoom: false, isFull: true, tries: 0 })).toEqual({ kind: "abandon-suspend", why: "held" });
    expect(step({ hasRoom: false, isFull: false, tries: 0 })).toEqual({ kind: "none" });
  });
});

describe("one that is to be put aside while its host holds it for another reason", () => {
  const seen = (state: string, reason: string) => ({ desired: { desiredPower: "suspended", deletedAt: null, volumes: [], observation: { hostId: "hst_1", epoch: 1, state, reason, observedAt: new Date(10_000) } }, allocation: { hostId: "hst_1", epoch: 1, decidedAt: new Date(0) }, host: { state: "up" }, moving: false, hold: null }) as unknown as View;
  const step = (state: string, reason: string, nowMs: number) => decideStep(seen(state, reason), { askedAtMs: null }, nowMs);

  it.each([["paused", "unknown"], ["paused", "failed"], ["suspended", "unknown"], ["shutting-down", "guest-shutdown"]])("%s (%s) has a minute to go on or to end", (state, reason) => {
    expect(step(state, reason, 69_999)).toEqual({ kind: "wait", untilMs: 70_000 });
    expect(step(state, reason, 70_000)).toEqual({ kind: "abandon-suspend", why: "stands-still" });
  });

  it("has longer where its memory may still be under way, and no time where its watchdog bit", () => {
    expect(step("paused", "saved", 700_000)).toEqual({ kind: "wait", untilMs: 910_000 });
    expect(step("paused", "saved", 910_000)).toEqual({ kind: "abandon-suspend", why: "stands-still" });
    expect(step("paused", "watchdog", 10_001)).toEqual({ kind: "abandon-suspend", why: "stands-still" });
  });
});
