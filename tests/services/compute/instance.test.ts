import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  beginPurge, createInstance, decideGuestShutdown, deleteInstance, getInstance, getInstanceForConverge, listInstances, markPurged, markVolumes, noteApplied, notePendingBoot, notePlaced,
  noteWaiting, purgeInstance, readTimeline, rebootInstance, rebuildInstance, recordObservation, renameInstance, resizeInstance, restoreInstance, startInstance, stopInstance,
} from "@/server/compute";
import { VirtualClock } from "@/server/platform/clock";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "@/tests/support/database";
import { makeOffer, makeTenant, problemOf, quotaDrift, quotaNumbers, type Offer } from "./fixture";

let database: TestDatabase;
let offer: Offer;

beforeAll(async () => {
  database = await createTestDatabase();
  offer = await makeOffer(database);
});
afterAll(() => database.close());
afterEach(async () => expect(await quotaDrift(database)).toEqual([]));

const worker = () => testContext(database.worker);
const loop = <T>(work: (tx: Transaction) => Promise<T>) => inTransaction(worker(), work);
const order = (name: string, more: Partial<Parameters<typeof createInstance>[1]> = {}) => ({ name, flavorId: offer.small, imageId: offer.imageId, ...more });

/** What place-instances and converge-instances do to a fresh order. */
async function run(instanceId: string): Promise<void> {
  await loop(async (tx) => {
    const context = worker();
    await notePlaced(tx, context, { instanceId });
    const desired = await getInstanceForConverge(tx, context, instanceId);
    if (!desired) throw new Error("gone");
    await markVolumes(tx, context, desired.volumes.filter((volume) => volume.state === "wanted").map((volume) => ({ volumeId: volume.id, state: "present", observedSizeMiB: volume.sizeGiB * 1024 })));
    await recordObservation(tx, context, [{
      instanceId, hostId: "hst_1", state: "running", reason: "started", epoch: 1, vcpus: desired.vcpus, memoryMiB: desired.memoryMiB, observedAt: context.clock.now(), runningSince: context.clock.now(),
      bootGeneration: desired.bootGeneration, rebuildGeneration: desired.rebuildGeneration,
    }]);
    await noteApplied(tx, context, { instanceId, generation: desired.generation, vcpus: desired.vcpus, memoryMiB: desired.memoryMiB, diskGiB: desired.diskGiB });
  });
}

/** What they do to one that is to stop. */
async function halt(instanceId: string): Promise<void> {
  await loop(async (tx) => {
    const context = worker();
    const desired = await getInstanceForConverge(tx, context, instanceId);
    if (!desired) throw new Error("gone");
    await recordObservation(tx, context, [{ instanceId, hostId: "hst_1", state: "stopped", reason: "destroyed", epoch: 1, vcpus: null, memoryMiB: null, observedAt: context.clock.now() }]);
    await noteApplied(tx, context, { instanceId, generation: desired.generation, vcpus: desired.vcpus, memoryMiB: desired.memoryMiB, diskGiB: desired.diskGiB });
  });
}

/** On a busy machine the last of two hundred may wait longer for a connection than the pool lets them; such an order did nothing yet. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("timeout exceeded when trying to connect"))) throw error;
    }
  }
}

const kinds = async (tenant: Parameters<typeof readTimeline>[0], instanceId: string) => (await readTimeline(tenant, { instanceId })).items.map((entry) => entry.kind).reverse();

describe("an order", () => {
  it("writes desired state, disks, an address, a hold, an event and an audit entry", async () => {
    const tenant = await makeTenant(database);
    const made = await createInstance(tenant, order("web-1", { userData: "#cloud-config\n" }));
    expect(made).toMatchObject({ name: "web-1", status: "provisioning", flavorName: "small", imageName: "Tiny", vcpus: 1, memoryMiB: 512, diskGiB: 4, runningSince: null });
    expect(made.privateIp).toMatch(/^10\.20\.\d+\.\d+$/);
    expect(await quotaNumbers(tenant)).toEqual({ instances: [0, 1], vcpus: [0, 1], memoryMiB: [0, 512], storageGiB: [0, 4] });

    const detail = await getInstance(tenant, { instanceId: made.id });
    expect(detail).toMatchObject({ desiredPower: "running", generation: 1, console: false, userData: "#cloud-config\n", waiting: null });
    expect(detail.volumes.map(({ kind, sizeGiB, state }) => [kind, sizeGiB, state])).toEqual([["root", 4, "wanted"], ["seed", 0, "wanted"]]);
    expect(detail.addresses).toEqual([expect.objectContaining({ ip: made.privateIp, kind: "private", mac: expect.stringMatching(/^52:54:00(:[0-9a-f]{2}){3}$/) })]);
    expect(await kinds(tenant, made.id)).toEqual(["ordered"]);
    const audit = await database.worker.execute(sql`select action, target_id from audit_entry where organization_id = ${tenant.organizationId}`);
    expect(audit.rows).toEqual([{ action: "instance.ordered", target_id: made.id }]);

    await run(made.id);
    expect(await quotaNumbers(tenant)).toEqual({ instances: [1, 0], vcpus: [1, 0], memoryMiB: [512, 0], storageGiB: [4, 0] });
    expect(await getInstance(tenant, { instanceId: made.id })).toMatchObject({ status: "running", console: true, runningSince: expect.any(Date) });
  });

  it("is refused with a reason that can be acted on, and leaves nothing", async () => {
    const tenant = await makeTenant(database, { vcpus: 2 });
    const code = async (more: Partial<Parameters<typeof createInstance>[1]>) => (await problemOf(createInstance(tenant, order("x", more)))).code;
    expect(await code({ flavorId: "flv_none" })).toBe("not-found");
    expect(await code({ flavorId: "flv_old" })).toBe("conflict");
    expect(await code({ imageId: "img_none" })).toBe("not-found");
    expect(await code({ imageId: "img_bad" })).toBe("conflict");
    expect(await code({ imageId: offer.bigImageId })).toBe("bad-input");
    expect(await code({ sshKeyIds: ["key_none"] })).toBe("not-found");
    expect(await code({ clusterId: "cls_none" })).toBe("not-found");
    const full = await problemOf(createInstance(tenant, order("x", { flavorId: offer.large })));
    expect(full).toMatchObject({ code: "quota-exceeded", detail: { resources: [{ resource: "vcpus", limit: 2, used: 0, asked: 4 }] } });
    for (const name of ["", "Web", "-a", "a-", "a_b", "a.b", "x".repeat(64), "日本"]) await expect(createInstance(tenant, order(name))).rejects.toMatchObject({ name: "ZodError" });
    await expect(createInstance(tenant, order("x", { userData: "é".repeat(8193) }))).rejects.toMatchObject({ name: "ZodError" });
    const left = await database.worker.execute(sql`select (select count(*) from instance where organization_id = ${tenant.organizationId})::int as i, (select count(*) from address where organization_id = ${tenant.organizationId})::int as a,
      (select count(*) from quota_hold where organization_id = ${tenant.organizationId})::int as h, (select count(*) from audit_entry where organization_id = ${tenant.organizationId})::int as e`);
    expect(left.rows).toEqual([{ i: 0, a: 0, h: 0, e: 0 }]);
  });

  it("does not take a name twice, in order or at once, unless the first is in the trash", async () => {
    const tenant = await makeTenant(database);
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => createInstance(tenant, order("twin"))));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    for (const result of results) if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "conflict", detail: { field: "name", name: "twin" } });
    const [first] = (await listInstances(tenant, {})).items;
    await deleteInstance(tenant, { instanceId: first!.id });
    await createInstance(tenant, order("twin"));
    expect(await problemOf(restoreInstance(tenant, { instanceId: first!.id }))).toMatchObject({ code: "conflict", detail: { field: "name" } });
    expect(await restoreInstance(tenant, { instanceId: first!.id, name: "twin-2" })).toMatchObject({ name: "twin-2", status: "stopped" });
  });

  it("answers the same instance for the same idempotency key, also at once, and refuses another input", async () => {
    const tenant = await makeTenant(database);
    const made = await Promise.all(Array.from({ length: 8 }, () => createInstance(tenant, order("once", { idempotencyKey: "k1" }))));
    expect(new Set(made.map((one) => one.id)).size).toBe(1);
    expect((await quotaNumbers(tenant)).instances).toEqual([0, 1]);
    expect((await problemOf(createInstance(tenant, order("other", { idempotencyKey: "k1" })))).code).toBe("conflict");
  });

  it("admits exactly 100 of 200 parallel orders on a limit of 100, each with an address of its own", async () => {
    const tenant = await makeTenant(database, { instances: 100 });
    const results = await Promise.allSettled(Array.from({ length: 200 }, (_, n) => patiently(() => createInstance(tenant, order(`p-${n}`)))));
    const made = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(made).toHaveLength(100);
    for (const result of results) if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "quota-exceeded" });
    expect(new Set(made.map((one) => one.privateIp)).size).toBe(100);
    expect((await quotaNumbers(tenant)).instances).toEqual([0, 100]);
    expect((await listInstances(tenant, { limit: 1 })).total).toBe(100);
  });

  it("is refused to an organization that is restricted or suspended; a suspended one cannot start either", async () => {
    const tenant = await makeTenant(database);
    const { id } = await createInstance(tenant, order("s"));
    await stopInstance(tenant, { instanceId: id });
    await database.worker.execute(sql`update organization set standing = 'restricted' where id = ${tenant.organizationId}`);
    expect((await problemOf(createInstance(tenant, order("t")))).code).toBe("standing");
    await startInstance(tenant, { instanceId: id });
    await stopInstance(tenant, { instanceId: id });
    await database.worker.execute(sql`update organization set standing = 'suspended' where id = ${tenant.organizationId}`);
    expect((await problemOf(startInstance(tenant, { instanceId: id }))).code).toBe("standing");
  });
});

describe("power", () => {
  it("starts, stops and reboots by generations, and repeats change nothing", async () => {
    const tenant = await makeTenant(database);
    const { id } = await createInstance(tenant, order("p"));
    await run(id);
    const generation = async () => (await getInstance(tenant, { instanceId: id })).generation;
    const before = await generation();
    await startInstance(tenant, { instanceId: id });
    expect(await generation()).toBe(before);

    expect((await rebootInstance(tenant, { instanceId: id, mode: "reset" })).status).toBe("rebooting");
    expect(await generation()).toBe(before + 1);
    expect((await stopInstance(tenant, { instanceId: id, graceSeconds: 60 })).status).toBe("stopping");
    await stopInstance(tenant, { instanceId: id });
    expect((await loop((tx) => getInstanceForConverge(tx, worker(), id)))?.stopGraceSeconds).toBe(30);
    await stopInstance(tenant, { instanceId: id, force: true });
    const forced = await generation();
    await stopInstance(tenant, { instanceId: id, force: true });
    expect(await generation()).toBe(forced);
    expect((await problemOf(rebootInstance(tenant, { instanceId: id, mode: "guest" }))).code).toBe("conflict");
    await halt(id);
    expect((await getInstance(tenant, { instanceId: id })).status).toBe("stopped");
    expect(await quotaNumbers(tenant)).toMatchObject({ instances: [1, 0], vcpus: [1, 0] });
    expect((await startInstance(tenant, { instanceId: id })).status).toBe("starting");
  });

  it("takes a guest that switched itself off for its owner's wish, unless something was asked for since", async () => {
    const tenant = await makeTenant(database);
    const { id } = await createInstance(tenant, order("g"));
    await run(id);
    const { generation } = await getInstance(tenant, { instanceId: id });
    await rebootInstance(tenant, { instanceId: id, mode: "guest" });
    expect(await loop((tx) => decideGuestShutdown(tx, worker(), { instanceId: id, generation }))).toBe(false);
    expect(await loop((tx) => decideGuestShutdown(tx, worker(), { instanceId: id, generation: generation + 1 }))).toBe(true);
    expect(await getInstance(tenant, { instanceId: id })).toMatchObject({ desiredPower: "stopped", powerDecidedBy: "guest" });
    expect(await kinds(tenant, id)).toContain("guest-shut-down");
  });
});

describe("resize", () => {
  it("holds what grows and commits it when applied; gives back what shrinks when applied", async () => {
    const tenant = await makeTenant(database, { vcpus: 5 });
    const { id } = await createInstance(tenant, order("r"));
    await run(id);
    const up = await resizeInstance(tenant, { instanceId: id, flavorId: offer.large });
    expect(up).toMatchObject({ status: "resizing", effect: "live", vcpus: 4, diskGiB: 20 });
    expect(await quotaNumbers(tenant)).toEqual({ instances: [1, 0], vcpus: [1, 3], memoryMiB: [512, 3584], storageGiB: [4, 16] });
    await run(id);
    expect((await getInstance(tenant, { instanceId: id })).status).toBe("running");
    expect(await quotaNumbers(tenant)).toEqual({ instances: [1, 0], vcpus: [4, 0], memoryMiB: [4096, 0], storageGiB: [20, 0] });

    await resizeInstance(tenant, { instanceId: id, flavorId: offer.small });
    expect((await quotaNumbers(tenant)).vcpus).toEqual([4, 0]);
    await run(id);
    expect(await quotaNumbers(tenant)).toEqual({ instances: [1, 0], vcpus: [1, 0], memoryMiB: [512, 0], storageGiB: [20, 0] });
    expect((await getInstance(tenant, { instanceId: id })).diskGiB).toBe(20);
  });

  it("replaces a resize that was not applied yet, and settles for the newest generation only", async () => {
    const tenant = await makeTenant(database);
    const { id } = await createInstance(tenant, order("r2"));
    await run(id);
    await resizeInstance(tenant, { instanceId: id, flavorId: offer.large });
    const stale = await loop((tx) => getInstanceForConverge(tx, worker(), id));
    await resizeInstance(tenant, { instanceId: id, flavorId: offer.dedicated });
    expect(await quotaNumbers(tenant)).toMatchObject({ vcpus: [1, 1], memoryMiB: [512, 512], storageGiB: [4, 16] });
    await loop((tx) => noteApplied(tx, worker(), { instanceId: id, generation: stale!.generation, vcpus: 4, memoryMiB: 4096, diskGiB: 20 }));
    expect(await quotaNumbers(tenant)).toMatchObject({ vcpus: [1, 1] });
    await run(id);
    expect(await quotaNumbers(tenant)).toMatchObject({ vcpus: [2, 0], memoryMiB: [1024, 0], storageGiB: [20, 0] });
  });

  it("changes the hold of an order that has no place yet", async () => {
    const tenant = await makeTenant(database);
    const { id } = await createInstance(tenant, order("r3", { flavorId: offer.large }));
    await resizeInstance(tenant, { instanceId: id, flavorId: offer.small });
    expect(await quotaNumbers(tenant)).toMatchObject({ instances: [0, 1], vcpus: [0, 1] });
    await run(id);
    expect(await quotaNumbers(tenant)).toMatchObject({ instances: [1, 0], vcpus: [1, 0] });
  });

  it("refuses a smaller disk, a size over the quota, and an image that would not fit", async () => {
    const tenant = await makeTenant(database, { vcpus: 4 });
    const { id } = await createInstance(tenant, order("r4", { imageId: offer.bigImageId, flavorId: offer.large }));
    await run(id);
    expect(await problemOf(resizeInstance(tenant, { instanceId: id, diskGiB: 5 }))).toMatchObject({ code: "bad-input", detail: { field: "diskGiB" } });
    expect(await problemOf(resizeInstance(tenant, { instanceId: id, flavorId: offer.small }))).toMatchObject({ code: "bad-input" });
    expect(await problemOf(resizeInstance(tenant, { instanceId: id, flavorId: "flv_old" }))).toMatchObject({ code: "conflict" });
    expect(await resizeInstance(tenant, { instanceId: id, diskGiB: 30 })).toMatchObject({ diskGiB: 30, effect: "live" });
    expect((await loop((tx) => getInstanceForConverge(tx, worker(), id)))?.volumes[0]).toMatchObject({ kind: "root", sizeGiB: 30 });
  });

  it("says that a change waits for the next boot, and holds the quota until then", async () => {
    const tenant = await makeTenant(database);
    const { id } = await createInstance(tenant, order("r5"));
    await run(id);
    expect((await resizeInstance(tenant, { instanceId: id, flavorId: offer.dedicated })).effect).toBe("at-next-boot");
    const { generation } = await getInstance(tenant, { instanceId: id });
    const note = () => loop((tx) => notePendingBoot(tx, worker(), { instanceId: id, generation, reason: "The guest does not take more processors while it runs." }));
    expect(await note()).toBe(true);
    expect(await note()).toBe(false);
    expect(await getInstance(tenant, { instanceId: id })).toMatchObject({ status: "running", pendingBootReason: "The guest does not take more processors while it runs." });
    expect((await quotaNumbers(tenant)).vcpus).toEqual([1, 1]);
    await run(id);
    expect(await getInstance(tenant, { instanceId: id })).toMatchObject({ status: "running", pendingBootReason: null });
    expect((await quotaNumbers(tenant)).vcpus).toEqual([2, 0]);
  });
});

describe("rebuild", () => {
  it("wants a new root disk and seed, retires the old ones, and is done when the new domain runs", async () => {
    const tenant = await makeTenant(database);
    const { id } = await createInstance(tenant, order("b"));
    await run(id);
    expect((await rebuildInstance(tenant, { instanceId: id, imageId: offer.imageId })).status).toBe("rebuilding");
    const desired = await loop((tx) => getInstanceForConverge(tx, worker(), id));
    expect(desired?.volumes.map(({ kind, rebuildGeneration, state }) => [kind, rebuildGeneration, state])).toEqual([["root", 1, "unwanted"], ["root", 2, "wanted"], ["seed", 1, "unwanted"], ["seed", 2, "wanted"]]);
    await loop((tx) => markVolumes(tx, worker(), desired!.volumes.filter((volume) => volume.state === "unwanted").map((volume) => ({ volumeId: volume.id, state: "removed" }))));
    await run(id);
    expect((await getInstance(tenant, { instanceId: id })).status).toBe("running");
    expect((await loop((tx) => getInstanceForConverge(tx, worker(), id)))?.volumes.map(({ name, state }) => [name, state])).toEqual([[`${id}-root-2.qcow2`, "present"], [`${id}-seed-2.img`, "present"]]);
    expect((await problemOf(rebuildInstance(tenant, { instanceId: id, imageId: offer.bigImageId }))).code).toBe("bad-input");
  });
});

describe("the trash", () => {
  it("keeps disk and address, gives back the rest when stopped, everything when purged", async () => {
    const clock = new VirtualClock(Date.now());
    const tenant = { ...(await makeTenant(database)), clock };
    const { id, privateIp } = await createInstance(tenant, order("d"));
    await run(id);
    expect((await deleteInstance(tenant, { instanceId: id })).status).toBe("deleting");
    expect(await quotaNumbers(tenant)).toEqual({ instances: [1, 0], vcpus: [1, 0], memoryMiB: [512, 0], storageGiB: [4, 0] });
    expect((await listInstances(tenant, {})).total).toBe(0);
    await halt(id);
    expect(await quotaNumbers(tenant)).toEqual({ instances: [0, 0], vcpus: [0, 0], memoryMiB: [0, 0], storageGiB: [4, 0] });
    expect((await listInstances(tenant, { status: "deleted" })).items).toEqual([expect.objectContaining({ id, status: "deleted", privateIp })]);
    expect((await problemOf(startInstance(tenant, { instanceId: id }))).code).toBe("conflict");

    const later = { ...worker(), clock };
    expect(await loop((tx) => beginPurge(tx, later, id))).toBe(false);
    await clock.advance(24 * 3600 * 1000);
    expect(await loop((tx) => beginPurge(tx, later, id))).toBe(true);
    expect((await problemOf(restoreInstance(tenant, { instanceId: id }))).code).toBe("conflict");
    expect(await loop((tx) => markPurged(tx, later, id))).toBe(false);
    const desired = await loop((tx) => getInstanceForConverge(tx, later, id));
    await loop((tx) => markVolumes(tx, later, desired!.volumes.map((volume) => ({ volumeId: volume.id, state: "removed" }))));
    expect(await loop((tx) => markPurged(tx, later, id))).toBe(true);
    expect(await loop((tx) => markPurged(tx, later, id))).toBe(false);
    expect(await quotaNumbers(tenant)).toEqual({ instances: [0, 0], vcpus: [0, 0], memoryMiB: [0, 0], storageGiB: [0, 0] });
    expect((await listInstances(tenant, { status: ["deleted", "deleting"] })).total).toBe(0);
    const address = await database.worker.execute<{ released: boolean }>(sql`select released_at is not null as released from address where instance_id = ${id}`);
    expect(address.rows).toEqual([{ released: true }]);
    expect(new Set(await kinds(tenant, id))).toEqual(new Set(["ordered", "placed", "deleted", "purged"]));
  });

  it("restores into the quota, or says why not; an early purge is the owner's", async () => {
    const tenant = await makeTenant(database, { vcpus: 1 });
    const { id } = await createInstance(tenant, order("d2"));
    await run(id);
    await deleteInstance(tenant, { instanceId: id });
    await halt(id);
    const other = await createInstance(tenant, order("d3"));
    expect((await problemOf(restoreInstance(tenant, { instanceId: id }))).code).toBe("quota-exceeded");
    await deleteInstance(tenant, { instanceId: other.id });
    expect(await quotaNumbers(tenant)).toEqual({ instances: [0, 0], vcpus: [0, 0], memoryMiB: [0, 0], storageGiB: [8, 0] });
    expect((await restoreInstance(tenant, { instanceId: id })).status).toBe("stopped");
    expect(await quotaNumbers(tenant)).toEqual({ instances: [0, 1], vcpus: [0, 1], memoryMiB: [0, 512], storageGiB: [8, 0] });
    await halt(id);
    expect(await quotaNumbers(tenant)).toMatchObject({ instances: [1, 0], vcpus: [1, 0] });
    expect((await problemOf(purgeInstance(tenant, { instanceId: id }))).code).toBe("conflict");
    expect((await purgeInstance(tenant, { instanceId: other.id })).status).toBe("deleting");
  });

  it("does not place what was deleted while it was being placed", async () => {
    const tenant = await makeTenant(database);
    const { id } = await createInstance(tenant, order("d4"));
    await deleteInstance(tenant, { instanceId: id });
    expect(await loop((tx) => notePlaced(tx, worker(), { instanceId: id }))).toBe(false);
  });
});

describe("what loops say", () => {
  it("waits for capacity with the reason and the smallest change, once on the timeline", async () => {
    const tenant = await makeTenant(database);
    const { id } = await createInstance(tenant, order("w"));
    const say = (text: string) => loop((tx) => noteWaiting(tx, worker(), { instanceId: id, text, smallestChange: "One more host of 4 cores." }));
    expect([await say("No room."), await say("No room."), await say("Still no room.")]).toEqual([true, false, true]);
    expect(await getInstance(tenant, { instanceId: id })).toMatchObject({ status: "waiting-for-capacity", statusReason: "Still no room.", waiting: { smallestChange: "One more host of 4 cores." } });
    expect(await kinds(tenant, id)).toEqual(["ordered", "waiting-for-capacity"]);
    await run(id);
    expect(await getInstance(tenant, { instanceId: id })).toMatchObject({ status: "running", waiting: null });
  });

  it("never goes back in time or epoch", async () => {
    const tenant = await makeTenant(database);
    const { id } = await createInstance(tenant, order("o"));
    const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
    const tell = (state: "running" | "stopped", seconds: number, epoch: number | null) =>
      loop((tx) => recordObservation(tx, worker(), [{ instanceId: id, hostId: "hst_1", state, reason: "unknown", epoch, vcpus: 1, memoryMiB: 512, observedAt: at(seconds) }, { instanceId: "ins_unknown", hostId: null, state: "absent", reason: "unknown", epoch: null, vcpus: null, memoryMiB: null, observedAt: at(seconds) }]));
    await loop((tx) => notePlaced(tx, worker(), { instanceId: id }));
    expect(await tell("running", 10, 2)).toEqual([{ instanceId: id, organizationId: tenant.organizationId, before: "absent", after: "running" }]);
    expect(await tell("stopped", 9, 2)).toEqual([]);
    expect(await tell("stopped", 11, 1)).toEqual([]);
    expect(await tell("running", 12, 2)).toEqual([]);
    const seen = (await loop((tx) => getInstanceForConverge(tx, worker(), id)))?.observation;
    expect(seen).toMatchObject({ state: "running", observedAt: at(12), runningSince: at(10) });
    expect(await tell("stopped", 13, null)).toHaveLength(1);
    expect((await loop((tx) => getInstanceForConverge(tx, worker(), id)))?.observation).toMatchObject({ state: "stopped", runningSince: null, epoch: 2 });
  });
});

describe("isolation", () => {
  it("answers a stranger as if the instance did not exist", async () => {
    const tenant = await makeTenant(database);
    const stranger = await makeTenant(database);
    const { id } = await createInstance(tenant, order("mine"));
    for (const attempt of [
      () => getInstance(stranger, { instanceId: id }), () => startInstance(stranger, { instanceId: id }), () => stopInstance(stranger, { instanceId: id }), () => rebootInstance(stranger, { instanceId: id }), () => renameInstance(stranger, { instanceId: id, name: "a" }),
      () => resizeInstance(stranger, { instanceId: id, diskGiB: 9 }), () => rebuildInstance(stranger, { instanceId: id, imageId: offer.imageId }), () => deleteInstance(stranger, { instanceId: id }), () => restoreInstance(stranger, { instanceId: id }),
      () => purgeInstance(stranger, { instanceId: id }), () => readTimeline(stranger, { instanceId: id }),
    ]) expect(await problemOf(attempt())).toMatchObject({ code: "not-found" });
    expect((await listInstances(stranger, {})).total).toBe(0);
    const operator = testContext(database.app, { scope: "provider", actor: { kind: "operator", id: "usr_staff" } });
    expect((await stopInstance(operator, { instanceId: id })).status).toBe("stopped");
    expect((await getInstance(tenant, { instanceId: id })).powerDecidedBy).toBe("operator");
    const trail = await database.worker.execute(sql`select action, actor_kind from audit_entry where organization_id = ${tenant.organizationId} order by sequence`);
    expect(trail.rows).toEqual([{ action: "instance.ordered", actor_kind: "user" }, { action: "instance.stop-requested", actor_kind: "operator" }]);
  });
});
