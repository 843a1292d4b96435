import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAfter } from "@/db/schema/compute";
import { cluster, placementRule } from "@/db/schema/fleet";
import { auditEntry, user } from "@/db/schema/tenancy";
import { recomputeEnergy } from "@/server/fleet/power/verify-energy";
import { Crew, Machines } from "@/server/reconcilers";
import { playRehearsalsLoop } from "@/server/reconcilers/play-rehearsals";
import { createTestDatabase, testContext, type TestDatabase } from "../support/database";
import { fillFleet, type FleetFixture } from "../support/fleet-fixture";
import { fillPortal, type PortalFixture } from "../support/portal-fixture";
import { startWeb, type RunningWeb } from "../support/web";
import { accessibilityFaults, fitsWidth, launch, signIn, skipReason, visit } from "./browser";

/** A build on a busy machine takes its minutes; it is made once for all tests of these sources. */
const BUILD_MS = 600_000;
const STORY_MS = 300_000;
const SHOTS = process.env["SCREENSHOTS"];
const TABS = ["overview", "plans", "power", "incidents", "maintenance", "settings"] as const;

async function shoot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `fleet-${name}.png`), fullPage: true });
}

describe.skipIf(skipReason !== null)(`the operator's fleet in Chromium${skipReason ? ` (skipped: ${skipReason})` : ""}`, () => {
  let database: TestDatabase;
  let portal: PortalFixture;
  let fleet: FleetFixture;
  let web: RunningWeb;
  let browser: Browser;
  let crew: Crew;

  beforeAll(async () => {
    database = await createTestDatabase();
    portal = await fillPortal(database.owner);
    fleet = await fillFleet(database.owner, database.worker);
    web = await startWeb({ appDatabaseUrl: database.url.app });
    crew = new Crew({ context: testContext(database.worker), machines: new Machines({ hypervisors: [], powers: [] }), loops: [playRehearsalsLoop], seedImage: () => new Uint8Array(), holder: "rehearsals", databaseUrl: database.url.worker });
    await crew.start();
    browser = await launch();
  }, BUILD_MS);

  afterAll(async () => {
    await browser?.close();
    await crew?.stop();
    await web?.stop();
    await database?.close();
  });

  it("is seen at a glance, rehearsed, changed with the effect shown first, and told as it was", async () => {
    const { page, context, complaints } = await visit(browser, { origin: web.origin });
    context.setDefaultTimeout(60_000);
    await signIn(page, portal.staff, `/admin/clusters/${fleet.clusterId}`);
    await page.getByRole("link", { name: /tokyo-1-h6/ }).first().waitFor();
    await page.getByText("4 of 6", { exact: true }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);

    // A week of power; a night computed again from its own file.
    await page.getByRole("tab", { name: "Power" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: /^Save with its inputs:/ }).first().click();
    expect(recomputeEnergy(readFileSync(await (await download).path(), "utf8")).differences).toEqual([]);
    expect(await accessibilityFaults(page)).toEqual([]);

    // A question is asked, played by the loop, and arrives by itself.
    await page.getByRole("tab", { name: "Plans and rehearsals" }).click();
    await page.getByText("the hottest host comes from 91 % to 64 %").waitFor();
    await page.getByLabel("What if").selectOption("ratio");
    await page.getByLabel(/vCPUs per core/).fill("6");
    await page.getByRole("button", { name: "Rehearse", exact: true }).click();
    await page.getByRole("button", { name: "Set this ratio" }).waitFor();
    await page.getByRole("region", { name: "Before and after" }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole("button", { name: "Set this ratio" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Set this ratio" }).click();
    await page.getByText("applied", { exact: true }).first().waitFor();
    expect((await database.owner.select().from(cluster))[0]!.cpuRatio).toBe(6);

    await page.getByRole("tab", { name: "Incidents" }).click();
    await page.getByRole("button", { name: /tokyo-1-h3 was lost/ }).click();
    await page.getByText("3 of 3 machines of tokyo-1-h3 run again.").waitFor();
    const report = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as a report" }).click();
    expect(readFileSync(await (await report).path(), "utf8")).toMatch(/\| moment \(.+\) \| after \| what \|/);
    await page.getByRole("button", { name: /crashed on purpose/ }).click();
    await page.getByRole("region", { name: "Foretold and measured" }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.getByRole("tab", { name: "Maintenance" }).click();
    await page.getByRole("checkbox", { name: "mail", exact: true }).check();
    await page.getByRole("checkbox", { name: "web-3", exact: true }).check();
    await page.getByText(/Nothing moves|machines? moves?/).first().waitFor();
    await page.getByRole("button", { name: "Add the rule" }).click();
    await expect.poll(async () => (await database.owner.select().from(placementRule)).length, { timeout: 60_000 }).toBe(2);
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.getByRole("tab", { name: "Settings" }).click();
    await page.getByLabel("Hosts awake at least").fill("4");
    await page.getByText("At most 2 hosts may sleep at the same time.").waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved.").waitFor();
    const actions = (await database.owner.select({ action: auditEntry.action }).from(auditEntry)).map((row) => row.action);
    for (const action of ["rehearsal.asked", "rehearsal.applied", "cluster.policy-changed", "placement-rule.added", "cluster.automation-changed"]) expect(actions).toContain(action);

    await page.goto(`/admin/hosts/${fleet.hostId}`);
    await page.getByText("Its story").waitFor();
    await page.getByText("The hours in which hosts may sleep end.").first().waitFor();
    await page.getByLabel("It never sleeps").check();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect.poll(async () => (await database.owner.select({ action: auditEntry.action }).from(auditEntry)).map((row) => row.action), { timeout: 60_000 }).toContain("host.power-changed");
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints, web.output()).toEqual([]);
    await context.close();
  }, STORY_MS);

  it("asks a tenant when a machine may be moved, says what that means, and tells each move and failover with its length", async () => {
    const { page, context, complaints } = await visit(browser, { origin: web.origin, locale: "en-US" });
    context.setDefaultTimeout(60_000);
    await signIn(page, portal.owner, `/o/${portal.slug}/instances/${fleet.movedInstanceId}?tab=activity`);
    await page.getByText("Moved to another host while running: 41 ms pause, took 3.1s, so that an idle host can sleep").or(page.getByText(/Moved to another host while running: 41ms pause/)).first().waitFor();
    await page.getByText(/Runs again after its host failed: away for 7\.9\s?s/).waitFor();
    await shoot(page, "tenant-activity");
    await page.getByRole("tab", { name: "Settings" }).click();
    await page.getByText("It may be moved now.").waitFor();
    await page.getByRole("button", { name: /^Add a time: Do not move it/ }).click();
    await page.getByText("In 45 h a week it is not moved.").waitFor();
    await page.getByLabel("Notify first").selectOption("30");
    await shoot(page, "tenant-consent");
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.locator("form").filter({ hasText: "Notify first" }).getByRole("button", { name: "Save", exact: true }).click();
    await expect.poll(async () => (await database.owner.select({ action: auditEntry.action }).from(auditEntry)).map((row) => row.action), { timeout: 60_000 }).toContain("instance.move-consent-changed");
    // Who comes back before whom: another machine is named, kept, and read again.
    const order = page.locator("form").filter({ hasText: "Start after" });
    await order.getByLabel("Priority").selectOption("high");
    await order.getByLabel("Start after", { exact: true }).and(page.locator("select")).selectOption({ index: 1 });
    await order.getByRole("button", { name: "Save", exact: true }).click();
    await expect.poll(async () => (await database.owner.select().from(startAfter)).map((row) => row.instanceId), { timeout: 60_000 }).toEqual([fleet.movedInstanceId]);
    await page.reload();
    await page.getByRole("tab", { name: "Settings" }).click();
    await page.getByRole("button", { name: /^Do not wait for / }).waitFor();
    await shoot(page, "tenant-restart-order");
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints, web.output()).toEqual([]);
    await context.close();
  }, STORY_MS);

  it.skipIf(!SHOTS)("shows all of it in both languages, dark and narrow, to whoever looks at the pictures", async () => {
    for (const [name, options] of [["en", { locale: "en-US" }], ["en-dark", { locale: "en-US", colorScheme: "dark" }], ["ja", { locale: "ja-JP" }], ["ja-dark-narrow", { locale: "ja-JP", colorScheme: "dark", width: 390 }]] as const) {
      // The profile's language comes before the browser's.
      await database.owner.update(user).set({ locale: options.locale.startsWith("ja") ? "ja" : "en" });
      const { page, context } = await visit(browser, { origin: web.origin, ...options });
      context.setDefaultTimeout(60_000);
      await signIn(page, portal.staff, "/admin/clusters");
      for (const tab of TABS) {
        await page.goto(`/admin/clusters/${fleet.clusterId}?tab=${tab}`);
        await page.waitForTimeout(1_500);
        for (const button of tab === "plans" || tab === "incidents" ? (await page.locator("li button[aria-expanded=false]").all()).slice(0, 2) : []) await button.click();
        await page.waitForTimeout(1_500);
        await shoot(page, `${name}-${tab}`);
        expect(await fitsWidth(page), `${name} ${tab}`).toBe(true);
      }
      for (const [shot, path] of [["host", `/admin/hosts/${fleet.hostId}`], ["enroll", "/admin/hosts/enroll"], ["loops", "/admin/loops"]] as const) {
        await page.goto(path);
        await page.waitForTimeout(1_500);
        await shoot(page, `${name}-${shot}`);
        expect(await fitsWidth(page), `${name} ${shot}`).toBe(true);
      }
      await context.close();
      const tenant = await visit(browser, { origin: web.origin, ...options });
      await signIn(tenant.page, portal.owner, `/o/${portal.slug}/instances/${fleet.movedInstanceId}?tab=settings`);
      await tenant.page.waitForTimeout(1_500);
      await shoot(tenant.page, `${name}-tenant-settings`);
      expect(await fitsWidth(tenant.page), `${name} tenant settings`).toBe(true);
      await tenant.context.close();
    }
  }, STORY_MS * 2);
});
