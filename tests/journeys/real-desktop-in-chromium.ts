import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { REAL_DESKTOP } from "@/server/lab/demo/data-centre";
import { PortalClient } from "@/server/lab/demo/portal-client";
import { launch, visit } from "../browser/browser";
import { shoot, until, type Portal } from "./work-in-chromium";

/** A Debian with X boots under software emulation, on a machine that does other things too. */
const BOOT_MS = 15 * 60_000;
const FOLLOWS_MS = 300_000;
const INTO = "Berth → 机の上 1";
const OUT_OF = "from the guest: 漢字, ü, 2nd line\nend";

export interface RealDesktop extends Pick<Portal, "origin" | "tenant"> {
  /** A line of a shell in the guest, as root; null while its agent does not answer. */
  readonly inGuest: (instanceId: string, line: string) => Promise<string | null>;
}

/** What was seen, for a person to read. */
export interface Seen {
  readonly size: string;
  readonly clipboardIn: string;
  readonly clipboardOut: string;
  readonly fileIn: string;
  readonly fileOut: string;
  readonly complaints: readonly string[];
}

/**
 * A person works in the Debian desktop in Chromium through the gateway: its screen takes the size of the window, text goes in and out through the clipboard,
 * a file goes in and out. Each is looked at inside the guest. The golden image of that name has to be published.
 */
export async function realDesktopInChromium({ origin, tenant, inGuest }: RealDesktop): Promise<Seen> {
  const admin = new PortalClient(origin);
  await admin.signIn(tenant.email, tenant.password);
  const organization = "acme";
  const golden = (await admin.api.desktopPools.goldenVersions.query({ organization })).items.find((item) => item.state === "published" && item.goldenImageName === REAL_DESKTOP.image);
  const flavor = (await admin.api.catalog.flavors.query({ organization })).find((one) => one.name === REAL_DESKTOP.flavor);
  if (!golden || !flavor) throw new Error(`no published golden image ${REAL_DESKTOP.image}, or no flavor ${REAL_DESKTOP.flavor}`);
  const { id: poolId } = await admin.api.desktopPools.create.mutate({ organization, name: "design", kind: "persistent", goldenImageId: golden.goldenImageId, flavorId: flavor.id, minimumReady: 0, maximum: 1, filesIn: true, filesOut: true });
  await admin.api.desktopPools.assign.mutate({ organization, poolId, everybody: true });
  await admin.api.desktops.open.mutate({ organization, poolId });
  const instanceId = await until("it has a machine", async () => (await admin.api.desktopPools.desktops.query({ organization, poolId })).items[0]?.instanceId, BOOT_MS);
  const asDesk = (line: string): Promise<string | null> => inGuest(instanceId, `su desk -c 'DISPLAY=:0 ${line}'`);
  await until("its window manager runs", async () => (await inGuest(instanceId, "pgrep -x icewm >/dev/null && pgrep -x xterm >/dev/null && echo up"))?.trim() === "up", BOOT_MS);
  await asDesk("pcmanfm /transfer >/dev/null 2>&1 &");

  const browser = await launch();
  try {
    const { page, complaints } = await visit(browser, { origin });
    page.setDefaultTimeout(FOLLOWS_MS);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`/sign-in?next=${encodeURIComponent(`/o/${organization}/desktops`)}`);
    await page.locator("input[type=email]").fill(tenant.email);
    await page.locator("input[type=password]").fill(tenant.password);
    await page.locator("button[type=submit]").click();
    await page.getByRole("button", { name: "Open", exact: true }).or(page.getByRole("button", { name: "Back to it" })).first().click();
    await page.getByRole("toolbar").getByText("Connected", { exact: true }).waitFor();

    const wanted = async (): Promise<string> => {
      const box = await page.locator("[role=application]").boundingBox();
      return `${Math.round(box?.width ?? 0)}x${Math.round(box?.height ?? 0)}`;
    };
    const size = await until("the guest's screen has the size of the window", async () => {
      const now = /current (\d+) x (\d+)/.exec((await asDesk("xrandr")) ?? "");
      return now && `${now[1]}x${now[2]}` === (await wanted()) ? `${now[1]}x${now[2]}` : null;
    }, FOLLOWS_MS);

    const tool = (name: string) => page.getByRole("toolbar").getByRole("button", { name, exact: true });
    await typeInto(page);
    await page.waitForTimeout(3_000);
    await shoot(page, "desktop");
    await tool("Files").click();
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 13 + (at >> 7)) % 256));
    await page.locator("input[type=file]").setInputFiles({ name: "設計 plan.bin", mimeType: "application/octet-stream", buffer: content });
    await page.getByText("設計 plan.bin is in the desktop.").waitFor();
    const fileIn = (await inGuest(instanceId, "stat -c '%U %s %n' /transfer/*")) ?? "";
    await page.getByRole("button", { name: "Save 設計 plan.bin" }).waitFor();
    await shoot(page, "files");
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save 設計 plan.bin" }).click();
    const back = readFileSync(await (await download).path());
    if (!back.equals(content)) throw new Error(`the file came back with ${back.length} bytes of ${content.length}, or with others`);
    await page.keyboard.press("Escape");

    await tool("Clipboard").click();
    await page.getByRole("textbox", { name: "To the desktop" }).fill(INTO);
    await page.getByRole("button", { name: "Send to the desktop" }).click();
    const clipboardIn = await until("the text is in the guest's clipboard", async () => {
      const now = await asDesk("timeout 20 xclip -o -selection clipboard -t UTF8_STRING");
      return now === INTO ? now : null;
    }, FOLLOWS_MS);
    await inGuest(instanceId, `printf '%s' '${OUT_OF}' > /tmp/out.txt; chmod 644 /tmp/out.txt`);
    await asDesk("xclip -i -selection clipboard /tmp/out.txt >/dev/null 2>&1");
    const shown = page.getByRole("textbox", { name: "From the desktop" });
    const clipboardOut = await until("the guest's text is in the page", async () => ((await shown.count()) > 0 && (await shown.inputValue()) === OUT_OF ? OUT_OF : null), FOLLOWS_MS);
    await page.keyboard.press("Escape");

    await page.goto(`/o/${organization}/desktop-pools/${poolId}`);
    await page.getByRole("heading", { name: "design" }).waitFor();
    await page.waitForTimeout(8_000);
    await shoot(page, "pool-real");
    return { size, clipboardIn, clipboardOut, fileIn: fileIn.trim(), fileOut: `${back.length} bytes, as they were`, complaints };
  } finally {
    await browser.close();
  }
}

/** A line in the terminal, for the picture. */
async function typeInto(page: Page): Promise<void> {
  const screen = page.locator("[role=application] canvas");
  await screen.click({ position: { x: 300, y: 300 } });
  await page.keyboard.type("ls -l Transfer; uname -sr", { delay: 60 });
  await page.keyboard.press("Enter");
}
