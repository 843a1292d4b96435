import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { startGateway } from "@/server/console/server";
import { createWorld, simulatedDriver } from "@/server/drivers/hypervisor/simulated";
import { systemClock } from "@/server/platform/clock";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { createTestDatabase } from "../support/database";
import { chromiumPath } from "../support/web";
import { createInstance, createTenant, ticketPath } from "./setting";

const CHROMIUM = chromiumPath();
if (!CHROMIUM) console.log("skipped: noVNC in a browser needs Debian's chromium (apt-get install chromium-headless-shell)");

const PAGE = `<!doctype html><body style="margin:0;background:#444"><div id="screen" style="width:960px;height:450px"></div>
<script type="module">
import RFB from "/novnc/core/rfb.js";
const rfb = new RFB(document.getElementById("screen"), location.hash.slice(1));
rfb.focusOnClick = true;
window.state = "connecting";
rfb.addEventListener("connect", () => { window.state = "connected"; });
rfb.addEventListener("disconnect", (event) => { window.state = "closed " + event.detail.clean; });
</script>`;

describe.skipIf(!CHROMIUM)("noVNC in a browser", () => {
  const cleanups: (() => unknown)[] = [];
  afterAll(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  it("shows the machine's screen through the gateway, and what is typed appears on it", async () => {
    const database = await createTestDatabase();
    cleanups.push(() => database.close());
    const world = createWorld({ hosts: 1, images: [{ pool: "shared", name: "golden", format: "qcow2", capacityMiB: 64 }], timings: { startMs: 0, guestBootMs: 0 } });
    cleanups.push(() => world.close());
    const driver = simulatedDriver(world);
    const pages = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://page").pathname;
      if (!path.startsWith("/novnc/")) {
        response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
        return;
      }
      const file = join("node_modules/@novnc/novnc", path.slice("/novnc".length));
      if (!existsSync(file)) response.writeHead(404).end();
      else response.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(file));
    });
    await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => pages.close());
    const address = pages.address();
    const origin = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
    const gateway = await startGateway({
      db: database.worker, databaseUrl: database.url.worker, driverFor: () => driver, portalOrigins: [origin], bindAddress: "127.0.0.1", port: 0, name: "gateway-novnc",
      clock: systemClock, random: systemRandom, logger: silentLogger,
    });
    cleanups.push(() => gateway.close());
    const tenant = await createTenant(database);
    const instanceId = await createInstance(database.worker, tenant.organizationId, "simulated://h1");
    const host = driver.connect({ hostId: "h1", uri: "simulated://h1", managementAddress: "127.0.0.1" });
    await host.ensureVolume({ pool: "shared", name: "root", format: "qcow2", capacityMiB: 64, backing: { volume: "golden", format: "qcow2" } });
    await host.startDomain({
      instanceId, uuid: "5a2d3c1e-0000-4000-8000-000000000003", title: "web", epoch: 1, vcpus: 2, maxVcpus: 2, memoryMiB: 64, maxMemoryMiB: 64,
      cpu: { model: "qemu64", shares: 1024, limitMillicores: null }, boot: { kind: "disk", firmware: "bios" },
      disks: [{ target: "vda", pool: "shared", volume: "root", format: "qcow2", readOnly: false }], nics: [],
    });
    const browser: Browser = await chromium.launch({ executablePath: CHROMIUM!, args: ["--no-sandbox"] });
    cleanups.push(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 960, height: 450 } });
    const url = async (viewOnly: boolean): Promise<string> => `${origin}/#ws://127.0.0.1:${gateway.port}${await ticketPath(tenant, instanceId, "vnc", viewOnly)}`;
    await page.goto(await url(false));
    await page.waitForFunction(() => "state" in window && window.state === "connected");
    /** Dots of the letters' colour on the canvas. */
    const lit = (): Promise<number> =>
      page.evaluate(() => {
        const canvas = document.querySelector("canvas");
        const data = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
        let count = 0;
        for (let at = 0; at < data.length; at += 4) if (data[at] === 210 && data[at + 1] === 226) count += 1;
        return count;
      });
    const until = async (more: number): Promise<number> => {
      for (let look = 0; look < 100; look++) {
        const now = await lit();
        if (now > more) return now;
        await page.waitForTimeout(50);
      }
      return lit();
    };
    const booted = await until(2_000);
    expect(booted).toBeGreaterThan(2_000);
    await page.locator("canvas").click();
    await page.keyboard.type("echo hello from the browser");
    await page.keyboard.press("Enter");
    expect(await until(booted + 1_000)).toBeGreaterThan(booted + 1_000);
    if (process.env["BERTH_SCREENSHOTS"]) await page.screenshot({ path: join(process.env["BERTH_SCREENSHOTS"], "novnc.png") });

    await host.stopDomain(instanceId, "destroy");
    await page.waitForFunction(() => "state" in window && String(window.state).startsWith("closed"));
  });
});
