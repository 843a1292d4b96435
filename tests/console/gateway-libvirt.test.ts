import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allocation, host as hostTable } from "@/db/schema/fleet";
import type { Gateway } from "@/server/console/server";
import { createLibvirtDriver } from "@/server/drivers/hypervisor/libvirt";
import type { HostEndpoint } from "@/server/drivers/hypervisor/types";
import type { Lab, LabHost } from "@/server/lab";
import { freeSubnetIndex, labSupport, openLab } from "@/server/lab";
import { buildTinyImage } from "@/server/lab/image";
import type { TestDatabase } from "../support/database";
import { createTestDatabase } from "../support/database";
import type { Tenant } from "./setting";
import { Client, createInstance, createTenant, startTestGateway, ticketPath } from "./setting";

const support = await labSupport();
if (!support.available) console.log(`skipped: the gateway against real QEMU: ${support.reason}`);

const BOOT_MS = 60_000;

describe.skipIf(!support.available)("the gateway against real QEMU", () => {
  const driver = createLibvirtDriver({ unsafeMigration: true });
  const directory = mkdtempSync(join(tmpdir(), "berth-console-"));
  let lab: Lab;
  let database: TestDatabase;
  let gateway: Gateway;
  let tenant: Tenant;
  let instanceId = "";
  const endpoint = (of: LabHost): HostEndpoint => ({ hostId: of.name, uri: of.uri, managementAddress: of.managementAddress });

  beforeAll(async () => {
    lab = openLab({ name: `con-${randomBytes(2).toString("hex")}`, directory, hostCount: 2, subnetIndex: await freeSubnetIndex() });
    await lab.up();
    database = await createTestDatabase();
    gateway = await startTestGateway(database, driver);
    tenant = await createTenant(database);
    const image = await buildTinyImage({ directory: fileURLToPath(new URL("../../.data/images", import.meta.url)) });
    await lab.installVolumes([
      { from: image.kernelPath, name: "kernel" },
      { from: image.initrdPath, name: "initrd" },
      { from: image.rootVolumePath, name: "root.qcow2" },
    ]);
    const [first] = lab.hosts;
    instanceId = await createInstance(database.worker, tenant.organizationId, first!.uri);
    const host = driver.connect(endpoint(first!));
    await host.ensureVolume({ pool: first!.pool.name, name: "vm.qcow2", format: "qcow2", capacityMiB: image.rootSizeMiB, backing: { volume: "root.qcow2", format: "qcow2" } });
    await host.startDomain({
      instanceId, uuid: "5a2d3c1e-0000-4000-8000-000000000006", title: "web", epoch: 1, vcpus: 1, maxVcpus: 1, memoryMiB: 128, maxMemoryMiB: 128,
      cpu: { model: "qemu64", shares: 1024, limitMillicores: null },
      boot: { kind: "kernel", kernelPath: join(first!.pool.path, "kernel"), initrdPath: join(first!.pool.path, "initrd"), commandLine: image.commandLine },
      disks: [{ target: "vda", pool: first!.pool.name, volume: "vm.qcow2", format: "qcow2", readOnly: false }], nics: [],
    });
    await host.close();
  }, 300_000);

  afterAll(async () => {
    await gateway?.close();
    await database?.close();
    await lab?.down();
    rmSync(directory, { recursive: true, force: true });
  });

  it("carries screen and serial port, closes with 4410 when the guest moves, and finds it at its new host", async () => {
    const serial = new Client(gateway.port, await ticketPath(tenant, instanceId, "serial"));
    const startedAt = Date.now();
    while (!/[#$] /.test(serial.text()) && Date.now() - startedAt < BOOT_MS && !serial.closed) {
      if (serial.socket.readyState === serial.socket.OPEN) serial.socket.send("\r");
      await sleep(500);
    }
    serial.socket.send("echo sum-$((40+2))\r");
    await serial.textWith("sum-42");

    const screen = new Client(gateway.port, await ticketPath(tenant, instanceId, "vnc"));
    const { width, height } = await screen.rfb();
    expect(width * height).toBeGreaterThan(0);
    const request = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    request.writeUInt16BE(width, 6);
    request.writeUInt16BE(height, 8);
    screen.socket.send(Buffer.concat([Buffer.from([2, 0, 0, 1, 0, 0, 0, 0]), request]));
    const before = screen.received;
    await screen.take(4);
    for (let waited = 0; screen.received - before < width * height && waited < 100; waited++) await sleep(50);
    expect(screen.received - before).toBeGreaterThan(width * height);

    const [from, to] = lab.hosts;
    await driver.connect(endpoint(from!)).migrate({ instanceId, epoch: 1, to: endpoint(to!), bandwidthMiBs: 0, maxDowntimeMs: 500, timeoutMs: 60_000, mode: "precopy" });
    expect(await screen.end()).toMatchObject({ code: 4410 });
    expect(await serial.end()).toMatchObject({ code: 4410 });
    const [place] = await database.worker.select().from(allocation).where(eq(allocation.instanceId, instanceId));
    await database.worker.update(hostTable).set({ uri: to!.uri, managementAddress: to!.managementAddress }).where(eq(hostTable.id, place!.hostId));
    const next = new Client(gateway.port, await ticketPath(tenant, instanceId, "vnc"));
    expect(await next.rfb()).toMatchObject({ width, height });
    // A power loss says no goodbye: the new place, decided after fencing, tells.
    await lab.crash(to!.name);
    await database.worker.update(allocation).set({ epoch: 2 }).where(eq(allocation.instanceId, instanceId));
    expect(await next.end()).toMatchObject({ code: 4410 });
  });
});
