import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { eq, isNull, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { consoleSession } from "@/db/schema/console";
import { endSilentConsoles } from "@/server/compute/console";
import { issueDesktopTicket, openDesktop } from "@/server/desktop";
import type { ServedWorld } from "@/server/drivers/hypervisor/simulated";
import { createWorld, serveWorld, simulatedDriver } from "@/server/drivers/hypervisor/simulated";
import { anyFreePort } from "@/server/lab/ports";
import type { TestDatabase } from "../support/database";
import { createTestDatabase, testContext } from "../support/database";
import { Client, createInstance, createTenant, makeDesktop, ORIGIN, ticketPath } from "./setting";
import type { Tenant } from "./setting";

let database: TestDatabase;
let served: ServedWorld;
let tenant: Tenant;
let instanceId = "";
const running = new Set<ChildProcess>();

beforeAll(async () => {
  database = await createTestDatabase();
  served = await serveWorld(createWorld({ hosts: 1, images: [{ pool: "shared", name: "golden", format: "qcow2", capacityMiB: 64 }], timings: { startMs: 0, guestBootMs: 0 } }), { port: 0 });
  tenant = await createTenant(database);
  instanceId = await createInstance(database.worker, tenant.organizationId, `simulated://h1@${served.address}`);
  const host = simulatedDriver().connect({ hostId: "h1", uri: `simulated://h1@${served.address}`, managementAddress: "127.0.0.1" });
  await host.ensureVolume({ pool: "shared", name: "root", format: "qcow2", capacityMiB: 64, backing: { volume: "golden", format: "qcow2" } });
  await host.startDomain({
    instanceId, uuid: "5a2d3c1e-0000-4000-8000-000000000004", title: "web", epoch: 1, vcpus: 1, maxVcpus: 1, memoryMiB: 64, maxMemoryMiB: 64,
    cpu: { model: "qemu64", shares: 1024, limitMillicores: null }, boot: { kind: "disk", firmware: "bios" },
    disks: [{ target: "vda", pool: "shared", volume: "root", format: "qcow2", readOnly: false }], nics: [],
  });
});

afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await served?.close();
  await database?.close();
});

function launch(environment: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, ["--import", "tsx", "server/console/gateway.ts"], {
    env: { PATH: process.env["PATH"] ?? "", LOG_LEVEL: "info", NODE_ENV: "test", ...environment },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** Starts the process and waits for its word; the port is the same for the same name. */
async function start(port: number): Promise<{ child: ChildProcess; port: number; log: () => string }> {
  const child = launch({ WORKER_DATABASE_URL: database.url.worker, PORTAL_ORIGINS: `https://other.example, ${ORIGIN}`, CONSOLE_PORT: String(port), METRICS_TOKEN: "0123456789abcdef" });
  let log = "";
  child.stdout!.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const [message] = (await once(child, "message")) as [{ ready: boolean; port: number }];
  return { child, port: message.port, log: () => log };
}

describe("the gateway's process", () => {
  it("names every missing variable and what it is for", async () => {
    const child = launch({});
    let text = "";
    child.stderr!.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(1);
    expect(text).toContain("WORKER_DATABASE_URL");
    expect(text).toContain("PORTAL_ORIGINS");
    expect(text).not.toContain("    at ");
  });

  it("serves, survives kill -9 with nothing left open, and ends with 0 on SIGTERM", async () => {
    const port = await anyFreePort();
    const first = await start(port);
    const path = await ticketPath(tenant, instanceId, "serial");
    const client = new Client(port, path);
    await client.textWith("BERTH-BOOTED");
    expect(first.log()).not.toContain(path.slice(9, 52));
    expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(404);
    const figures = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: "Bearer 0123456789abcdef" } })).text();
    expect(figures).toContain('berth_console_sessions_open{kind="serial"} 1');
    expect(figures).toContain("process_resident_memory_bytes");

    first.child.kill("SIGKILL");
    expect((await client.end()).code).toBe(1006);
    expect(await database.owner.select().from(consoleSession).where(isNull(consoleSession.endedAt))).toHaveLength(1);
    // It spoke a moment ago: nobody takes it for gone yet.
    expect(await endSilentConsoles(testContext(database.worker))).toBe(0);
    const second = await start(port);
    expect(await database.owner.select().from(consoleSession).where(isNull(consoleSession.endedAt))).toHaveLength(0);
    const next = new Client(port, await ticketPath(tenant, instanceId, "serial"));
    await next.textWith("BERTH-BOOTED");
    second.child.kill("SIGTERM");
    const [code] = (await once(second.child, "exit")) as [number];
    expect(code).toBe(0);
    expect((await next.end()).code).toBe(1001);
    expect(await database.owner.select().from(consoleSession).where(isNull(consoleSession.endedAt))).toHaveLength(0);
  });

  it("killed in the session of a desktop, leaves it to its person alone: they come back to the same one, others wait", async () => {
    const { sessionId, poolId, desktopId } = await makeDesktop(database, tenant, instanceId);
    await database.owner.execute(sql`insert into desktop_assignment (id, organization_id, pool_id, created_at, created_by) values (${`das_${poolId.slice(4)}`}, ${tenant.organizationId}, ${poolId}, now(), 'test')`);
    await database.owner.execute(sql`insert into user_account (id, email, name, created_at) values ('usr_other', 'other@example.test', 'Other', now())`);
    await database.owner.execute(sql`insert into member (organization_id, user_id, role, created_at) values (${tenant.organizationId}, 'usr_other', 'viewer', now())`);
    const other = testContext(database.app, { scope: "tenant", organizationId: tenant.organizationId, actor: { kind: "user", id: "usr_other" } });
    const ticket = async (): Promise<string> => (await issueDesktopTicket(tenant.context, { sessionId })).path;
    const port = await anyFreePort();
    const first = await start(port);
    const used = await ticket();
    const client = new Client(port, used);
    await client.rfb();
    first.child.kill("SIGKILL");
    expect((await client.end()).code).toBe(1006);
    // While nobody carries its screen it is theirs all the same.
    expect(await openDesktop(tenant.context, { poolId })).toMatchObject({ sessionId });
    expect(await openDesktop(other, { poolId })).toMatchObject({ state: "queued" });
    await expect(issueDesktopTicket(other, { sessionId })).rejects.toMatchObject({ code: "not-found" });
    // One that never comes back under its name: somebody ends its consoles for it, once.
    await database.owner.execute(sql`update console_gateway set seen_at = seen_at - interval '130 seconds'`);
    expect([await endSilentConsoles(testContext(database.worker)), await endSilentConsoles(testContext(database.worker))]).toEqual([1, 0]);
    await start(port);
    expect((await database.owner.select().from(consoleSession).where(eq(consoleSession.desktopSessionId, sessionId))).map((row) => row.endedAt !== null)).toEqual([true]);
    expect(await new Client(port, used).end()).toMatchObject({ code: 4401 });
    const again = new Client(port, await ticket());
    await again.rfb();
    const owners = await database.owner.execute<{ user_id: string; assigned_user_id: string }>(sql`select s.user_id, d.assigned_user_id from desktop_session s join desktop d on d.id = s.desktop_id where d.id = ${desktopId} and s.ended_at is null`);
    expect(owners.rows).toEqual([{ user_id: tenant.userId, assigned_user_id: tenant.userId }]);
    again.socket.close();
    await again.end();
  });
});
