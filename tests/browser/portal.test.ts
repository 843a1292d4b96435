import type { Browser, Page } from "playwright-core";
import { and, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instance } from "@/db/schema/compute";
import { quota } from "@/db/schema/quota";
import { organization } from "@/db/schema/tenancy";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { fillPortal, type PortalFixture } from "../support/portal-fixture";
import { startWeb, type RunningWeb } from "../support/web";
import { accessibilityFaults, fitsWidth, launch, signIn, skipReason, visit, type SignedInState } from "./browser";

/** A build on a busy machine takes its minutes; it is made once for all tests of these sources. */
const BUILD_MS = 600_000;
const PAGE_MS = 300_000;

describe.skipIf(skipReason !== null)(`the portal in Chromium${skipReason ? ` (skipped: ${skipReason})` : ""}`, () => {
  let database: TestDatabase;
  let fixture: PortalFixture;
  let web: RunningWeb;
  let browser: Browser;

  beforeAll(async () => {
    database = await createTestDatabase();
    fixture = await fillPortal(database.owner);
    web = await startWeb({ appDatabaseUrl: database.url.app });
    browser = await launch();
  }, BUILD_MS);

  afterAll(async () => {
    await browser?.close();
    await web?.stop();
    await database?.close();
  });

  /** Signs a person in once, through the form; later visits carry the cookies. */
  const states = new Map<string, SignedInState>();
  async function stateOf(email: string): Promise<SignedInState> {
    const known = states.get(email);
    if (known) return known;
    const { context, page } = await visit(browser, { origin: web.origin });
    await signIn(page, email);
    const state = await context.storageState();
    await context.close();
    states.set(email, state);
    return state;
  }

  /** A fresh visitor for one test; complaints of the page fail it. */
  async function withPage(work: (page: Page) => Promise<void>, options: { width?: number; colorScheme?: "light" | "dark"; as?: string } = {}): Promise<void> {
    const { as, ...looks } = options;
    const { context, page, complaints } = await visit(browser, { origin: web.origin, ...looks, ...(as ? { state: await stateOf(as) } : {}) });
    try {
      await work(page);
      expect(complaints, web.output()).toEqual([]);
    } finally {
      await context.close();
    }
  }

  it("shows the public prices of the catalog to nobody in particular", async () => {
    await withPage(async (page) => {
      await page.goto("/");
      await page.getByRole("cell", { name: "s1.medium" }).waitFor();
      expect(await page.getByRole("row", { name: /s1\.medium/ }).textContent()).toContain("¥5.4");
      expect(await accessibilityFaults(page)).toEqual([]);
    });
  }, PAGE_MS);

  it("refuses a wrong password in words, and lets the right one in and out again", async () => {
    await withPage(async (page) => {
      await page.goto("/sign-in");
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByLabel("E-mail").fill(fixture.owner);
      await page.getByLabel("Password").fill("not the password");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("This e-mail and password do not match").waitFor();
      await signIn(page, fixture.owner);
      await page.waitForURL("**/o/acme/instances");
      await page.getByRole("button", { name: /your menu/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await page.waitForURL("**/sign-in**");
      await page.goto("/o/acme/instances");
      await page.waitForURL("**/sign-in?next=**");
    });
  }, PAGE_MS);

  it("lists, searches, filters and sorts instances, with the state in the address", async () => {
    await withPage(async (page) => {
      await page.goto("/o/acme/instances");
      await page.getByRole("link", { name: "web-1" }).waitFor();
      expect(await page.getByText("Waiting for capacity", { exact: true }).count()).toBeGreaterThan(0);
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByRole("searchbox", { name: "Search by name or address" }).fill("web");
      await page.waitForURL("**search=web**");
      await page.getByText("1–3 of 3").waitFor();
      await page.getByRole("button", { name: "Clear" }).click();
      await page.getByRole("combobox", { name: "Filter by status" }).selectOption("stopped");
      await page.waitForURL("**status=stopped**");
      await page.getByRole("link", { name: "build" }).waitFor();
      // Longer than a pause in typing: what was cleared does not come back.
      await page.waitForTimeout(1_000);
      expect([await page.getByRole("searchbox").inputValue(), new URL(page.url()).searchParams.get("search")]).toEqual(["", null]);
      await page.goto("/o/acme/instances?sort=name&direction=asc");
      await page.getByRole("link", { name: "batch" }).waitFor();
      expect(await page.locator("tbody tr").first().textContent()).toContain("batch");
    }, { as: fixture.owner });
  }, PAGE_MS);

  it("creates an instance: price and quota while choosing, an SSH key on the way, then its page", async () => {
    await withPage(async (page) => {
      await page.goto("/o/acme/instances/create");
      await page.getByRole("button", { name: "Create", exact: true }).click();
      await page.getByText("Choose a size.").waitFor();
      await page.getByText("s1.medium").click();
      await page.getByText("¥6.46 / hour").waitFor();
      await page.getByText("Debian 12").click();
      await page.getByRole("button", { name: "Add an SSH key" }).click();
      await page.getByLabel("Public key").fill("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl laptop");
      await page.getByRole("dialog").getByRole("button", { name: "Add an SSH key" }).click();
      await page.getByRole("checkbox", { name: /laptop/ }).waitFor();
      expect(await page.getByRole("checkbox", { name: /laptop/ }).isChecked()).toBe(true);
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByLabel("Name", { exact: true }).fill("Not A Host Name");
      await page.getByRole("button", { name: "Create", exact: true }).click();
      await page.getByText("Enter a host name").waitFor();
      await page.getByLabel("Name", { exact: true }).fill("from-the-browser");
      await page.getByRole("button", { name: "Create", exact: true }).click();
      await page.waitForURL("**/o/acme/instances/ins_**");
      await page.getByRole("heading", { level: 1, name: "from-the-browser" }).waitFor();
      await page.getByText("Being made").waitFor();
      await page.getByText(/^Ordered/).waitFor();
    }, { as: fixture.owner });
    const rows = await database.owner.select().from(instance).where(and(eq(instance.name, "from-the-browser")));
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ vcpus: 2, memoryMiB: 4096, desiredPower: "running" });
  }, PAGE_MS);

  it("acts on an instance and shows the change without a reload: live, not by asking again and again", async () => {
    await withPage(async (page) => {
      await page.goto("/o/acme/instances");
      await page.getByRole("link", { name: "web-2" }).click();
      await page.getByRole("heading", { level: 1, name: "web-2" }).waitFor();
      const second = await visit(browser, { origin: web.origin, state: await stateOf(fixture.owner) });
      try {
        await second.page.goto(page.url());
        await second.page.getByRole("button", { name: "Shut down" }).click();
        // The first page hears of it by server-sent events.
        await page.getByText("Shutdown was asked for").waitFor();
        await page.getByText("Stopping", { exact: true }).waitFor();
      } finally {
        await second.context.close();
      }
    }, { as: fixture.owner });
  }, PAGE_MS);

  it("resizes: the price before and after, what is left of the quota, when it takes effect, and a refusal in words", async () => {
    const row = async () => (await database.owner.select().from(instance).where(eq(instance.name, "build")))[0]!;
    const before = await row();
    await withPage(async (page) => {
      await page.goto(`/o/acme/instances/${before.id}`);
      await page.getByRole("button", { name: "Resize" }).click();
      const dialog = page.getByRole("dialog");
      const size = dialog.getByRole("combobox", { name: "Size" });
      await size.selectOption({ label: await dialog.getByRole("option", { name: /s1\.large/ }).textContent() ?? "" });
      // 1.2 + 10 GiB x 0.014, and 10.8 + 80 GiB x 0.014, by the prices of the fixture.
      await dialog.getByText("¥1.34 / hour").waitFor();
      await dialog.getByText("¥11.92 / hour").waitFor();
      // What is left now, less the difference of both sizes: three vCPUs more.
      const [limits] = await database.owner.select().from(quota).innerJoin(organization, eq(organization.id, quota.organizationId)).where(eq(organization.slug, "acme"));
      const left = limits!.quota.limitVcpus - limits!.quota.committedVcpus - limits!.quota.heldVcpus;
      await dialog.getByText(new RegExp(`^${left - 3} vCPUs · `)).waitFor();
      await dialog.getByText("It does not run now; the new size is there when it starts.").waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await dialog.getByLabel("Disk, GiB").fill("5");
      await dialog.getByText("Enter a whole number, at least 10 GiB: a disk cannot shrink.").waitFor();
      expect(await dialog.getByRole("button", { name: "Resize" }).isDisabled()).toBe(true);
      await dialog.getByLabel("Disk, GiB").fill("2500");
      await dialog.getByRole("button", { name: "Resize" }).click();
      await dialog.getByRole("alert").getByText(/quota/i).waitFor();
      expect(await row()).toEqual(before);
      await dialog.getByLabel("Disk, GiB").fill("90");
      await dialog.getByRole("button", { name: "Resize" }).click();
      await dialog.waitFor({ state: "detached" });
      await page.getByText("The new size takes effect at the next boot.").waitFor();
      await page.getByText(/A new size was asked for/).waitFor();
    }, { as: fixture.owner });
    expect(await row()).toMatchObject({ vcpus: 4, memoryMiB: 8192, diskGiB: 90, generation: before.generation + 1 });
  }, PAGE_MS);

  it("rebuilds only after the name was typed, from the image that was chosen", async () => {
    const row = async () => (await database.owner.select().from(instance).where(eq(instance.name, "web-3")))[0]!;
    const before = await row();
    await withPage(async (page) => {
      await page.goto(`/o/acme/instances/${before.id}?tab=settings`);
      await page.getByRole("button", { name: "Rebuild" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText("Everything on its root disk is lost and cannot be brought back.").waitFor();
      const confirm = dialog.getByRole("button", { name: "Rebuild" });
      expect(await confirm.isDisabled()).toBe(true);
      await dialog.getByRole("combobox", { name: "Image" }).selectOption({ label: "Tiny Linux" });
      await dialog.getByLabel("Type web-3 to confirm").fill("web-2");
      expect(await confirm.isDisabled()).toBe(true);
      expect(await accessibilityFaults(page)).toEqual([]);
      await dialog.getByLabel("Type web-3 to confirm").fill("web-3");
      await confirm.click();
      await dialog.waitFor({ state: "detached" });
      await page.getByText("The rebuild has begun.").waitFor();
    }, { as: fixture.owner });
    const after = await row();
    expect(after).toMatchObject({ rebuildGeneration: before.rebuildGeneration + 1, generation: before.generation + 1 });
    expect(after.imageId).not.toBe(before.imageId);
  }, PAGE_MS);

  it("founds a cluster in the console, and says which field is wrong", async () => {
    await withPage(async (page) => {
      await page.goto("/admin/clusters");
      await page.getByRole("link", { name: "Create a cluster" }).click();
      await page.getByRole("heading", { level: 1, name: "Create a cluster" }).waitFor();
      await page.getByRole("button", { name: "Create the cluster" }).click();
      await page.getByText("Enter something like tokyo-1.").waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      const values = { Name: "osaka-1", "CPU model of the guests": "x86-64-v2", "Name of the pool": "berth", "Path on the hosts": "/srv/berth", "Name of the network": "private", "Bridge on the hosts": "br-berth", Network: "10.90.0.0/24", Gateway: "10.90.0.20", "First address": "10.90.0.10", "Last address": "10.90.0.250" };
      for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
      await page.getByRole("button", { name: "Create the cluster" }).click();
      await page.getByText(/The gateway 10\.90\.0\.20 lies in the range/).waitFor();
      await page.getByLabel("Gateway").fill("10.90.0.1");
      await page.getByRole("button", { name: "Create the cluster" }).click();
      await page.getByRole("heading", { level: 1, name: "osaka-1" }).waitFor();
    }, { as: fixture.staff });
  }, PAGE_MS);

  it("speaks Japanese when asked, also after the next sign-in", async () => {
    await withPage(async (page) => {
      await signIn(page, fixture.viewer);
      await page.getByRole("button", { name: "Language" }).click();
      await page.getByRole("menuitem", { name: "日本語" }).click();
      await page.getByRole("heading", { level: 1, name: "インスタンス" }).waitFor();
      expect(await page.locator("html").getAttribute("lang")).toBe("ja");
      await page.context().clearCookies();
      await signIn(page, fixture.viewer);
      await page.getByRole("heading", { level: 1, name: "インスタンス" }).waitFor();
      // What the server decided and saw is said in the reader's language too.
      await page.getByRole("link", { name: "batch" }).click();
      await page.getByText("現在 batch（2 vCPU、4 GiB）を置けるサーバーがありません。").waitFor();
      await page.getByText("サーバー 1 で販売できる残りは 1 個です").waitFor();
      await page.getByText("サーバー 3 を運用に戻す。").waitFor();
      expect(await page.getByText("No server has room").count()).toBe(0);
      await page.goto("/o/acme/instances");
      await page.getByRole("link", { name: "staging" }).click();
      await page.getByText("現在、サーバーの空きメモリーまたは空きストレージが足りません。").waitFor();
    });
  }, PAGE_MS);

  it("turns dark by choice and stays so", async () => {
    await withPage(async (page) => {
      await page.goto("/sign-in");
      const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const light = await background();
      await page.getByRole("button", { name: "Theme" }).click();
      await page.getByRole("menuitem", { name: "Dark" }).click();
      await page.waitForFunction(() => document.documentElement.classList.contains("dark"));
      expect(await background()).not.toBe(light);
      await page.reload();
      await page.waitForFunction(() => document.documentElement.classList.contains("dark"));
    });
  }, PAGE_MS);

  it("shows somebody else's organization exactly like one that does not exist", async () => {
    await withPage(async (page) => {
      for (const path of [`/o/${fixture.foreignSlug}/instances`, "/o/no-such-organization/instances", "/admin/hosts"]) {
        const answer = await page.goto(path);
        expect(answer?.status(), path).toBe(404);
        await page.getByText("Nothing here").waitFor();
        expect(await page.getByText("Globex").count()).toBe(0);
      }
    }, { as: fixture.owner });
  }, PAGE_MS);

  it("keeps a viewer from changing anything", async () => {
    await withPage(async (page) => {
      await page.goto("/o/acme/instances");
      await page.getByRole("link", { name: "web-1" }).waitFor();
      expect(await page.getByRole("link", { name: /インスタンスを作成|Create instance/ }).count()).toBe(0);
    }, { as: fixture.viewer });
  }, PAGE_MS);

  it("invites somebody, who accepts with a new account and stands in the organization", async () => {
    await withPage(async (page) => {
      await page.goto("/o/acme/members");
      await page.getByRole("button", { name: "Invite a member" }).click();
      await page.getByRole("dialog").getByLabel("E-mail").fill("newcomer@acme.test");
      await page.getByRole("dialog").getByRole("button", { name: "Invite a member" }).click();
      const link = (await page.getByRole("dialog").locator("pre").textContent())?.trim() ?? "";
      expect(link).toMatch(/\/invitations\/[\w-]{43}$/);
      const guest = await visit(browser, { origin: web.origin });
      try {
        await guest.page.goto(link);
        await guest.page.getByRole("heading", { name: "Join Acme Trading" }).waitFor();
        expect(await accessibilityFaults(guest.page)).toEqual([]);
        await guest.page.getByLabel("Your name").fill("New Comer");
        await guest.page.getByLabel("Choose a password").fill("a sentence of my own");
        await guest.page.getByRole("button", { name: "Accept and continue" }).click();
        await guest.page.waitForURL("**/o/acme/instances");
        await guest.page.getByRole("link", { name: "Create instance" }).waitFor();
        await guest.page.goto(link);
        await guest.page.getByText("This invitation cannot be used").waitFor();
      } finally {
        await guest.context.close();
      }
      // The list hears of the newcomer by itself.
      await page.getByRole("dialog").getByRole("button", { name: "Close" }).first().click();
      await page.getByText("newcomer@acme.test").waitFor();
    }, { as: fixture.owner });
  }, PAGE_MS);

  it("sends an image, and says why when it is not one", async () => {
    await withPage(async (page) => {
      await page.goto("/o/acme/images");
      await page.getByRole("button", { name: "Upload an image" }).click();
      await page.getByLabel("File").setInputFiles({ name: "not-an-image.qcow2", mimeType: "application/octet-stream", buffer: Buffer.alloc(64 * 1024, "no disk image at all") });
      await page.getByRole("dialog").getByRole("button", { name: "Upload an image" }).click();
      // Refused in words: by the check itself, or because the check cannot be made on this machine.
      await page.getByRole("dialog").getByRole("alert").getByText(/qcow2|qemu-img/).waitFor();
    }, { as: fixture.owner });
  }, PAGE_MS);

  it("opens every screen of a tenant on a telephone: nothing sticks out, nothing is unnamed", async () => {
    await withPage(async (page) => {
      for (const path of ["instances", "instances/create", "images", "keys", "usage", "billing", "members", "audit", "settings"]) {
        await page.goto(`/o/acme/${path}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.waitForFunction(() => document.querySelectorAll("main [aria-busy=true]").length === 0);
        expect(await fitsWidth(page), `${path} is wider than the screen`).toBe(true);
        expect(await accessibilityFaults(page), path).toEqual([]);
        expect(await page.getByRole("alert").filter({ hasText: /./ }).count(), `${path} shows an error`).toBe(0);
      }
    }, { width: 390, colorScheme: "dark", as: fixture.owner });
  }, PAGE_MS);

  it("opens every screen of the operator", async () => {
    await withPage(async (page) => {
      for (const path of ["clusters", "hosts", "hosts/enroll", "decisions", "loops", "organizations", "catalog", "audit"]) {
        await page.goto(`/admin/${path}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.waitForFunction(() => document.querySelectorAll("main [aria-busy=true]").length === 0);
        expect(await accessibilityFaults(page), path).toEqual([]);
        expect(await page.getByRole("alert").filter({ hasText: /./ }).count(), `${path} shows an error`).toBe(0);
      }
      await page.goto("/admin/hosts");
      await page.getByRole("link", { name: "tokyo-1-h1" }).click();
      await page.getByRole("heading", { level: 1, name: "tokyo-1-h1" }).waitFor();
      await page.getByRole("button", { name: "Drain" }).click();
      await page.getByRole("dialog").getByText(/wave|Nothing has to move|cannot leave/).first().waitFor();
    }, { as: fixture.staff });
  }, PAGE_MS);
});
