import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { chromiumPath } from "../support/web";
import { PASSWORD } from "../support/portal-fixture";

/** Nothing that phones home, and no GPU: this runs as root on a server. */
const ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const skipReason = chromiumPath() === null ? "Chromium is not installed (Debian: apt-get install chromium-headless-shell)" : null;

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath() ?? "", args: ARGUMENTS });
}

/** The cookies of somebody who came through the form before. */
export type SignedInState = Awaited<ReturnType<BrowserContext["storageState"]>>;

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page complained of: uncaught errors and error lines of the console. */
  readonly complaints: string[];
}

/**
 * Chromium writes a line for every answer of 400 and above; the tests look at those where they expect them. A page that is left while
 * the router fetches its next one says that the fetch failed, and goes there the plain way.
 */
const NO_COMPLAINTS = ["Failed to load resource", "Failed to fetch RSC payload"];

export async function visit(browser: Browser, options: { readonly origin: string; readonly width?: number; readonly colorScheme?: "light" | "dark"; readonly locale?: string; readonly state?: SignedInState }): Promise<Visit> {
  const context = await browser.newContext({ baseURL: options.origin, viewport: { width: options.width ?? 1280, height: 800 }, colorScheme: options.colorScheme ?? "light", locale: options.locale ?? "en-US", ...(options.state ? { storageState: options.state } : {}) });
  // What is not there after a minute is not there: a busy machine takes its time.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !NO_COMPLAINTS.some((head) => message.text().startsWith(head))) complaints.push(message.text());
  });
  return { context, page, complaints };
}

/** Through the form, as a person does it. */
export async function signIn(page: Page, email: string, path = "/o"): Promise<void> {
  await page.goto(`/sign-in?next=${encodeURIComponent(path)}`);
  await page.locator("input[type=email]").fill(email);
  await page.locator("input[type=password]").fill(PASSWORD);
  await page.locator("button[type=submit]").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/** What a screen reader would miss: controls without a name, pictures without words, a page without a heading or language. */
export function accessibilityFaults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const visible = (element: Element): boolean => element.checkVisibility();
    const nameOf = (element: Element): string => {
      const labelled = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
      const labels = element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement ? [...(element.labels ?? [])].map((label) => label.textContent ?? "").join(" ") : "";
      return [element.getAttribute("aria-label") ?? "", labelled, labels, element.textContent ?? "", element.getAttribute("title") ?? ""].join(" ").trim();
    };
    for (const control of document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea, [role=button], [role=tab]")) {
      if (visible(control) && nameOf(control) === "") faults.push(`no name: ${control.outerHTML.slice(0, 120)}`);
    }
    for (const picture of document.querySelectorAll("img:not([alt])")) faults.push(`no alt: ${picture.outerHTML.slice(0, 120)}`);
    for (const picture of document.querySelectorAll("svg")) {
      if (visible(picture) && picture.getAttribute("aria-hidden") !== "true" && picture.getAttribute("role") !== "img" && !picture.getAttribute("aria-label") && !picture.closest("[aria-hidden=true]")) faults.push(`a picture that is neither hidden nor named: ${picture.outerHTML.slice(0, 120)}`);
    }
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index))) faults.push(`id twice: ${id}`);
    if (!document.documentElement.lang) faults.push("the page names no language");
    if (document.querySelectorAll("h1").length !== 1) faults.push(`${document.querySelectorAll("h1").length} main headings`);
    if (!document.querySelector("main")) faults.push("no main landmark");
    if (!document.title) faults.push("no title");
    return faults;
  });
}

/** True when nothing sticks out sideways. */
export function fitsWidth(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
}
