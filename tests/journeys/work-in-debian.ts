import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { createLibvirtDriver } from "@/server/drivers/hypervisor/libvirt";
import { REAL_DESKTOP } from "@/server/lab/demo/data-centre";
import { Guest } from "@/server/lab/demo/guest";
import { PortalClient } from "@/server/lab/demo/portal-client";
import { launch, visit } from "../browser/browser";
import { hostOf, labOf, ORGANIZATION, shoot, signIn, until, type Portal } from "./portal";

const POOL = "design";
/** A first boot under software emulation, on a busy machine. */
const FIRST_BOOT_MS = 720_000;
/** As the person of the desktop, with its screen. */
const AS_PERSON = "runuser -u desk -- env DISPLAY=:0 HOME=$(echo ~desk) timeout 15";

/** What the page and the guest showed of each part; both clipboards and the files as texts. */
export interface DebianWork {
  readonly typed: string;
  readonly pastedInGuest: string;
  readonly clipboardInGuest: string;
  readonly clipboardInBrowser: string;
  readonly fileInGuest: string;
  readonly fileOut: string;
  readonly sizes: readonly { readonly window: string; readonly guest: string }[];
  readonly resumeMs: number;
  /** What the guest speaks and which keyboard it has, and what places of keys gave there: for a person who chose Japanese, after its host was lost, and for one who chose English. */
  readonly japanese: Spoken;
  readonly afterLoss: Spoken;
  readonly english: Spoken;
  /** The guest went on through the live move, and its person's file was there after the host was lost. */
  readonly movedAwake: boolean;
  readonly keptThroughLoss: string;
  /** What stood over the screen meanwhile. */
  readonly said: readonly string[];
  readonly clipboardAfterResume: string;
  readonly clipboardOutAfterResume: string;
  readonly complaints: readonly string[];
}

export interface Spoken {
  readonly locale: string;
  readonly layout: string;
  readonly typed: string;
}

/** Keys that lie elsewhere on the two keyboards, and nothing that a shell would take for its own. */
const PLACES = ["BracketLeft", "Shift+Digit2", "Quote", "Equal", "Shift+Digit6"];
export const ON_JIS = '@":^&';
export const ON_US = "[@'=^";

export const TEXT_IN = "typed nowhere, é and 日本語";
export const TEXT_OUT = "made in the guest: 東京 & ü";
export const TEXT_AFTER = "after it went on";
export const FILE_TEXT = "a file of this computer\n";

/**
 * A person works in the Debian desktop in Chromium: types on the keyboard that they chose, copies and pastes both ways, exchanges files, changes the window's size, is moved live, loses
 * the host, chooses another language, leaves until it is put aside, and goes on. What happened in the guest is read there, through its agent. Null where the demo has no Debian desktop.
 */
export async function workInDebian({ origin, tenant, operator, data }: Portal): Promise<DebianWork | null> {
  const organization = ORGANIZATION;
  const admin = new PortalClient(origin);
  const staff = new PortalClient(origin);
  await admin.signIn(tenant.email, tenant.password);
  await staff.signIn(operator.email, operator.password);
  const golden = (await admin.api.desktopPools.goldenVersions.query({ organization })).items.find((item) => item.state === "published" && item.goldenImageName === REAL_DESKTOP.image);
  const flavor = (await admin.api.catalog.flavors.query({ organization })).find((one) => one.name === REAL_DESKTOP.flavor);
  if (!golden || !flavor) return null;
  const { id: poolId } = await admin.api.desktopPools.create.mutate({
    organization, name: POOL, kind: "persistent", goldenImageId: golden.goldenImageId, flavorId: flavor.id, minimumReady: 0, maximum: 1, idleMinutes: 30, filesIn: true, filesOut: true,
  });
  await admin.api.desktopPools.assign.mutate({ organization, poolId, emails: [tenant.email] });
  await admin.api.account.updateProfile.mutate({ desktopLocale: "ja_JP.UTF-8", keyboard: "jp" });

  const lab = await labOf(data);
  const driver = createLibvirtDriver({ unsafeMigration: true });
  /** What a line prints that root runs in the guest, wherever it is now. */
  const run = async (line: string): Promise<string> => {
    const instanceId = (await admin.api.desktopPools.desktops.query({ organization, poolId })).items[0]?.instanceId ?? null;
    const now = await hostOf(staff, instanceId);
    const host = lab.hosts.find((one) => one.name === now?.name);
    if (!host || instanceId === null) throw new Error("the desktop is on no host");
    const guest = new Guest(driver, { name: host.name, uri: host.uri, managementAddress: host.managementAddress, power: { kind: "ipmi", ...host.bmc }, systemMemoryMiB: 0 }, instanceId);
    try {
      return await guest.run(line);
    } finally {
      await guest.close();
    }
  };
  const instanceNow = async (): Promise<string | null> => (await admin.api.desktopPools.desktops.query({ organization, poolId })).items[0]?.instanceId ?? null;
  const hostNow = async (): Promise<{ readonly id: string; readonly name: string } | null> => hostOf(staff, await instanceNow());
  const clipboardOfGuest = (): Promise<string> => run(`${AS_PERSON} xclip -o -selection clipboard`);
  const copyInGuest = (text: string): Promise<string> => run(`printf '%s' '${text}' | ${AS_PERSON.replace(/timeout \d+/, "")} xclip -i -selection clipboard >/dev/null 2>&1`);
  const untilGuest = (what: string, line: string, wanted: string): Promise<string> => until(what, async () => {
    const now = await run(line);
    if (now !== wanted) throw new Error(`it is "${now}"`);
    return now;
  });

  const browser = await launch();
  try {
    const { page, context, complaints } = await visit(browser, { origin });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
    page.setDefaultTimeout(60_000);
    await signIn(page, tenant, `/o/${organization}/desktops`);
    await openFrom(page);
    const connected = page.getByRole("toolbar").getByText("Connected", { exact: true });
    await connected.waitFor({ timeout: FIRST_BOOT_MS });
    await until("its first window stands", async () => (await run(`${AS_PERSON} xprop -root _NET_CLIENT_LIST`)).includes("0x"), FIRST_BOOT_MS);

    /** Types these places into a file and reads it there, with what the guest says of itself. */
    const speaks = async (locale: string): Promise<Spoken> => {
      await until(`it speaks ${locale}`, async () => (await run("cat /etc/default/locale")) === `LANG=${locale}`, FIRST_BOOT_MS);
      const layout = await until("its screen has the layout", async () => {
        const [kept, shown] = [await run("sed -n s/XKBLAYOUT=//p /etc/default/keyboard"), /layout: +(\w+)/.exec(await run(`${AS_PERSON} setxkbmap -query`))?.[1]];
        return kept === shown && kept;
      }, FIRST_BOOT_MS);
      // The window manager begins again for another language, and a window has the keyboard through it.
      await until("its window manager speaks it", () => run(`tr '\\0' '\\n' </proc/$(pidof icewm)/environ | grep -x LANG=${locale}`), FIRST_BOOT_MS);
      await until("its windows stand", async () => (await run(`${AS_PERSON} xprop -root _NET_CLIENT_LIST`)).includes("0x"), FIRST_BOOT_MS);
      await terminal();
      await page.keyboard.type(`tee /tmp/places`);
      await page.keyboard.press("Enter");
      await until("the line runs", async () => (await run("ls /tmp")).includes("places"), FIRST_BOOT_MS);
      for (const place of PLACES) await page.keyboard.press(place);
      await page.keyboard.press("Enter");
      const typed = await until("the places are typed", () => run("cat /tmp/places"));
      await page.keyboard.press("Control+D");
      await run("rm /tmp/places");
      return { locale, layout, typed };
    };

    const sizes = [await untilSizeFits(page, run)];
    await page.setViewportSize({ width: 1120, height: 720 });
    sizes.push(await untilSizeFits(page, run));
    await shoot(page, "debian-smaller");
    await page.setViewportSize({ width: 1280, height: 800 });
    sizes.push(await untilSizeFits(page, run));

    // The terminal has the keyboard when it comes up.
    const terminal = (): Promise<void> => page.locator("[role=application] canvas").click({ position: { x: 300, y: 220 } });
    await terminal();
    // Letters that need no second key: what is sent is the place on the keyboard, and the driver of the browser holds no shift key.
    await page.keyboard.type("cp /etc/hostname /tmp/typed");
    await page.keyboard.press("Enter");
    const typed = await until("what was typed was done", () => run("cat /tmp/typed"));
    const japanese = await speaks("ja_JP.UTF-8");
    await shoot(page, "debian-japanese");

    // Its last line ends, so that the pasted text is read at once and no key has to follow it.
    await sendToDesktop(page, `${TEXT_IN}\n`);
    const clipboardInGuest = await until("the text is on the guest's clipboard", clipboardOfGuest);
    await terminal();
    await page.keyboard.type("tee /tmp/pasted");
    await page.keyboard.press("Enter");
    await until("the line runs", async () => (await run("ls /tmp")).includes("pasted"));
    await page.keyboard.press("Shift+Insert");
    const pastedInGuest = await until("the text is pasted", () => run("cat /tmp/pasted"));
    await page.keyboard.press("Control+D");
    await shoot(page, "debian-pasted");

    await copyInGuest(TEXT_OUT);
    const clipboardInBrowser = await untilBrowserHas(page, TEXT_OUT);

    await page.getByRole("button", { name: "Files", exact: true }).click();
    const files = page.getByRole("dialog");
    await files.getByLabel("Choose files").setInputFiles({ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from(FILE_TEXT) });
    const fileInGuest = await until("the file is in the desktop", () => run("cat ~desk/Transfer/note.txt"));
    await shoot(page, "debian-files");
    const download = page.waitForEvent("download");
    await files.getByRole("button", { name: "Save note.txt" }).click();
    const fileOut = await readFile(await (await download).path(), "utf8");
    await page.keyboard.press("Escape");

    // Everything that stands over the screen is remembered, however short it stands there.
    await page.evaluate(() => {
      const said = new Set<string>();
      Object.assign(globalThis, { said });
      new MutationObserver(() => {
        for (const status of document.querySelectorAll("[role=status]")) if (status.textContent) said.add(status.textContent);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    const bootOf = (): Promise<string> => run("cat /proc/sys/kernel/random/boot_id");
    const boot = await bootOf();
    const from = await until("it has a host", hostNow);
    await staff.api.admin.hosts.drain.mutate({ hostId: from.id });
    const to = await until("it runs elsewhere", async () => {
      const now = await hostNow();
      return now && now.id !== from.id ? now : null;
    }, FIRST_BOOT_MS);
    await until("the screen is back after the move", () => connected.isVisible(), FIRST_BOOT_MS);
    await terminal();
    await page.keyboard.type("cp /etc/hostname kept");
    await page.keyboard.press("Enter");
    await until("what was typed after the move was done", async () => (await run("cat ~desk/kept")) === typed, FIRST_BOOT_MS);
    const movedAwake = (await bootOf()) === boot;
    await run("sync");
    await shoot(page, "debian-moved");
    await staff.api.admin.hosts.returnToService.mutate({ hostId: from.id });

    await lab.crash(to.name);
    await page.getByText("The server under it failed.").waitFor();
    await shoot(page, "debian-host-lost");
    await until("it runs at a third host", async () => {
      const now = await hostNow();
      return now && now.id !== to.id ? now : null;
    }, FIRST_BOOT_MS);
    await until("the screen is back after the loss", () => connected.isVisible(), FIRST_BOOT_MS);
    await until("its first window stands again", async () => (await run(`${AS_PERSON} xprop -root _NET_CLIENT_LIST`)).includes("0x"), FIRST_BOOT_MS);
    const keptThroughLoss = await run("cat ~desk/kept");
    const afterLoss = await speaks("ja_JP.UTF-8");
    await shoot(page, "debian-back");
    const said = await page.evaluate(() => [...(globalThis as unknown as { said: Set<string> }).said]);
    await lab.wake(to.name);
    await run(`printf '%s' '${typed}' >/tmp/typed`);

    await admin.api.account.updateProfile.mutate({ desktopLocale: "en_US.UTF-8", keyboard: "us" });
    const english = await speaks("en_US.UTF-8");
    await shoot(page, "debian-english");

    await admin.api.desktopPools.update.mutate({ organization, poolId, idleMinutes: 1 });
    await page.getByRole("button", { name: "Disconnect" }).click();
    await until("it is put aside", async () => (await admin.api.desktopPools.get.query({ organization, poolId })).counts.suspended === 1);
    await page.getByText("Asleep", { exact: true }).waitFor();
    await shoot(page, "debian-asleep");
    const [row] = (await admin.api.desktopPools.desktops.query({ organization, poolId })).items;
    // A memory that nobody vouches for is a cold start.
    await until("its memory is known to be whole", async () => (await admin.api.instances.timeline.query({ organization, instanceId: row?.instanceId ?? "" })).items.some((entry) => entry.kind === "suspended"));
    await admin.api.desktopPools.update.mutate({ organization, poolId, idleMinutes: 30 });
    const asked = performance.now();
    await openFrom(page);
    await connected.waitFor();
    const resumeMs = Math.round(performance.now() - asked);
    await shoot(page, "debian-resumed");
    // Once: the guest finds its channel seconds after the screen, and the gateway keeps the text until then.
    await sendToDesktop(page, TEXT_AFTER);
    await until("a text goes in after it went on", async () => (await clipboardOfGuest()) === TEXT_AFTER);
    const clipboardAfterResume = await clipboardOfGuest();
    await copyInGuest(`${TEXT_OUT} again`);
    const clipboardOutAfterResume = await untilBrowserHas(page, `${TEXT_OUT} again`);
    await untilGuest("what was typed before is still there", "cat /tmp/typed", typed);

    await page.getByRole("button", { name: "Log off" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Log off" }).click();
    await page.getByRole("heading", { name: POOL }).waitFor();
    await admin.api.desktopPools.delete.mutate({ organization, poolId });
    return { typed, pastedInGuest, clipboardInGuest, clipboardInBrowser, fileInGuest, fileOut, sizes, resumeMs, clipboardAfterResume, clipboardOutAfterResume, japanese, afterLoss, english, movedAwake, keptThroughLoss, said, complaints };
  } finally {
    await browser.close();
  }
}

async function openFrom(page: Page): Promise<void> {
  await page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: POOL, exact: true }) }).getByRole("button", { name: "Open", exact: true }).click();
}

/** Through the page's own dialog. */
async function sendToDesktop(page: Page, text: string): Promise<void> {
  await page.getByRole("button", { name: "Clipboard", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("To the desktop").fill(text);
  await dialog.getByRole("button", { name: "Send to the desktop" }).click();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
}

/** What this computer's clipboard has, once it is what was copied inside of the desktop. */
function untilBrowserHas(page: Page, wanted: string): Promise<string> {
  return until(`the browser's clipboard has "${wanted}"`, async () => {
    const now = await page.evaluate(() => navigator.clipboard.readText());
    if (now !== wanted) throw new Error(`it has "${now}"`);
    return now;
  });
}

/** The guest's screen becomes as large as the page's place for it. */
async function untilSizeFits(page: Page, run: (line: string) => Promise<string>): Promise<{ readonly window: string; readonly guest: string }> {
  return until("the guest's screen is as large as the window", async () => {
    const box = await page.locator("[role=application]").boundingBox();
    const window = `${Math.floor(box?.width ?? 0)}x${Math.floor(box?.height ?? 0)}`;
    const guest = (/current (\d+) x (\d+)/.exec(await run(`${AS_PERSON} xrandr`)) ?? []).slice(1).join("x");
    if (guest !== window) throw new Error(`the window has ${window}, the guest ${guest}`);
    return { window, guest };
  });
}
