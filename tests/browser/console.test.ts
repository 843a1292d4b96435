import { eq } from "drizzle-orm";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { consoleSession } from "@/db/schema/console";
import { allocation, host } from "@/db/schema/fleet";
import { instance, instanceObservation } from "@/db/schema/compute";
import type { Database } from "@/db/client";
import { startGateway, type Gateway } from "@/server/console/server";
import { createWorld as createHosts, simulatedDriver, type World as Hosts } from "@/server/drivers/hypervisor/simulated";
import type { HypervisorHost } from "@/server/drivers/hypervisor/types";
import { systemClock } from "@/server/platform/clock";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { anyFreePort } from "@/server/lab/ports";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { fillPortal, type PortalFixture } from "../support/portal-fixture";
import { startWeb, type RunningWeb } from "../support/web";
import { accessibilityFaults, launch, signIn, skipReason, visit } from "./browser";

/** A build on a busy machine takes its minutes; it is made once for all tests of these sources. */
const BUILD_MS = 600_000;
const PAGE_MS = 300_000;
const ADDRESS = (name: string) => ({ hostId: name, uri: `simulated://${name}`, managementAddress: "127.0.0.1" });

describe.skipIf(skipReason !== null)(`the console in Chromium${skipReason ? ` (skipped: ${skipReason})` : ""}`, () => {
  let database: TestDatabase;
  let fixture: PortalFixture;
  let web: RunningWeb;
  let browser: Browser;
  let gateway: Gateway;
  let hosts: Hosts;
  let h1: HypervisorHost;

  beforeAll(async () => {
    database = await createTestDatabase();
    fixture = await fillPortal(database.owner);
    hosts = createHosts({
      hosts: 2,
      images: [{ pool: "shared", name: "golden", format: "qcow2", capacityMiB: 64 }],
      timings: { startMs: 0, destroyMs: 0, guestBootMs: 0, guestShutdownMs: 0, unreachableMs: 100, migrationSwitchMs: 10, migrationSetupMs: 10 },
    });
    const driver = simulatedDriver(hosts);
    h1 = driver.connect(ADDRESS("h1"));
    const port = await anyFreePort();
    web = await startWeb({ appDatabaseUrl: database.url.app, consoleUrl: `ws://127.0.0.1:${port}` });
    gateway = await startGateway({
      db: database.worker, databaseUrl: database.url.worker, driverFor: () => driver, portalOrigins: [web.origin], bindAddress: "127.0.0.1", port, name: "gateway-of-the-browser", clock: systemClock, random: systemRandom, logger: silentLogger, limits: { upstreamMs: 500 },
    });
    const [first, second] = await database.owner.select({ id: host.id }).from(host).orderBy(host.name);
    await database.owner.update(host).set({ uri: "simulated://h1", managementAddress: "127.0.0.1" }).where(eq(host.id, first!.id));
    await database.owner.update(host).set({ uri: "simulated://h2", managementAddress: "127.0.0.1" }).where(eq(host.id, second!.id));
    browser = await launch();
  }, BUILD_MS);

  afterAll(async () => {
    await browser?.close();
    await gateway?.close();
    await web?.stop();
    hosts?.close();
    await database?.close();
  });

  async function idOf(db: Database, name: string): Promise<string> {
    const [row] = await db.select({ id: instance.id }).from(instance).where(eq(instance.name, name));
    return row!.id;
  }

  async function start(on: HypervisorHost, id: string, epoch: number): Promise<void> {
    await on.ensureVolume({ pool: "shared", name: `${id}-root`, format: "qcow2", capacityMiB: 64, backing: { volume: "golden", format: "qcow2" } });
    await on.startDomain({
      instanceId: id, uuid: crypto.randomUUID(), title: "web", epoch, vcpus: 1, maxVcpus: 1, memoryMiB: 64, maxMemoryMiB: 64,
      cpu: { model: "qemu64", shares: 1024, limitMillicores: null }, boot: { kind: "disk", firmware: "bios" }, disks: [{ target: "vda", pool: "shared", volume: `${id}-root`, format: "qcow2", readOnly: false }], nics: [],
    });
  }

  /** Writes where the fleet decided that it runs, as converge and failover do. */
  async function decide(id: string, uri: string, epoch: number): Promise<void> {
    const [place] = await database.owner.select({ id: host.id }).from(host).where(eq(host.uri, uri));
    await database.owner.update(allocation).set({ hostId: place!.id, epoch }).where(eq(allocation.instanceId, id));
    await database.owner.update(instanceObservation).set({ hostId: place!.id }).where(eq(instanceObservation.instanceId, id));
  }

  async function openConsole(page: Page, id: string): Promise<void> {
    await page.goto(`/o/acme/instances/${id}?tab=console`);
    await page.getByText("Connected", { exact: true }).waitFor();
  }

  async function withPage(email: string, work: (page: Page) => Promise<void>): Promise<void> {
    const { context, page, complaints } = await visit(browser, { origin: web.origin });
    try {
      await signIn(page, email);
      await work(page);
      // noVNC says on its own that a connection ended; everything else is a fault.
      expect(complaints.filter((line) => !/WebSocket|Disconnect|closed/i.test(line)), web.output()).toEqual([]);
    } finally {
      await context.close();
    }
  }

  it("comes back by itself after a live migration and after a failover, and says meanwhile what happened", async () => {
    const id = await idOf(database.owner, "web-1");
    await decide(id, "simulated://h1", 1);
    await start(h1, id, 1);
    await withPage(fixture.owner, async (page) => {
      await openConsole(page, id);
      expect(await accessibilityFaults(page)).toEqual([]);

      // The guest moves while it runs; the new place is written a moment later, as converge does it.
      await h1.migrate({ instanceId: id, epoch: 1, to: ADDRESS("h2"), bandwidthMiBs: 0, maxDowntimeMs: 300, timeoutMs: 10_000, mode: "precopy" });
      await page.getByText(/moved to another server or restarted|cannot be reached right now/).waitFor();
      await decide(id, "simulated://h2", 2);
      await page.getByText("Connected", { exact: true }).waitFor();

      // Its host loses its power: nobody says goodbye. It starts elsewhere with a higher epoch.
      hosts.crash("h2");
      await start(h1, id, 3);
      await decide(id, "simulated://h1", 3);
      await page.getByText(/Its screen comes back by itself/).waitFor();
      await page.getByText("Connected", { exact: true }).waitFor();
    });
    const sessions = await database.owner.select({ viewOnly: consoleSession.viewOnly }).from(consoleSession).where(eq(consoleSession.instanceId, id));
    expect(sessions.length).toBeGreaterThanOrEqual(3);
  }, PAGE_MS);

  it("lets a viewer look, shows the owner who looks, and tells the viewer when it was ended", async () => {
    const id = await idOf(database.owner, "web-2");
    await decide(id, "simulated://h1", 1);
    await start(h1, id, 1);
    await withPage(fixture.viewer, async (page) => {
      await openConsole(page, id);
      await page.getByText(/You may look, and what you type is not sent/).waitFor();
      expect(await page.getByRole("button", { name: "View only" }).isDisabled()).toBe(true);
      await withPage(fixture.owner, async (second) => {
        await second.goto("/o/acme/members");
        await second.getByRole("heading", { name: "Open consoles" }).waitFor();
        await second.getByText("Ren Sato", { exact: false }).last().waitFor();
        expect(await accessibilityFaults(second)).toEqual([]);
        await second.getByRole("button", { name: "End" }).click();
        await second.getByRole("dialog").getByRole("button", { name: "End" }).click();
        // Behind an open dialog nothing has a role: only when it is gone does the missing list say something. The list hears of it by itself.
        await second.getByRole("dialog").waitFor({ state: "detached" });
        await second.getByRole("heading", { name: "Open consoles" }).waitFor({ state: "detached" });
      });
      await page.getByText("Somebody of your organization or our staff ended this console.").waitFor();
    });
    const rows = await database.owner.select({ viewOnly: consoleSession.viewOnly, endReason: consoleSession.endReason }).from(consoleSession).where(eq(consoleSession.instanceId, id));
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ viewOnly: true, endReason: expect.stringContaining("ended by user") as string });
  }, PAGE_MS);
});
