import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { openLab, registeredLabs, type Lab } from "@/server/lab";
import type { PortalClient } from "@/server/lab/demo/portal-client";

/** What the demo prints when its story is over and it stays. */
export interface Portal {
  readonly origin: string;
  readonly tenant: Credential;
  readonly operator: Credential;
  /** The demo's folder, by which its lab is found. */
  readonly data: string;
}

export interface Credential {
  readonly email: string;
  readonly password: string;
}

/** The slug of the demo's tenant. */
export const ORGANIZATION = "acme";
export const BOOT_MS = 180_000;
const SHOTS = process.env["SCREENSHOTS"];

/** Asks until the answer is there; what could not be asked is asked again. @throws Error with `what` after `timeoutMs`. */
export async function until<T>(what: string, ask: () => Promise<T | null | false | undefined>, timeoutMs = BOOT_MS): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last = "";
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = "";
    } catch (error) {
      last = error instanceof Error ? ` (${error.message})` : "";
    }
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${what}${last}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** For a person to look at: a folder named in the environment gets a picture of every step. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** Through the form, as a person does it. */
export async function signIn(page: Page, { email, password }: Credential, next: string): Promise<void> {
  await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
  await page.locator("input[type=email]").fill(email);
  await page.locator("input[type=password]").fill(password);
  await page.locator("button[type=submit]").click();
}

/** The host on which an operator sees a machine now; null while it has none. */
export async function hostOf(staff: PortalClient, instanceId: string | null): Promise<{ readonly id: string; readonly name: string } | null> {
  const { items } = await staff.api.admin.hosts.list.query({});
  for (const host of items) if ((await staff.api.admin.hosts.get.query({ hostId: host.id })).instances.some((one) => one.instanceId === instanceId)) return host;
  return null;
}

/** The lab below a demo's folder. */
export async function labOf(data: string): Promise<Lab> {
  const known = (await registeredLabs()).find((lab) => lab.directory.startsWith(data));
  if (!known) throw new Error("the demo's lab was not found");
  return openLab(known);
}
