import { once } from "node:events";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { consoleSession } from "@/db/schema/console";
import { auditEntry } from "@/db/schema/tenancy";
import type { Gateway } from "@/server/console/server";
import { issueFileTicket } from "@/server/desktop";
import type { FileTicketInput } from "@/server/desktop/schema";
import { createWorld, simulatedDriver, type World } from "@/server/drivers/hypervisor/simulated";
import type { HypervisorHost } from "@/server/drivers/hypervisor/types";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { createInstance, createTenant, makeDesktop, ORIGIN, startTestGateway, type Tenant } from "./setting";

let sessionId = "";
/** More than two parts, and every byte there is. */
const CONTENT = Buffer.from(Array.from({ length: 2_500_000 }, (_, at) => (at * 31 + (at >> 9)) % 256));
const CHUNK_BYTES = 262_144;

let database: TestDatabase;
let world: World;
let host: HypervisorHost;
let gateway: Gateway;
let tenant: Tenant;
let stranger: Tenant;
let instanceId = "";

type Asked = FileTicketInput extends infer One ? (One extends FileTicketInput ? Omit<One, "sessionId"> : never) : never;
const ticket = async (asked: Asked, of = tenant): Promise<string> => (await issueFileTicket(of.context, { sessionId, ...asked } as FileTicketInput)).path;
const allow = (filesIn: boolean, filesOut: boolean, limitMiB = 8) => database.owner.execute(sql`update desktop_pool set files_in = ${filesIn}, files_out = ${filesOut}, file_limit_mib = ${limitMiB}`);

interface Exchange {
  readonly said: Record<string, unknown>[];
  readonly bytes: Buffer;
  readonly code: number;
  readonly reason: string;
}

/** As the page does it: sends what there is, takes what comes, and reads how it ended. */
async function exchange(path: string, content: Buffer | null = null): Promise<Exchange> {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, { headers: { origin: ORIGIN } });
  const said: Record<string, unknown>[] = [];
  const parts: Buffer[] = [];
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) return void parts.push(data);
    const begins = said.push(JSON.parse(data.toString()) as Record<string, unknown>) === 1;
    for (let at = 0; begins && content && at < content.length; at += CHUNK_BYTES) socket.send(content.subarray(at, at + CHUNK_BYTES));
  });
  const closed = once(socket, "close") as Promise<[number, Buffer]>;
  const [code, reason] = await closed;
  return { said, bytes: Buffer.concat(parts), code, reason: reason.toString() };
}

beforeAll(async () => {
  database = await createTestDatabase();
  world = createWorld({ hosts: 1, images: [{ pool: "shared", name: "golden", format: "qcow2", capacityMiB: 64 }], timings: { startMs: 0, destroyMs: 0, guestBootMs: 0, guestShutdownMs: 0, unreachableMs: 100 } });
  const driver = simulatedDriver(world);
  host = driver.connect({ hostId: "h1", uri: "simulated://h1", managementAddress: "127.0.0.1" });
  gateway = await startTestGateway(database, driver);
  tenant = await createTenant(database);
  stranger = await createTenant(database);
  instanceId = await createInstance(database.worker, tenant.organizationId, "simulated://h1");
  await host.ensureVolume({ pool: "shared", name: "root", format: "qcow2", capacityMiB: 64, backing: { volume: "golden", format: "qcow2" } });
  await host.startDomain({
    instanceId, uuid: "5a2d3c1e-0000-4000-8000-000000000012", title: "office-1", epoch: 1, vcpus: 1, maxVcpus: 1, memoryMiB: 64, maxMemoryMiB: 64, cpu: { model: "qemu64", shares: 1024, limitMillicores: null },
    boot: { kind: "disk", firmware: "bios" }, disks: [{ target: "vda", pool: "shared", volume: "root", format: "qcow2", readOnly: false }], nics: [],
  });
  ({ sessionId } = await makeDesktop(database, tenant, instanceId));
});

afterAll(async () => {
  await gateway?.close();
  await host?.close();
  world?.close();
  await database?.close();
});

describe("files of a desktop", () => {
  it("are brought in, seen and taken out through the gateway, byte for byte, and the audit trail has who and what", async () => {
    await allow(true, true);
    const brought = await exchange(await ticket({ way: "in", name: "plan.bin", sizeBytes: CONTENT.length }), CONTENT);
    expect(brought).toMatchObject({ code: 1000, reason: "done" });
    expect(brought.said.at(-1)).toEqual({ writtenBytes: CONTENT.length });
    expect(await exchange(await ticket({ way: "in", name: "empty", sizeBytes: 0 }))).toMatchObject({ code: 1000 });
    expect((await exchange(await ticket({ way: "list" }))).said).toEqual([{ files: [{ name: "empty", sizeBytes: 0 }, { name: "plan.bin", sizeBytes: CONTENT.length }] }]);
    const taken = await exchange(await ticket({ way: "out", name: "plan.bin" }));
    expect(taken).toMatchObject({ code: 1000, said: [{ sizeBytes: CONTENT.length }] });
    expect(taken.bytes.equals(CONTENT)).toBe(true);

    const entries = await database.owner.select({ action: auditEntry.action, actorId: auditEntry.actorId, after: auditEntry.after }).from(auditEntry).where(eq(auditEntry.organizationId, tenant.organizationId));
    expect(entries.filter((entry) => entry.action === "desktop-files.in-allowed")[0]).toMatchObject({ actorId: tenant.userId, after: { desktopSessionId: sessionId, way: "in", name: "plan.bin", bytes: CONTENT.length } });
    expect(entries.filter((entry) => entry.action === "desktop-files.out-allowed")).toHaveLength(1);
    await expect.poll(async () => (await database.owner.select().from(consoleSession).where(eq(consoleSession.kind, "files"))).map((row) => row.bytesToClient), { timeout: 60_000 }).toContain(CONTENT.length);
  });

  it("go the ways that the pool allows, up to its size, and to nobody else", async () => {
    await allow(false, true);
    await expect(ticket({ way: "in", name: "a", sizeBytes: 1 })).rejects.toMatchObject({ code: "forbidden" });
    await allow(true, false);
    await expect(ticket({ way: "out", name: "plan.bin" })).rejects.toMatchObject({ code: "forbidden" });
    await expect(ticket({ way: "list" })).rejects.toMatchObject({ code: "forbidden" });
    await allow(true, true, 1);
    await expect(ticket({ way: "in", name: "a", sizeBytes: 1_048_577 })).rejects.toMatchObject({ code: "bad-input" });
    expect(await exchange(await ticket({ way: "out", name: "plan.bin" }))).toMatchObject({ code: 4422, reason: expect.stringContaining("[file-large]") as string });
    await expect(ticket({ way: "list" }, stranger)).rejects.toMatchObject({ code: "not-found" });
    for (const name of ["../etc/shadow", ".hidden", "a/b", "a\nb", ""]) await expect(ticket({ way: "out", name })).rejects.toThrow();
  });

  it("end with a reason: more than was announced, a file that is not there, a ticket of another kind", async () => {
    await allow(true, true);
    expect(await exchange(await ticket({ way: "in", name: "a", sizeBytes: 10 }), Buffer.alloc(11))).toMatchObject({ code: 4413 });
    expect(await exchange(await ticket({ way: "out", name: "nowhere" }))).toMatchObject({ code: 4422, reason: expect.stringContaining("[file-gone]") as string });
    const path = await ticket({ way: "list" });
    expect(await exchange(path.replace("kind=files", "kind=vnc"))).toMatchObject({ code: 4401 });
    expect(await exchange(path)).toMatchObject({ code: 1000 });
    expect(await exchange(path)).toMatchObject({ code: 4401 });
    // Half of a file is not there, and a later one is not made of it.
    expect((await exchange(await ticket({ way: "list" }))).said).toEqual([{ files: [expect.objectContaining({ name: "empty" }), expect.objectContaining({ name: "plan.bin" })] }]);
  });

  it("end with the session", async () => {
    await allow(true, true);
    const open = exchange(await ticket({ way: "in", name: "late", sizeBytes: 1_000 }));
    await expect.poll(() => gateway.openSessions(), { timeout: 60_000 }).toBe(1);
    await database.owner.execute(sql`update desktop_session set ended_at = now(), end_reason = 'logged-off' where id = ${sessionId}`);
    expect(await open).toMatchObject({ code: 4403, reason: expect.stringContaining("[ended]") as string });
    await expect(ticket({ way: "list" })).rejects.toMatchObject({ code: "conflict" });
  });
});
