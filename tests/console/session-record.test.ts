import { deflateSync } from "node:zlib";
import { and, eq, like, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { consoleSession } from "@/db/schema/console";
import { auditEntry, user } from "@/db/schema/tenancy";
import { issueConsoleTicket } from "@/server/compute/console";
import { EventRecorder, type FoldedEvent } from "@/server/console/event-recorder";
import type { Gateway } from "@/server/console/server";
import { issueDesktopTicket, issueFileTicket, listSessionEvents, readSession, tellEvent } from "@/server/desktop";
import { createWorld, simulatedDriver, type World } from "@/server/drivers/hypervisor/simulated";
import type { HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
import { systemClock } from "@/server/platform/clock";
import { mintId } from "@/server/platform/id";
import { systemRandom } from "@/server/platform/random";
import { verifyAuditChains } from "@/server/tenancy";
import { createTestDatabase, testContext, type TestDatabase } from "../support/database";
import { type FakeVnc, screenOnlyDriver, startFakeVnc } from "./fake-vnc";
import { Client, createInstance, createTenant, makeDesktop, startTestGateway, type Tenant } from "./setting";

const SECRET = "the word that nobody else may read";
/** What waits for its machine: many of these files run beside each other. */
const PATIENCE = { timeout: 60_000 };

let database: TestDatabase;
let world: World;
let host: HypervisorHost;
let vnc: FakeVnc;
let gateway: Gateway;
let tenant: Tenant;
let instanceId = "";
let sessionId = "";
let poolId = "";

const record = (on: boolean) => database.owner.execute(sql`update desktop_pool set records_events = ${on} where id = ${poolId}`);
/** What the gateway and the page told, oldest first. */
const told = async (): Promise<{ action: string; actorKind: string; after: Record<string, unknown> }[]> =>
  (await database.owner.select({ action: auditEntry.action, actorKind: auditEntry.actorKind, after: auditEntry.after }).from(auditEntry).where(and(eq(auditEntry.targetId, sessionId), like(auditEntry.action, "desktop-session.%"))).orderBy(auditEntry.sequence)) as { action: string; actorKind: string; after: Record<string, unknown> }[];
const actions = async (): Promise<string[]> => (await told()).map(({ action }) => action.replace("desktop-session.", ""));

async function open(): Promise<Client> {
  const client = new Client(gateway.port, (await issueDesktopTicket(tenant.context, { sessionId })).path);
  await client.rfb();
  return client;
}
/** Its end is in the table, and where it is recorded in the trail. */
async function leave(client: Client, isRecorded = true): Promise<void> {
  const ended = async (): Promise<number> => (isRecorded ? (await actions()).filter((action) => action === "console-closed").length : (await database.owner.select().from(consoleSession).where(sql`ended_at is not null`)).length);
  const before = await ended();
  client.socket.close();
  await expect.poll(ended, PATIENCE).toBe(before + 1);
}

const key = (keysym: number, down: boolean): Buffer => Buffer.from([4, down ? 1 : 0, 0, 0, 0, 0, keysym >> 8, keysym & 255]);
const size = (width: number, height: number): Buffer => {
  const message = Buffer.alloc(24);
  message[0] = 251;
  message.writeUInt16BE(width, 2);
  message.writeUInt16BE(height, 4);
  message[6] = 1;
  return message;
};
/** A text in the extended clipboard's form, as noVNC delivers it. */
const delivered = (text: string): Buffer => {
  const content = Buffer.from(`${text}\0`);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const packed = deflateSync(Buffer.concat([length, content]));
  const head = Buffer.alloc(12);
  head[0] = 6;
  head.writeInt32BE(-(4 + packed.length), 4);
  head.writeUInt32BE(2 ** 28 + 1, 8);
  return Buffer.concat([head, packed]);
};
const asked = (): Buffer => {
  const message = Buffer.alloc(12);
  message[0] = 6;
  message.writeInt32BE(-4, 4);
  message.writeUInt32BE(2 ** 25 + 1, 8);
  return message;
};

beforeAll(async () => {
  database = await createTestDatabase();
  world = createWorld({ hosts: 1, images: [{ pool: "shared", name: "golden", format: "qcow2", capacityMiB: 64 }], timings: { startMs: 0, destroyMs: 0, guestBootMs: 0, guestShutdownMs: 0, unreachableMs: 100 } });
  const simulated = simulatedDriver(world);
  host = simulated.connect({ hostId: "h1", uri: "simulated://h1", managementAddress: "127.0.0.1" });
  // The simulated guest's screen knows less of the protocol than QEMU's; everything else of it is as it is.
  vnc = await startFakeVnc();
  const screen = screenOnlyDriver({ port: vnc.port, password: null });
  const driver: HypervisorDriver = { ...simulated, connect: (endpoint) => ({ ...simulated.connect(endpoint), screenEndpoint: (...args) => screen.connect(endpoint).screenEndpoint(...args) }) };
  gateway = await startTestGateway(database, driver, { recordMs: 20 });
  tenant = await createTenant(database);
  instanceId = await createInstance(database.worker, tenant.organizationId, "simulated://h1");
  await host.ensureVolume({ pool: "shared", name: "root", format: "qcow2", capacityMiB: 64, backing: { volume: "golden", format: "qcow2" } });
  await host.startDomain({
    instanceId, uuid: "5a2d3c1e-0000-4000-8000-000000000013", title: "office-1", epoch: 1, vcpus: 1, maxVcpus: 1, memoryMiB: 64, maxMemoryMiB: 64, cpu: { model: "qemu64", shares: 1024, limitMillicores: null },
    boot: { kind: "disk", firmware: "bios" }, disks: [{ target: "vda", pool: "shared", volume: "root", format: "qcow2", readOnly: false }], nics: [],
  });
  ({ sessionId, poolId } = await makeDesktop(database, tenant, instanceId));
});
afterAll(async () => {
  await gateway?.close();
  await vnc?.close();
  await host?.close();
  world?.close();
  await database?.close();
});

describe("what is recorded of a session", () => {
  it("is nothing unless the pool wants it, and the person is told when it does", async () => {
    const client = await open();
    client.socket.send(Buffer.concat([size(800, 600), delivered(SECRET)]));
    await tellEvent(tenant.context, { sessionId, kind: "screenshot" });
    await leave(client, false);
    expect(await told()).toEqual([]);
    expect((await readSession(tenant.context, { sessionId })).isRecorded).toBe(false);
    await record(true);
    expect((await readSession(tenant.context, { sessionId })).isRecorded).toBe(true);
  });

  it("says what was done and how much, folded, and never a text or what was typed", async () => {
    await record(true);
    const client = await open();
    for (let n = 0; n < 1_000; n++) client.socket.send(size(1_000 + n, 700));
    client.socket.send(Buffer.concat([delivered(SECRET), delivered(SECRET), asked()]));
    for (const letter of "hunter2") client.socket.send(Buffer.concat([key(letter.codePointAt(0)!, true), key(letter.codePointAt(0)!, false)]));
    client.socket.send(Buffer.concat([key(0xffe3, true), key(0xffe9, true), key(0xffff, true), key(0xffff, false), key(0xffe9, false), key(0xffe3, false)]));
    const again = await open();
    await leave(again);
    await leave(client);
    await leave(await open());
    const all = await told();
    // Before this one a console of the same session was open and closed already.
    expect(all.filter(({ action }) => action.endsWith("console-opened")).map(({ after }) => after["entry"])).toEqual(["reconnected", "beside", "reconnected"]);
    expect(all.filter(({ action }) => action.endsWith("console-closed")).map(({ after }) => after["code"])).toEqual([1000, 1000, 1000]);
    const events = all.filter(({ action }) => action.endsWith("activity")).flatMap(({ after }) => after["events"] as (FoldedEvent & { readonly kind: string })[]);
    const times = (kind: string): number => events.filter((event) => event.kind === kind).reduce((sum, event) => sum + event.times, 0);
    expect(times("resize")).toBe(1_000);
    expect(events.findLast(({ kind }) => kind === "resize")).toMatchObject({ width: 1_999, height: 700 });
    expect(events.filter(({ kind }) => kind === "clipboard-in").reduce((sum, event) => sum + (event.characters ?? 0), 0)).toBe(2 * SECRET.length);
    expect(times("clipboard-out")).toBe(1);
    expect(events.filter(({ kind }) => kind === "special-keys")).toMatchObject([{ keys: "Ctrl+Alt+Del", times: 1 }]);
    // Each batch waits twice as long as the one before: a thousand changes of size are a handful of entries.
    expect(events.length).toBeLessThan(60);
    expect(JSON.stringify(all)).not.toMatch(new RegExp(`${SECRET}|hunter2`));
    expect((await verifyAuditChains(testContext(database.worker))).firstBroken).toBeNull();
  });

  it("tells who else came in, with or without the keyboard, and files with name and size", async () => {
    await record(true);
    const before = (await actions()).length;
    const staffId = mintId("user", { clock: systemClock, random: systemRandom });
    await database.worker.insert(user).values({ id: staffId, email: `${staffId}@berth.test`, name: "Staff", operatorRole: "support", createdAt: new Date() });
    const staff = testContext(database.app, { scope: "provider", actor: { kind: "operator", id: staffId } });
    for (const viewOnly of [true, false]) {
      const client = new Client(gateway.port, (await issueConsoleTicket(staff, { instanceId, kind: "vnc", viewOnly })).path);
      await client.rfb();
      await leave(client);
    }
    await database.owner.execute(sql`update desktop_pool set files_in = true where id = ${poolId}`);
    const file = new Client(gateway.port, (await issueFileTicket(tenant.context, { sessionId, way: "in", name: "plan.txt", sizeBytes: 5 })).path);
    await file.textWith("writtenBytes");
    file.socket.send(Buffer.from("hello"));
    await file.end();
    await expect.poll(async () => (await actions()).at(-1), PATIENCE).toBe("file-in");
    const all = (await told()).slice(before);
    expect(all).toMatchObject([
      { action: "desktop-session.console-opened", actorKind: "operator", after: { entry: "looked-in", viewOnly: true } }, { action: "desktop-session.console-closed" },
      { action: "desktop-session.console-opened", actorKind: "operator", after: { entry: "taken-over", viewOnly: false } }, { action: "desktop-session.console-closed" },
      { action: "desktop-session.file-in", actorKind: "user", after: { name: "plan.txt", bytes: 5, done: true } },
    ]);
  });

  it("keeps what the page tells up to a bound, and those who run the pool read all of it, newest first", async () => {
    await record(true);
    await tellEvent(tenant.context, { sessionId, kind: "clipboard-out", characters: 12 });
    await database.owner.execute(sql`update desktop_session set told_events = 199 where id = ${sessionId}`);
    for (let n = 0; n < 3; n++) await tellEvent(tenant.context, { sessionId, kind: "screenshot" });
    const { items, total } = await listSessionEvents(tenant.context, { sessionId });
    expect(items.slice(0, 2)).toMatchObject([{ action: "desktop-session.told", after: { kind: "screenshot", byPage: true, noMoreKept: true } }, { after: { kind: "clipboard-out", characters: 12 } }]);
    expect(total).toBe((await told()).length);
    const stranger = await createTenant(database);
    await expect(tellEvent(stranger.context, { sessionId, kind: "screenshot" })).rejects.toMatchObject({ code: "not-found" });
    await expect(listSessionEvents(stranger.context, { sessionId })).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("a batch that could not be written", () => {
  it("is told with the next one, with nothing counted twice or lost", async () => {
    const written: (readonly FoldedEvent[])[] = [];
    let fails = true;
    const failed: unknown[] = [];
    const recorder = new EventRecorder({ now: () => new Date(0), firstBatchMs: 1, onFailed: (error) => failed.push(error), write: (events) => (fails ? Promise.reject(new Error("away")) : Promise.resolve(void written.push(events))) });
    recorder.note({ kind: "resize", width: 1, height: 1 });
    recorder.note({ kind: "clipboard-in", characters: 3 });
    await expect.poll(() => failed.length, PATIENCE).toBe(1);
    fails = false;
    recorder.note({ kind: "clipboard-in", characters: 4 });
    await recorder.close();
    expect(written.flat()).toMatchObject([{ kind: "resize", times: 1 }, { kind: "clipboard-in", times: 2, characters: 7 }]);
  });
});
