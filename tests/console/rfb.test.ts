import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestDatabase } from "../support/database";
import { createTestDatabase } from "../support/database";
import { screenOnlyDriver, startFakeVnc } from "./fake-vnc";
import type { Tenant } from "./setting";
import { Client, createInstance, createTenant, startTestGateway, ticketPath } from "./setting";

let database: TestDatabase;
let tenant: Tenant;
let instanceId = "";

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
  instanceId = await createInstance(database.worker, tenant.organizationId, "simulated://screen-only");
});

afterAll(() => database?.close());

describe("RFB", () => {
  it("signs in with the machine's password, which the client never sees, and shares the screen", async () => {
    const vnc = await startFakeVnc({ password: "hunter22" });
    const own = await startTestGateway(database, screenOnlyDriver({ port: vnc.port, password: "hunter22" }));
    const client = new Client(own.port, await ticketPath(tenant, instanceId, "vnc"));
    expect(await client.rfb()).toEqual({ width: 640, height: 480, name: "fake" });
    expect(vnc.sharedFlags).toEqual([1]);
    await own.close();
    const wrong = await startTestGateway(database, screenOnlyDriver({ port: vnc.port, password: "wrong" }));
    expect(await new Client(wrong.port, await ticketPath(tenant, instanceId, "vnc")).end()).toMatchObject({ code: 4411 });
    await wrong.close();
    await vnc.close();
  });

  const key = Buffer.from([4, 1, 0, 0, 0, 0, 0, 0x61]);
  const pointer = Buffer.from([5, 1, 0, 10, 0, 20]);
  const cut = Buffer.from([6, 0, 0, 0, 0, 0, 0, 2, 0x68, 0x69]);
  const qemuKey = Buffer.from([255, 0, 0, 1, 0, 0, 0, 0x61, 0, 0, 0, 30]);
  const resize = Buffer.concat([Buffer.from([251, 0, 2, 0, 1, 0, 1, 0]), Buffer.alloc(16)]);
  const update = Buffer.from([3, 1, 0, 0, 0, 0, 2, 128, 1, 224]);
  const encodings = Buffer.from([2, 0, 0, 2, 0, 0, 0, 7, 0xff, 0xff, 0xfe, 0xc4]);

  it.each([
    ["a viewer sends picture requests only, however the bytes are cut", true, [Buffer.from([2, 0, 0, 1, 0, 0, 0, 7]), update]],
    ["everybody else sends everything", false, [Buffer.from([2, 0, 0, 1, 0, 0, 0, 7]), key, pointer, update, cut, qemuKey, resize]],
  ])("%s", async (_name, viewOnly, expected) => {
    const vnc = await startFakeVnc();
    const own = await startTestGateway(database, screenOnlyDriver({ port: vnc.port, password: null }));
    const client = new Client(own.port, await ticketPath(tenant, instanceId, "vnc", viewOnly));
    await client.rfb();
    const stream = Buffer.concat([encodings, key, pointer, update, cut, qemuKey, resize]);
    for (let at = 0; at < stream.length; at += 7) client.socket.send(stream.subarray(at, at + 7));
    const wanted = Buffer.concat(expected);
    for (let waited = 0; vnc.input().length < wanted.length && waited < 50; waited++) await sleep(20);
    await sleep(100);
    expect(vnc.input().toString("hex")).toBe(wanted.toString("hex"));
    await own.close();
    await vnc.close();
  });

  it("closes a client that sends what is no RFB", async () => {
    const vnc = await startFakeVnc();
    const own = await startTestGateway(database, screenOnlyDriver({ port: vnc.port, password: null }));
    const client = new Client(own.port, await ticketPath(tenant, instanceId, "vnc"));
    await client.rfb();
    client.socket.send(Buffer.from([99, 1, 2, 3]));
    expect(await client.end()).toMatchObject({ code: 4413 });
    await own.close();
    await vnc.close();
  });

  it("pauses a machine whose client does not read, keeps memory bounded, and loses nothing", async () => {
    const vnc = await startFakeVnc();
    const own = await startTestGateway(database, screenOnlyDriver({ port: vnc.port, password: null }), { highWaterBytes: 262_144, lowWaterBytes: 65_536, heartbeatMs: 60_000 });
    const client = new Client(own.port, await ticketPath(tenant, instanceId, "vnc"));
    await client.rfb();
    const before = client.received;
    client.socket.pause();
    const total = 64 * 1_048_576;
    const block = Buffer.alloc(1_048_576, 0x5a);
    let written = 0;
    const server = vnc.sockets[0]!;
    const pour = (async () => {
      while (written < total) {
        const room = server.write(block);
        written += block.length;
        if (!room) await once(server, "drain");
      }
    })();
    await sleep(1_000);
    expect(written).toBeLessThan(total / 2);
    expect(own.peakBufferedBytes()).toBeLessThan(2 * 1_048_576);
    client.socket.resume();
    await pour;
    for (let waited = 0; client.received - before < total && waited < 200; waited++) await sleep(50);
    expect(client.received - before).toBe(total);
    expect(own.peakBufferedBytes()).toBeLessThan(2 * 1_048_576);
    await own.close();
    await vnc.close();
  });
});
