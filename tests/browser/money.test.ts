import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { fillMoney, type MoneyFixture } from "../support/money-fixture";
import { fillPortal, type PortalFixture } from "../support/portal-fixture";
import { startWeb, type RunningWeb } from "../support/web";
import { accessibilityFaults, fitsWidth, launch, signIn, skipReason, visit, type SignedInState } from "./browser";

/** A build on a busy machine takes its minutes; it is made once for all tests of these sources. */
const BUILD_MS = 600_000;
const PAGE_MS = 60_000;

describe.skipIf(skipReason !== null)(`money in Chromium${skipReason ? ` (skipped: ${skipReason})` : ""}`, () => {
  let database: TestDatabase;
  let fixture: PortalFixture;
  let money: MoneyFixture;
  let web: RunningWeb;
  let browser: Browser;
  const states = new Map<string, SignedInState>();

  beforeAll(async () => {
    database = await createTestDatabase();
    fixture = await fillPortal(database.owner);
    money = await fillMoney(database);
    web = await startWeb({ appDatabaseUrl: database.url.app });
    browser = await launch();
    for (const email of [fixture.owner, fixture.staff]) {
      const { context, page } = await visit(browser, { origin: web.origin });
      await signIn(page, email);
      states.set(email, await context.storageState());
      await context.close();
    }
  }, BUILD_MS);

  afterAll(async () => {
    await browser?.close();
    await web?.stop();
    await database?.close();
  });

  async function withPage(as: string, work: (page: Page) => Promise<void>, looks: { width?: number; colorScheme?: "light" | "dark" } = {}): Promise<void> {
    const state = states.get(as);
    const { context, page, complaints } = await visit(browser, { origin: web.origin, ...looks, ...(state ? { state } : {}) });
    try {
      await work(page);
      expect(complaints, web.output()).toEqual([]);
    } finally {
      await context.close();
    }
  }

  const settled = async (page: Page, path: string): Promise<void> => {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll("main [aria-busy=true]").length === 0);
  };

  it("opens a line of the bill to its windows, and a window to what happened", async () => {
    await withPage(fixture.owner, async (page) => {
      await settled(page, "/o/acme/billing");
      await page.getByRole("button", { name: /^web-1 .*Instance/ }).click();
      const windows = page.getByRole("list", { name: "Windows of this line" });
      await windows.getByRole("button").first().click();
      await page.getByRole("list", { name: "What happened meanwhile" }).getByText("Started").waitFor();
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
      const rows = readFileSync(await file.path(), "utf8").trim().split("\r\n");
      expect(rows[0]).toContain("key,kind,meter,name");
      expect(rows.some((row) => row.includes(",instance,web-1,"))).toBe(true);
      expect(await accessibilityFaults(page)).toEqual([]);
    });
  }, PAGE_MS);

  it("shows an invoice with its lines, entries and files", async () => {
    await withPage(fixture.owner, async (page) => {
      await settled(page, "/o/acme/billing/invoices");
      await page.getByRole("link", { name: money.paidNumber, exact: true }).click();
      await page.getByRole("heading", { level: 1, name: money.paidNumber }).waitFor();
      await page.getByText("Paid", { exact: true }).waitFor();
      await page.getByRole("button", { name: /^web-1 .*Instance/ }).click();
      await page.getByRole("list", { name: "Windows of this line" }).getByRole("button").first().click();
      await page.getByRole("list", { name: "What happened meanwhile" }).getByText("Moved to another host while running", { exact: false }).waitFor();
      await page.getByRole("cell", { name: "Payment" }).waitFor();
      for (const [link, begins] of [[`PDF of ${money.paidNumber}`, "%PDF-"], [`CSV of ${money.paidNumber}`, ""], ["Evidence file", "{"]] as const) {
        const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: link }).click()]);
        const text = readFileSync(await file.path(), "latin1");
        expect(text.length, link).toBeGreaterThan(100);
        expect(text.startsWith(begins), link).toBe(true);
      }
      expect(await accessibilityFaults(page)).toEqual([]);
    });
  }, PAGE_MS);

  it("says what is overdue and what happens when, before it happens", async () => {
    await withPage(fixture.owner, async (page) => {
      await settled(page, "/o/acme/billing");
      const notice = page.getByRole("status").filter({ hasText: "An invoice is overdue" });
      await notice.getByText(`${money.overdueNumber}: ¥33,000`, { exact: false }).waitFor();
      const steps = notice.getByRole("list", { name: "What happens when" }).getByRole("listitem");
      expect(await steps.count()).toBe(5);
      const dates = await steps.locator("time").evaluateAll((times) => times.map((time) => Date.parse(time.getAttribute("datetime") ?? "")));
      expect(dates).toEqual(dates.toSorted((a, b) => a - b));
      expect(dates[1]! - Date.now()).toBeGreaterThan(0);
      expect(await steps.nth(2).textContent()).toContain("Instances are stopped; disks are kept.");
      await notice.getByRole("link", { name: "Pay or change the card" }).click();
      await page.getByText("Your card was declined.").waitFor();
    });
  }, PAGE_MS);

  it("refuses a registration number whose check digit does not fit, and keeps a right one", async () => {
    await withPage(fixture.owner, async (page) => {
      await settled(page, "/o/acme/billing/details");
      await page.getByLabel("Registration number").fill("T1234567890123");
      await page.getByText("This is no registration number", { exact: false }).waitFor();
      expect(await page.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
      await page.getByLabel("Registration number").fill("T7000012050002");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Saved.").waitFor();
    });
  }, PAGE_MS);

  it("opens every page of money on a telephone in the dark", async () => {
    await withPage(fixture.owner, async (page) => {
      for (const path of ["billing", "billing/invoices", `billing/invoices/${money.paidInvoiceId}`, "billing/payment", "billing/budget", "billing/credits", "billing/details", "usage"]) {
        await settled(page, `/o/acme/${path}`);
        expect(await fitsWidth(page), `${path} is wider than the screen`).toBe(true);
        expect(await accessibilityFaults(page), path).toEqual([]);
        expect(await page.getByRole("alert").filter({ hasText: /./ }).count(), `${path} shows an error`).toBe(0);
      }
    }, { width: 390, colorScheme: "dark" });
  }, PAGE_MS);

  it("shows operators who owes what, a price's effect before it is set, and lets a held invoice go", async () => {
    await withPage(fixture.staff, async (page) => {
      for (const path of ["billing", "billing/dunning", "billing/sync", "billing/reconciliation"]) {
        await settled(page, `/admin/${path}`);
        expect(await accessibilityFaults(page), path).toEqual([]);
        expect(await page.getByRole("alert").filter({ hasText: /./ }).count(), `${path} shows an error`).toBe(0);
      }
      await page.getByText("Totals differ").waitFor();
      await settled(page, "/admin/prices");
      await page.getByRole("button", { name: "New version" }).click();
      await page.getByLabel("What", { exact: true }).selectOption({ label: "b1.small" });
      await page.getByLabel("Price per hour").fill("12");
      await page.getByRole("region", { name: "Effect on last month" }).getByText("Acme Trading").waitFor();
      for (const [from, price] of [["100", "8"], ["50", "4"]] as const) {
        await page.getByRole("button", { name: "Add a tier" }).click();
        await page.getByLabel("From unit-hours").last().fill(from);
        await page.getByLabel("Price beyond it, per hour").last().fill(price);
      }
      await page.getByText("Each tier begins at a larger quantity", { exact: false }).waitFor();
      expect(await page.getByRole("dialog").getByRole("button", { name: "New version" }).isDisabled()).toBe(true);
      await page.getByRole("button", { name: "Remove tier 2" }).click();
      await page.getByRole("dialog").getByLabel("Valid from").fill("2031-01-01T00:00");
      await page.getByRole("dialog").getByRole("button", { name: "New version" }).click();
      await page.getByRole("row", { name: /b1\.small.*¥8 \/ hour from 100 unit-hours on.*2031/ }).waitFor();
      await settled(page, "/admin/billing/parked");
      await page.getByRole("button", { name: "Release" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Release" }).click();
      await page.getByText("No invoice is held back").waitFor();
    });
  }, PAGE_MS);

  it("lets operators grant, reserve, correct, refund and invoice, each within its bounds", async () => {
    await withPage(fixture.staff, async (page) => {
      await settled(page, "/admin/billing");
      await page.getByRole("link", { name: "Acme Trading" }).click();
      await page.getByRole("heading", { level: 1, name: "Acme Trading" }).waitFor();
      const dialog = page.getByRole("dialog");

      await page.getByRole("button", { name: "Grant a credit" }).click();
      await dialog.getByLabel("Amount, JPY").fill("750");
      await dialog.getByLabel("Expires").fill("2031-01-31");
      await dialog.getByLabel("For what").fill("A slow answer");
      await dialog.getByRole("button", { name: "Grant a credit" }).click();
      await page.getByRole("row", { name: /A slow answer.*2031.*¥750/ }).waitFor();

      await page.getByRole("button", { name: "Reserve" }).click();
      await dialog.getByLabel("What", { exact: true }).selectOption({ label: "s1.medium" });
      await dialog.getByLabel("Price per hour, JPY").fill("4.32");
      await dialog.getByText("list ¥5.4 / hour · −20%").waitFor();
      await dialog.getByLabel("Until").fill("2031-01-01T00:00");
      await dialog.getByRole("button", { name: "Reserve" }).click();
      await page.getByRole("row", { name: /s1\.medium.*¥4\.32 \/ hour/ }).waitFor();

      await page.getByRole("button", { name: "Agree on an amount" }).click();
      await dialog.getByLabel("What", { exact: true }).fill("Backup licence");
      await dialog.getByLabel("Amount, JPY").fill("1200");
      await dialog.getByRole("button", { name: "Agree on an amount" }).click();
      const agreed = page.getByRole("row", { name: /Backup licence.*¥1,200.*being set up/ });
      await agreed.getByRole("button", { name: "End" }).click();
      await dialog.getByRole("button", { name: "End" }).click();
      await page.getByRole("row", { name: /Backup licence.*is being ended/ }).waitFor();

      // More than the invoice has left is refused before it is sent; a correction of a paid invoice makes a refund possible.
      await page.getByRole("link", { name: money.paidNumber }).click();
      await page.getByRole("button", { name: /^web-1 .*Instance/ }).click();
      await page.getByRole("list", { name: "Windows of this line" }).getByRole("button").first().click();
      await page.getByRole("list", { name: "What happened meanwhile" }).getByText("Moved to another host while running", { exact: false }).waitFor();
      await page.getByRole("button", { name: "Credit note" }).click();
      await dialog.getByLabel("Net at 10 %, JPY").fill("1000000");
      await dialog.getByRole("alert").getByText("At most ¥", { exact: false }).waitFor();
      await dialog.getByLabel("Reason").fill("An outage");
      expect(await dialog.getByRole("button", { name: "Credit note" }).isDisabled()).toBe(true);
      await dialog.getByLabel("Net at 10 %, JPY").fill("50");
      await dialog.getByRole("button", { name: "Credit note" }).click();
      await page.getByRole("region", { name: "Credit notes" }).getByText("-¥55").waitFor();
      await page.getByRole("link", { name: "Acme Trading" }).click();
      await page.getByRole("button", { name: "Refund" }).click();
      expect(await dialog.getByLabel("Amount, JPY").inputValue()).toBe("55");
      await dialog.getByLabel("Amount, JPY").fill("56");
      await dialog.getByRole("alert").getByText("At most ¥55").waitFor();
      await dialog.getByLabel("Amount, JPY").fill("55");
      await dialog.getByLabel("Reason").fill("As agreed");
      await dialog.getByRole("button", { name: "Refund" }).click();
      await page.getByText("¥55 given back · requested").waitFor();

      await page.getByRole("button", { name: "Invoice now" }).click();
      await dialog.getByRole("button", { name: "Invoice now" }).click();
      await page.getByText(/^B-\d+ is issued\.$/).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
    });
  }, PAGE_MS);

  it("keeps the sender of invoices and offers codes, and names drift and closed periods", async () => {
    await withPage(fixture.staff, async (page) => {
      await settled(page, "/admin/billing/issuer");
      await page.getByLabel("Registration number").fill("T1234567890123");
      await page.getByText("This is no registration number", { exact: false }).waitFor();
      await page.getByLabel("Registration number").fill("T7000012050002");
      await page.getByLabel("Bank account").fill("みずほ銀行 丸の内支店 普通 1234567");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Saved.").waitFor();
      await settled(page, "/admin/billing/coupons");
      await page.getByRole("button", { name: "New code" }).click();
      await page.getByRole("dialog").getByLabel("Code", { exact: true }).fill("autumn-15");
      await page.getByRole("dialog").getByLabel("Percent").fill("15");
      await page.getByRole("dialog").getByRole("button", { name: "New code" }).click();
      await page.getByRole("row", { name: /AUTUMN-15.*15 %/ }).waitFor();
      await settled(page, "/admin/billing/usage");
      await page.getByText("1m 30s of b1.small seen and not billed.", { exact: false }).waitFor();
      await page.getByRole("region", { name: "Closed periods" }).getByRole("link", { name: "Acme Trading" }).first().waitFor();
      for (const path of ["issuer", "coupons", "usage"]) {
        await settled(page, `/admin/billing/${path}`);
        expect(await accessibilityFaults(page), path).toEqual([]);
      }
    });
  }, PAGE_MS);

  it("says what a start costs in the menu of the list", async () => {
    await withPage(fixture.owner, async (page) => {
      await settled(page, "/o/acme/instances");
      await page.getByRole("button", { name: "Actions for build" }).click();
      await page.getByRole("menu").getByText(/^Running: ¥1\.\d+ \/ hour, ¥[\d,]+ \/ month$/).waitFor();
    });
  }, PAGE_MS);
});
