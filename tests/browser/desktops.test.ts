import { sql } from "drizzle-orm";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type Gateway } from "@/server/console/server";
import { addVersion, createPool, getPool, listGolden, publishVersion } from "@/server/desktop";
import { simulatedDriver } from "@/server/drivers/hypervisor/simulated";
import { systemClock } from "@/server/platform/clock";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { ensureUser } from "@/server/tenancy";
import { anyFreePort } from "@/server/lab/ports";
import { openCentre, until, type Centre } from "../scenarios/centre";
import { testContext } from "../support/database";
import { PASSWORD } from "../support/portal-fixture";
import { startWeb, type RunningWeb } from "../support/web";
import { accessibilityFaults, fitsWidth, launch, signIn, skipReason, visit } from "./browser";

/** A build on a busy machine takes its minutes; it is made once for all tests of these sources. */
const BUILD_MS = 600_000;
const STORY_MS = 300_000;
const SHOTS = process.env["SCREENSHOTS"];

/** For a person to look at: a folder named in the environment gets a picture of every step. */
async function shoot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

describe.skipIf(skipReason !== null)(`desktops in Chromium${skipReason ? ` (skipped: ${skipReason})` : ""}`, () => {
  let centre: Centre;
  let web: RunningWeb;
  let gateway: Gateway;
  let browser: Browser;
  let poolId = "";
  let slug = "";

  beforeAll(async () => {
    centre = await openCentre({ hosts: ["h1", "h2"] });
    const identity = testContext(centre.database.app, { scope: "identity" });
    for (const [email, name, role] of [["admin@acme.test", "Aoi Tanaka", "admin"], ["person@acme.test", "Ren Sato", "viewer"]] as const) {
      const user = await ensureUser(identity, { email, name, password: PASSWORD });
      await centre.database.owner.execute(sql`insert into member (organization_id, user_id, role, created_at) values (${centre.tenant.organizationId}, ${user.id}, ${role}, now())`);
    }
    slug = (await centre.rows<{ slug: string }>(`select slug from organization where id = '${centre.tenant.organizationId}'`))[0]!.slug;
    const version = await addVersion(centre.tenant, { goldenImageName: "Office", imageId: centre.imageId });
    await until("the version is checked", 30_000, async () => (await listGolden(centre.tenant))[0]!.state === "checked", () => listGolden(centre.tenant));
    await publishVersion(centre.tenant, { versionId: version.id });
    poolId = (await createPool(centre.tenant, { name: "office", kind: "floating", goldenImageId: version.goldenImageId, flavorId: centre.flavors.small, minimumReady: 1, maximum: 2 })).id;
    const port = await anyFreePort();
    web = await startWeb({ appDatabaseUrl: centre.database.url.app, consoleUrl: `ws://127.0.0.1:${port}` });
    const driver = simulatedDriver(centre.world);
    gateway = await startGateway({
      db: centre.database.worker, databaseUrl: centre.database.url.worker, driverFor: () => driver, portalOrigins: [web.origin], bindAddress: "127.0.0.1", port, name: "gateway-of-desktops", clock: systemClock, random: systemRandom, logger: silentLogger, limits: { upstreamMs: 2_000 },
    });
    browser = await launch();
  }, BUILD_MS);

  afterAll(async () => {
    await browser?.close();
    await gateway?.close();
    await web?.stop();
    await centre?.close();
  });

  /** What a line run in the guest prints. */
  async function inGuest(machine: string, line: string): Promise<string> {
    const [host] = centre.runsOn(machine);
    const { pid } = (await centre.world.port.call("agentCommand", host!, { instanceId: machine, command: "guest-exec", args: { path: "/bin/sh", arg: ["-c", line], "capture-output": true } })) as { pid: number };
    const { "out-data": out } = (await centre.world.port.call("agentCommand", host!, { instanceId: machine, command: "guest-exec-status", args: { pid } })) as { "out-data"?: string };
    return Buffer.from(out ?? "", "base64").toString().trim();
  }
  const machineInUse = async (): Promise<string> =>
    (await centre.rows<{ id: string }>(`select d.instance_id as id from desktop_session s join desktop d on d.id = s.desktop_id where s.ended_at is null`))[0]!.id;
  /** How many of the screen's points are lit. */
  const litPoints = (page: Page): Promise<number> =>
    page.locator("[role=application] canvas").evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const data = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height).data;
      let lit = 0;
      for (let at = 0; at < data.length; at += 4) if (data[at]! > 150) lit += 1;
      return lit;
    });

  it("is given by an admin, appears by itself, is typed in, left, gone back to, logged off from, and nothing of it is left", async () => {
    const admin = await visit(browser, { origin: web.origin });
    const person = await visit(browser, { origin: web.origin });
    await Promise.all([signIn(admin.page, "admin@acme.test"), signIn(person.page, "person@acme.test")]);
    const desk = person.page;

    await desk.goto(`/o/${slug}/desktops`);
    await desk.getByText("No desktop yet").waitFor();
    await admin.page.goto(`/o/${slug}/desktop-pools/images`);
    await admin.page.getByRole("button", { name: /Screen of version 1/ }).waitFor();
    await shoot(admin.page, "golden-images");
    expect(await accessibilityFaults(admin.page)).toEqual([]);
    await admin.page.goto(`/o/${slug}/desktop-pools/${poolId}?tab=people`);
    await admin.page.getByLabel("E-mail addresses").fill("Name,Mail\nRen Sato,PERSON@acme.test\nlater@acme.test");
    await admin.page.getByText("2 addresses found").waitFor();
    await admin.page.getByRole("button", { name: "Add people" }).click();
    await admin.page.getByText("Not a member yet", { exact: true }).waitFor();
    await shoot(admin.page, "pool-people");
    expect(await accessibilityFaults(admin.page)).toEqual([]);

    // Nobody reloads: the card comes by the stream of changes.
    await desk.getByRole("heading", { name: "office" }).waitFor();
    await until("one stands ready", 30_000, async () => (await getPool(centre.tenant, { poolId })).counts.ready === 1);
    await shoot(desk, "my-desktops");
    expect(await accessibilityFaults(desk)).toEqual([]);
    await desk.getByRole("button", { name: "Open", exact: true }).click();
    await desk.getByText("Connected", { exact: true }).waitFor();
    await expect.poll(() => litPoints(desk), { timeout: 60_000 }).toBeGreaterThan(1_000);
    expect(await accessibilityFaults(desk)).toEqual([]);
    const before = await litPoints(desk);
    await desk.keyboard.type("echo secret > /var/note");
    await desk.keyboard.press("Enter");
    const machine = await machineInUse();
    await expect.poll(() => inGuest(machine, "cat /var/note"), { timeout: 60_000 }).toBe("secret");
    await expect.poll(() => litPoints(desk), { timeout: 60_000 }).toBeGreaterThan(before);
    await desk.getByText(/^\d+ ms$/).waitFor();
    await shoot(desk, "session");
    // Who closes a dialog types on in the desktop.
    await desk.getByRole("button", { name: "Clipboard" }).click();
    await desk.getByRole("dialog").waitFor();
    await desk.keyboard.press("Escape");
    await desk.getByRole("dialog").waitFor({ state: "hidden" });
    await desk.keyboard.type("echo on > /var/after");
    await desk.keyboard.press("Enter");
    await expect.poll(() => inGuest(machine, "cat /var/after"), { timeout: 60_000 }).toBe("on");

    const download = desk.waitForEvent("download");
    await desk.getByRole("button", { name: "Screenshot" }).click();
    expect((await download).suggestedFilename()).toMatch(/^office-\d+-.*\.png$/);

    await admin.page.getByRole("tab", { name: "Sessions" }).click();
    await admin.page.getByRole("button", { name: "End: Ren Sato" }).waitFor();
    await shoot(admin.page, "pool-sessions");

    await desk.getByRole("button", { name: "Disconnect" }).click();
    await desk.getByText("In use by you").waitFor();
    await desk.getByRole("button", { name: "Back to it" }).click();
    await desk.getByText("Connected", { exact: true }).waitFor();
    expect(await machineInUse()).toBe(machine);
    await desk.getByRole("button", { name: "Log off" }).click();
    await desk.getByRole("dialog").getByRole("button", { name: "Log off" }).click();
    await desk.getByText("Ready to be opened.").waitFor();
    await until("it is wiped and stands ready", 30_000, async () => (await getPool(centre.tenant, { poolId })).counts.ready >= 1 && (await centre.rows(`select 1 from desktop where instance_id = '${machine}' and state = 'ready' and used_by_user_id is null`)).length === 1, () => getPool(centre.tenant, { poolId }));
    expect(await inGuest(machine, "cat /var/note || echo clean")).toBe("clean");
    await admin.page.getByText("logged off").waitFor();

    // An admin wipes one by hand; the page follows it by itself.
    await admin.page.getByRole("tab", { name: "Desktops", exact: true }).click();
    const wipes = async (): Promise<number> => Number((await centre.rows<{ n: number }>(`select sum(wipe_generation)::int as n from desktop where pool_id = '${poolId}'`))[0]!.n);
    const wipedBefore = await wipes();
    await admin.page.getByRole("button", { name: /^Wipe: office-/ }).first().click();
    await admin.page.getByRole("dialog").getByRole("button", { name: "Wipe" }).click();
    await until("it is wiped again", 30_000, async () => (await wipes()) === wipedBefore + 1 && (await getPool(centre.tenant, { poolId })).counts.resetting === 0, () => getPool(centre.tenant, { poolId }));
    await admin.page.getByRole("button", { name: /^Wipe: office-/ }).first().waitFor();
    await shoot(admin.page, "pool-desktops");
    expect(await accessibilityFaults(admin.page)).toEqual([]);

    for (const { complaints, context } of [admin, person]) {
      expect(complaints.filter((line) => !/WebSocket|Disconnect|closed/i.test(line)), web.output()).toEqual([]);
      await context.close();
    }
    await centre.checkInvariants();
  }, STORY_MS);

  it("is given to a group from a file, line by line, and what it cost and how it went is seen by those who run it", async () => {
    const identity = testContext(centre.database.app, { scope: "identity" });
    await ensureUser(identity, { email: "staff@berth.test", name: "Staff Member", password: PASSWORD, operatorRole: "auditor" });
    const admin = await visit(browser, { origin: web.origin });
    const staff = await visit(browser, { origin: web.origin });
    await Promise.all([signIn(admin.page, "admin@acme.test"), signIn(staff.page, "staff@berth.test", "/admin")]);
    const { page } = admin;
    await page.goto(`/o/${slug}/desktop-pools/groups`);
    await page.getByText("No group yet").waitFor();
    await page.getByRole("button", { name: "New group" }).first().click();
    await page.getByRole("dialog").getByLabel("Name").fill("Accounting");
    await page.getByRole("dialog").getByRole("button", { name: "New group" }).click();
    await page.getByText("Nobody is in this group").waitFor();
    await page.getByRole("button", { name: "From a CSV file" }).click();
    const file = "Name;Mail\n\"Sato; Ren\";PERSON@acme.test\nLater;later@acme.test\nAgain;later@acme.test\nBad;nobody\n";
    await page.getByLabel("CSV file").setInputFiles({ name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(file) });
    const lines = page.getByRole("region", { name: "Lines of the file" }).getByRole("row");
    await expect.poll(() => lines.allInnerTexts().then((rows) => rows.slice(1).map((row) => row.split(/\s*\t\s*/))), { timeout: 30_000 }).toEqual([
      ["2", "PERSON@acme.test", "Added"], ["3", "later@acme.test", "Added, not a member yet"], ["4", "later@acme.test", "Named above already"], ["5", "nobody", "Not an e-mail address"],
    ]);
    // Nothing was written so far.
    expect(await centre.rows("select 1 from desktop_group_member")).toEqual([]);
    await shoot(page, "import-people");
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole("button", { name: "Add 2 people" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await page.getByText("Ren Sato").waitFor();
    await shoot(page, "groups");
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.goto(`/o/${slug}/desktop-pools/${poolId}?tab=people`);
    await page.getByRole("button", { name: "Give it to the group" }).click();
    await page.getByText("2 people", { exact: true }).waitFor();
    await shoot(page, "pool-people-group");
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.goto(`/o/${slug}/desktop-pools/costs`);
    await page.getByRole("region", { name: "By person" }).getByText("person@acme.test").waitFor();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "CSV" }).click();
    expect((await download).suggestedFilename()).toMatch(/-desktops-\d{4}-\d{2}\.csv$/);
    await shoot(page, "costs");
    expect(await accessibilityFaults(page)).toEqual([]);

    await staff.page.goto("/admin/desktops");
    await staff.page.getByRole("region", { name: "Density" }).getByText("h1").waitFor();
    await staff.page.getByRole("region", { name: "Image factory" }).getByText("Office · Version 1").waitFor();
    await staff.page.getByRole("region", { name: "Pools" }).getByRole("row").filter({ hasText: /^office/ }).waitFor();
    await shoot(staff.page, "operator");
    expect(await accessibilityFaults(staff.page)).toEqual([]);
    for (const { complaints, context } of [admin, staff]) {
      expect(complaints, web.output()).toEqual([]);
      await context.close();
    }
  }, STORY_MS);

  it.skipIf(!SHOTS)("shows its other pages in both languages, dark and narrow, to whoever looks at the pictures", async () => {
    for (const [meter, micros, flavorId] of [["instance", 2_100_000, centre.flavors.small], ["storage", 14_000, null], ["address", 500_000, null]] as const) {
      await centre.database.owner.execute(sql`insert into price_version (id, meter, flavor_id, currency, micros_per_hour, valid_from, created_at, created_by) values (${`prv_${meter}`}, ${meter}, ${flavorId}, 'JPY', ${micros}, now() - interval '1 day', now(), 'test')`);
    }
    for (const [name, options] of [["en", { locale: "en-US" }], ["ja-dark", { locale: "ja-JP", colorScheme: "dark" }], ["ja-narrow", { locale: "ja-JP", width: 390 }]] as const) {
      await centre.database.owner.execute(sql`update user_account set locale = ${options.locale.slice(0, 2)}`);
      const { page, context } = await visit(browser, { origin: web.origin, ...options });
      await signIn(page, "admin@acme.test");
      for (const [part, path] of [["list", ""], ["create", "/create"], ["images", "/images"], ["detail", `/${poolId}`], ["settings", `/${poolId}?tab=settings`], ["people", `/${poolId}?tab=people`], ["groups", "/groups"], ["costs", "/costs"]] as const) {
        await page.goto(`/o/${slug}/desktop-pools${path}`);
        await page.waitForTimeout(800);
        if (part === "create") await page.locator("label").filter({ hasText: "small" }).click();
        if (part === "settings") await page.locator("form").getByRole("button").filter({ hasText: /Add a time|時間帯を追加/ }).click();
        await page.screenshot({ path: join(SHOTS ?? "", `${name}-${part}.png`), fullPage: true });
        expect(await fitsWidth(page), `${name} ${part}`).toBe(true);
      }
      await context.close();
      const staff = await visit(browser, { origin: web.origin, ...options });
      await signIn(staff.page, "staff@berth.test", "/admin");
      await staff.page.goto("/admin/desktops");
      await staff.page.waitForTimeout(800);
      await staff.page.screenshot({ path: join(SHOTS ?? "", `${name}-operator.png`), fullPage: true });
      expect(await fitsWidth(staff.page), `${name} operator`).toBe(true);
      await staff.context.close();
    }
  }, STORY_MS);
});
