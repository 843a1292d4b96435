import { setTimeout as sleep } from "node:timers/promises";
import { and, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instance } from "@/db/schema/compute";
import { consoleSession, consoleTicket } from "@/db/schema/console";
import { allocation, host } from "@/db/schema/fleet";
import { auditEntry, member, organization, user, userSession } from "@/db/schema/tenancy";
import { endConsoleSession, issueConsoleTicket, listConsoleSessions } from "@/server/compute/console";
import { DEFAULT_LIMITS } from "@/server/console/limits";
import type { Gateway } from "@/server/console/server";
import type { World } from "@/server/drivers/hypervisor/simulated";
import { createWorld, simulatedDriver } from "@/server/drivers/hypervisor/simulated";
import type { HypervisorHost } from "@/server/drivers/hypervisor/types";
import type { TestDatabase } from "../support/database";
import { systemClock } from "@/server/platform/clock";
import { mintId } from "@/server/platform/id";
import { systemRandom } from "@/server/platform/random";
import { createTestDatabase, testContext } from "../support/database";
import type { Tenant } from "./setting";
import { Client, createInstance, createTenant, ORIGIN, refusedUpgrade, startTestGateway, ticketPath } from "./setting";

let database: TestDatabase;
let world: World;
let gateway: Gateway;
let tenant: Tenant;
let stranger: Tenant;
let instanceId = "";
let h1: HypervisorHost;
let h2: HypervisorHost;

beforeAll(async () => {
  database = await createTestDatabase();
  world = createWorld({
    hosts: 2,
    images: [{ pool: "shared", name: "golden", format: "qcow2", capacityMiB: 64 }],
    timings: { startMs: 0, destroyMs: 0, guestBootMs: 0, guestShutdownMs: 0, unreachableMs: 100, migrationSwitchMs: 10, migrationSetupMs: 10 },
  });
  const driver = simulatedDriver(world);
  h1 = driver.connect({ hostId: "h1", uri: "simulated://h1", managementAddress: "127.0.0.1" });
  h2 = driver.connect({ hostId: "h2", uri: "simulated://h2", managementAddress: "127.0.0.1" });
  gateway = await startTestGateway(database, driver);
  tenant = await createTenant(database);
  stranger = await createTenant(database);
  instanceId = await createInstance(database.worker, tenant.organizationId, "simulated://h1");
  await startGuest(h1, instanceId, 1);
});

afterAll(async () => {
  await gateway?.close();
  world?.close();
  await database?.close();
});

async function startGuest(on: HypervisorHost, id: string, epoch: number): Promise<void> {
  await on.ensureVolume({ pool: "shared", name: `${id}-root`, format: "qcow2", capacityMiB: 64, backing: { volume: "golden", format: "qcow2" } });
  await on.startDomain({
    instanceId: id, uuid: "5a2d3c1e-0000-4000-8000-000000000002", title: "web", epoch, vcpus: 1, maxVcpus: 1, memoryMiB: 64, maxMemoryMiB: 64,
    cpu: { model: "qemu64", shares: 1024, limitMillicores: null }, boot: { kind: "disk", firmware: "bios" },
    disks: [{ target: "vda", pool: "shared", volume: `${id}-root`, format: "qcow2", readOnly: false }], nics: [],
  });
}

/** An instance of its own for tests that change things. */
async function freshInstance(of: Tenant): Promise<string> {
  const id = await createInstance(database.worker, of.organizationId, "simulated://h1");
  await startGuest(h1, id, 1);
  return id;
}

describe("tickets", () => {
  it("opens a screen once: a picture comes, and the same ticket is worth nothing afterwards", async () => {
    const path = await ticketPath(tenant, instanceId, "vnc");
    const client = new Client(gateway.port, path);
    expect(await client.rfb()).toMatchObject({ width: 960, height: 450, name: expect.stringContaining(instanceId) as string });
    client.socket.send(Buffer.from([2, 0, 0, 1, 0, 0, 0, 2]));
    client.socket.send(Buffer.from([3, 0, 0, 0, 0, 0, 3, 192, 1, 194]));
    const update = await client.take(4 + 12 + 8);
    expect(update.readUInt16BE(2)).toBe(25);
    expect(update.readUInt32BE(16)).toBeGreaterThan(20);

    const again = await new Client(gateway.port, path).end();
    expect(again).toMatchObject({ code: 4401 });
    client.socket.close();
    await client.end();
  });

  it("stores a digest and never the secret", async () => {
    const issued = await issueConsoleTicket(tenant.context, { instanceId, kind: "vnc" });
    const rows = await database.owner.select().from(consoleTicket);
    expect(JSON.stringify(rows)).not.toContain(issued.ticket);
    expect(rows.some((row) => row.id.length === 64)).toBe(true);
  });

  it("gives one of twenty simultaneous browsers the console", async () => {
    const path = await ticketPath(tenant, instanceId, "serial");
    const clients = Array.from({ length: 20 }, () => new Client(gateway.port, path));
    const outcomes = await Promise.all(clients.map((client) => Promise.race([client.end().then((end) => end.code), client.textWith("BERTH-BOOTED").then(() => "open", () => client.end().then((end) => end.code))])));
    expect(outcomes.filter((outcome) => outcome === "open")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 4401)).toHaveLength(19);
    for (const client of clients) client.socket.terminate();
  });

  it("opens one after another as fast as a client can, and none is mistaken for a deleted one", async () => {
    for (let turn = 0; turn < 25; turn++) {
      const client = new Client(gateway.port, await ticketPath(tenant, instanceId, "vnc"));
      await client.rfb();
      client.socket.terminate();
    }
    for (let waited = 0; gateway.openSessions() > 0 && waited < 50; waited++) await sleep(20);
    expect(gateway.openSessions()).toBe(0);
    await sleep(200);
    expect((await listConsoleSessions(tenant.context, { instanceId })).every((session) => session.endedAt !== null)).toBe(true);
  });

  it("refuses an expired ticket, an unknown one, and one of the other kind (which stays good)", async () => {
    const expired = await ticketPath(tenant, instanceId, "vnc");
    await database.worker.update(consoleTicket).set({ expiresAt: new Date(Date.now() - 1) });
    expect(await new Client(gateway.port, expired).end()).toMatchObject({ code: 4401 });
    expect(await new Client(gateway.port, `/console/${"A".repeat(43)}?kind=vnc`).end()).toMatchObject({ code: 4401 });
    const serial = await ticketPath(tenant, instanceId, "serial");
    expect(await new Client(gateway.port, serial.replace("kind=serial", "kind=vnc")).end()).toMatchObject({ code: 4401 });
    const client = new Client(gateway.port, serial);
    await client.textWith("BERTH-BOOTED");
    client.socket.close();
  });

  it("turns away pages that are not the portal, without using the ticket", async () => {
    const path = await ticketPath(tenant, instanceId, "serial");
    expect(await refusedUpgrade(gateway.port, path, "https://evil.example")).toContain("403");
    expect(await refusedUpgrade(gateway.port, path, `${ORIGIN}.evil.example`)).toContain("403");
    expect(await refusedUpgrade(gateway.port, path, null)).toContain("403");
    expect(await refusedUpgrade(gateway.port, "/console/short?kind=vnc", ORIGIN)).toContain("404");
    const client = new Client(gateway.port, path);
    await client.textWith("BERTH-BOOTED");
    client.socket.close();
  });

  it("gives another organization none, and says the same as for a missing instance", async () => {
    const foreign = await ticketPath(stranger, instanceId, "vnc").catch((error: unknown) => error);
    const missing = await ticketPath(stranger, "ins_00000000000000000000000000", "vnc").catch((error: unknown) => error);
    expect(foreign).toMatchObject({ name: "Problem", code: "not-found" });
    expect((foreign as Error).message.replaceAll(instanceId, "X")).toBe((missing as Error).message.replaceAll("ins_00000000000000000000000000", "X"));
    expect(await listConsoleSessions(stranger.context, { instanceId })).toEqual([]);
  });

  it("lets our own staff in without membership, and the tenant reads it in its trail", async () => {
    const userId = mintId("user", { clock: systemClock, random: systemRandom });
    await database.worker.insert(user).values({ id: userId, email: `${userId}@berth.test`, name: "Staff", operatorRole: "support", createdAt: new Date() });
    const context = testContext(database.app, { scope: "provider", actor: { kind: "operator", id: userId } });
    const { path } = await issueConsoleTicket(context, { instanceId, kind: "serial", viewOnly: true });
    const client = new Client(gateway.port, path);
    await client.textWith("BERTH-BOOTED");
    await sleep(200);
    expect(client.closed).toBeNull();
    client.socket.close();
    const entries = await database.owner.select().from(auditEntry).where(and(eq(auditEntry.organizationId, tenant.organizationId), eq(auditEntry.actorId, userId)));
    expect(entries).toMatchObject([{ action: "console.ticket-issued", actorKind: "operator", targetId: instanceId, after: { kind: "serial", viewOnly: true } }]);
    expect(JSON.stringify(entries)).not.toContain(path.slice(9, 52));
  });

  it("gives none for a stopped machine", async () => {
    const id = await freshInstance(tenant);
    await database.worker.update(instance).set({ desiredPower: "stopped" }).where(eq(instance.id, id));
    await expect(ticketPath(tenant, id, "vnc")).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("serial", () => {
  it("carries what is typed and what is answered, and writes the session down", async () => {
    const client = new Client(gateway.port, await ticketPath(tenant, instanceId, "serial"));
    await client.textWith("web:~# ");
    const typed = "nproc; echo typed-$((1))\r";
    client.socket.send(typed);
    await client.textWith("typed-");
    client.socket.close();
    await client.end();
    await sleep(100);
    const [newest] = await listConsoleSessions(tenant.context, { instanceId });
    expect(newest).toMatchObject({ kind: "serial", userId: tenant.userId, endReason: expect.stringContaining("the client left") as string });
    expect(newest?.bytesToClient).toBeGreaterThan(100);
    expect(newest?.bytesFromClient).toBe(typed.length);
  });

  it("drops what a viewer types", async () => {
    const client = new Client(gateway.port, await ticketPath(tenant, instanceId, "serial", true));
    await client.textWith("web:~# ");
    client.socket.send("echo must-not-appear\r");
    await sleep(200);
    expect(client.text()).not.toContain("must-not");
    client.socket.close();
  });
});

describe("the machine's side", () => {
  it("closes with 4410 when the machine moves, and a new ticket reaches it at its new place", async () => {
    const id = await freshInstance(tenant);
    const client = new Client(gateway.port, await ticketPath(tenant, id, "vnc"));
    await client.rfb();
    await h1.migrate({ instanceId: id, epoch: 1, to: { hostId: "h2", uri: "simulated://h2", managementAddress: "127.0.0.1" }, bandwidthMiBs: 0, maxDowntimeMs: 300, timeoutMs: 10_000, mode: "precopy" });
    expect(await client.end()).toMatchObject({ code: 4410 });
    expect(await new Client(gateway.port, await ticketPath(tenant, id, "vnc")).end()).toMatchObject({ code: 4411 });
    const [place] = await database.worker.select().from(allocation).where(eq(allocation.instanceId, id));
    await database.worker.update(host).set({ uri: "simulated://h2" }).where(eq(host.id, place!.hostId));
    const next = new Client(gateway.port, await ticketPath(tenant, id, "vnc"));
    await next.rfb();
    await h2.stopDomain(id, "destroy");
    expect(await next.end()).toMatchObject({ code: 4410 });
  });

  it("closes with 4410 when a silent host's machine was given another place", async () => {
    const id = await freshInstance(tenant);
    const client = new Client(gateway.port, await ticketPath(tenant, id, "vnc"));
    await client.rfb();
    await sleep(300);
    expect(client.closed).toBeNull();
    await database.worker.update(allocation).set({ epoch: 2 }).where(eq(allocation.instanceId, id));
    expect(await client.end()).toMatchObject({ code: 4410, reason: expect.stringContaining("another place") as string });
  });

  it("says 4411 where the host is silent or the machine has no place", async () => {
    const id = await freshInstance(tenant);
    world.hang("h1");
    const slow = await startTestGateway(database, simulatedDriver(world), { upstreamMs: 300 });
    expect(await new Client(slow.port, await ticketPath(tenant, id, "vnc")).end()).toMatchObject({ code: 4411 });
    world.heal("h1");
    await database.worker.delete(allocation).where(eq(allocation.instanceId, id));
    expect(await new Client(slow.port, await ticketPath(tenant, id, "vnc")).end()).toMatchObject({ code: 4411, reason: expect.stringContaining("no place") as string });
    await slow.close();
  });
});

describe("revocation", () => {
  async function openConsole(of: Tenant, id: string, through = gateway): Promise<Client> {
    const client = new Client(through.port, await ticketPath(of, id, "serial"));
    await client.textWith("BERTH-BOOTED");
    return client;
  }

  const changes: [string, (of: Tenant, id: string) => Promise<unknown>, RegExp][] = [
    ["the user signs out", (of) => database.worker.update(userSession).set({ revokedAt: new Date() }).where(eq(userSession.id, of.userSessionId)), /signed out/],
    ["the member is removed", (of) => database.worker.delete(member).where(and(eq(member.organizationId, of.organizationId), eq(member.userId, of.userId))), /no longer a member/],
    ["the member's role takes the keyboard away", (of) => database.worker.update(member).set({ role: "viewer" }).where(and(eq(member.organizationId, of.organizationId), eq(member.userId, of.userId))), /^\[role\]/],
    ["the organization is suspended", (of) => database.worker.update(organization).set({ standing: "suspended" }).where(eq(organization.id, of.organizationId)), /suspended/],
    ["the machine is deleted", (_of, id) => database.worker.update(instance).set({ deletedAt: new Date() }).where(eq(instance.id, id)), /deleted/],
  ];

  it("closes soon, each with its reason, also when no notification tells", async () => {
    const consoles = await Promise.all(
      changes.map(async ([name, change, reason]) => {
        const of = await createTenant(database);
        const id = await freshInstance(of);
        return { name, change, reason, of, id, client: await openConsole(of, id) };
      }),
    );
    // Looking every two seconds leaves enough of the five that are promised.
    expect(DEFAULT_LIMITS.revocationCheckMs).toBeLessThanOrEqual(2_000);
    // The check that follows each opening is over, so that only the periodic one can notice.
    await sleep(500);
    await Promise.all(
      consoles.map(async ({ name, change, reason, of, id, client }) => {
        expect(client.closed, name).toBeNull();
        await change(of, id);
        const end = await client.end();
        expect(end.code, name).toBe(4403);
        expect(end.reason, name).toMatch(reason);
      }),
    );
  });

  it("closes at once when somebody ends it, and leaves others open", async () => {
    const of = await createTenant(database);
    const id = await freshInstance(of);
    // It looks around once an hour only: what closes this is the word that somebody ended it.
    const listening = await startTestGateway(database, simulatedDriver(world), { revocationCheckMs: 3_600_000 });
    const client = await openConsole(of, id, listening);
    const other = await openConsole(tenant, instanceId, listening);
    const [session] = await listConsoleSessions(of.context, { instanceId: id });
    await expect(endConsoleSession(stranger.context, { consoleSessionId: session!.id })).rejects.toMatchObject({ code: "not-found" });
    await endConsoleSession(of.context, { consoleSessionId: session!.id });
    const end = await client.end();
    expect(end.code).toBe(4403);
    expect(other.closed).toBeNull();
    await endConsoleSession(of.context, { consoleSessionId: session!.id });
    const [row] = await database.owner.select().from(consoleSession).where(eq(consoleSession.id, session!.id));
    expect(row?.endReason).toContain(of.userId);
    other.socket.close();
    await listening.close();
  });
});

describe("limits", () => {
  it("closes the idle, the endless, and the too large", async () => {
    const driver = simulatedDriver(world);
    const strict = await startTestGateway(database, driver, { idleMs: 200, sessionMs: 60_000, maxMessageBytes: 1024 });
    const idle = new Client(strict.port, await ticketPath(tenant, instanceId, "serial"));
    expect(await idle.end()).toMatchObject({ code: 4408 });
    const large = new Client(strict.port, await ticketPath(tenant, instanceId, "serial"));
    await large.textWith("BERTH-BOOTED");
    large.socket.send(Buffer.alloc(2_000));
    expect(await large.end()).toMatchObject({ code: 1009 });
    await strict.close();
    const short = await startTestGateway(database, driver, { sessionMs: 200 });
    const endless = new Client(short.port, await ticketPath(tenant, instanceId, "serial"));
    expect(await endless.end()).toMatchObject({ code: 4409 });
    await short.close();
    const full = await startTestGateway(database, driver, { maxSessions: 1 });
    const first = new Client(full.port, await ticketPath(tenant, instanceId, "serial"));
    await first.textWith("BERTH-BOOTED");
    expect(await new Client(full.port, await ticketPath(tenant, instanceId, "serial")).end()).toMatchObject({ code: 4429 });
    await full.close();
    expect(await first.end()).toMatchObject({ code: 1001 });
  });

  it("ends a client that is gone without a word", async () => {
    const watchful = await startTestGateway(database, simulatedDriver(world), { heartbeatMs: 100 });
    const client = new Client(watchful.port, await ticketPath(tenant, instanceId, "serial"));
    await client.textWith("BERTH-BOOTED");
    await sleep(500);
    expect(watchful.openSessions()).toBe(1);
    client.socket.pause();
    for (let waited = 0; watchful.openSessions() > 0 && waited < 50; waited++) await sleep(50);
    expect(watchful.openSessions()).toBe(0);
    client.socket.terminate();
    await watchful.close();
  });
});

describe("the process", () => {
  it("tells its health and its figures, and stops gracefully", async () => {
    const own = await startTestGateway(database, simulatedDriver(world));
    const base = `http://127.0.0.1:${own.port}`;
    const client = new Client(own.port, await ticketPath(tenant, instanceId, "serial"));
    await client.textWith("BERTH-BOOTED");
    expect(await (await fetch(`${base}/health`)).json()).toEqual({ live: true, ready: true, database: true, draining: false, sessions: 1 });
    expect(await (await fetch(`${base}/metrics`)).text()).toContain('berth_console_sessions_open{kind="serial"} 1');
    expect((await fetch(`${base}/else`)).status).toBe(404);
    const [open] = await listConsoleSessions(tenant.context, { instanceId });
    await own.close();
    expect(await client.end()).toMatchObject({ code: 1001 });
    const [row] = await database.owner.select().from(consoleSession).where(eq(consoleSession.id, open!.id));
    expect(row?.endedAt).not.toBeNull();
    await expect(fetch(`${base}/health`)).rejects.toThrow();
  });
});
