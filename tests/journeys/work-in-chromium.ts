import type { Page } from "playwright-core";
import { PortalClient } from "@/server/lab/demo/portal-client";
import { launch, visit } from "../browser/browser";
import { BOOT_MS, hostOf, labOf, ORGANIZATION, shoot, signIn, until, type Portal } from "./portal";

/** The points of the screen that are lit, as one text each, so that two moments can be compared. */
function litPoints(page: Page): Promise<number[]> {
  return page.locator("[role=application] canvas").evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const data = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height).data;
    const lit: number[] = [];
    for (let at = 0; at < data.length; at += 4) if (data[at]! > 100 || data[at + 1]! > 100) lit.push(at / 4);
    return lit;
  });
}

/** Whether the shell's green prompt stands on the screen: what is typed before it goes nowhere. */
function promptStands(page: Page): Promise<boolean> {
  return page.locator("[role=application] canvas").evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const data = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height).data;
    let bright = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at + 1]! > 200 && data[at]! < 140 && data[at + 2]! < 140) bright += 1;
    return bright > 200;
  });
}

/** Points that are lit in one of two pictures only; a blinking cursor is a few dozen. */
function differing(a: readonly number[], b: readonly number[]): number {
  const [inA, inB] = [new Set(a), new Set(b)];
  return a.filter((point) => !inB.has(point)).length + b.filter((point) => !inA.has(point)).length;
}

/** Two cells of a text screen: where the cursor was and where it is. */
const CURSOR_POINTS = 2 * 9 * 16;

/**
 * A person works in a desktop of real QEMU in Chromium, through the gateway: opens it, types, is moved live, loses the host and is back,
 * leaves and comes back, logs off. What the page said over the screen meanwhile is answered.
 */
export async function workInChromium({ origin, tenant, operator, data }: Portal): Promise<{ readonly said: readonly string[]; readonly complaints: readonly string[] }> {
  const admin = new PortalClient(origin);
  const staff = new PortalClient(origin);
  await admin.signIn(tenant.email, tenant.password);
  await staff.signIn(operator.email, operator.password);
  const organization = ORGANIZATION;
  const golden = (await admin.api.desktopPools.goldenVersions.query({ organization })).items.find((item) => item.state === "published" && item.goldenImageName === "Office");
  const flavor = (await admin.api.catalog.flavors.query({ organization })).find((one) => one.name === "micro-1");
  if (!golden || !flavor) throw new Error("the demo left no published golden image, or has no flavor micro-1");
  const { id: poolId } = await admin.api.desktopPools.create.mutate({ organization, name: "reception", kind: "floating", goldenImageId: golden.goldenImageId, flavorId: flavor.id, minimumReady: 1, maximum: 1 });
  await admin.api.desktopPools.assign.mutate({ organization, poolId, everybody: true });
  await until("a desktop stands ready", async () => (await admin.api.desktopPools.get.query({ organization, poolId })).counts.ready === 1);
  const row = (await admin.api.desktopPools.desktops.query({ organization, poolId })).items[0];
  const hostNow = () => hostOf(staff, row?.instanceId ?? null);

  const browser = await launch();
  try {
    const { page, complaints } = await visit(browser, { origin });
    page.setDefaultTimeout(60_000);
    await signIn(page, tenant, `/o/${organization}/desktops`);
    await page.getByRole("button", { name: "Open", exact: true }).click();
    const connected = page.getByRole("toolbar").getByText("Connected", { exact: true });
    await connected.waitFor();
    await until("the screen shows its prompt", () => promptStands(page));
    const before = await litPoints(page);
    await page.keyboard.type("cat /etc/banner.sh");
    await page.keyboard.press("Enter");
    await until("the screen shows what was typed", async () => differing(before, await litPoints(page)) > 4 * CURSOR_POINTS);
    await page.waitForTimeout(500);
    const typed = await litPoints(page);
    await shoot(page, "session");

    // Everything that stands over the screen is remembered, however short it stands there.
    await page.evaluate(() => {
      const said = new Set<string>();
      Object.assign(globalThis, { said });
      new MutationObserver(() => {
        for (const status of document.querySelectorAll("[role=status]")) if (status.textContent) said.add(status.textContent);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    const from = await until("it has a host", hostNow);
    await staff.api.admin.hosts.drain.mutate({ hostId: from.id });
    const to = await until("it runs elsewhere", async () => {
      const now = await hostNow();
      return now && now.id !== from.id ? now : null;
    });
    // The picture is sent anew, and not every point of it as exactly as before: it is nearer to what was typed than to a fresh screen by far.
    const written = differing(before, typed);
    await until("the picture is back after the move, as it was", async () => (await connected.isVisible()) && differing(typed, await litPoints(page)) < written / 4);
    await staff.api.admin.hosts.returnToService.mutate({ hostId: from.id });

    const lab = await labOf(data);
    await lab.crash(to.name);
    await page.getByText("Moving your desktop").first().waitFor();
    await page.getByText("The server under it failed.").waitFor();
    await shoot(page, "host-lost");
    await until("it runs at a third host", async () => {
      const now = await hostNow();
      return now && now.id !== to.id ? now : null;
    });
    await until("the screen is back", async () => (await connected.isVisible()) && (await litPoints(page)).length > 1_000);
    await lab.wake(to.name);

    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("button", { name: "Back to it" }).click();
    await connected.waitFor();
    const said = await page.evaluate(() => [...(globalThis as unknown as { said: Set<string> }).said]);
    await page.getByRole("button", { name: "Log off" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Log off" }).click();
    await page.getByText("Ready to be opened.").waitFor({ timeout: BOOT_MS });
    await page.goto(`/o/${organization}/desktop-pools/${poolId}`);
    await page.getByRole("heading", { name: "reception" }).waitFor();
    await page.waitForTimeout(500);
    await shoot(page, "pool");
    return { said, complaints };
  } finally {
    await browser.close();
  }
}
