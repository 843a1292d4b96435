import type { Browser, Page } from "playwright-core";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { organization } from "@/db/schema/tenancy";
import { issueManualInvoice } from "@/server/billing";
import { SimulatedStripe } from "@/server/drivers/payment/simulated";
import { StripePayments } from "@/server/drivers/payment/stripe";
import { inTransaction } from "@/server/platform/transaction";
import { paymentLoops } from "@/server/reconcilers/payments/loops";
import type { Pass } from "@/server/reconcilers/types";
import { createTestDatabase, testContext, type TestDatabase } from "../support/database";
import { fillPortal, type PortalFixture } from "../support/portal-fixture";
import { startWeb, type RunningWeb } from "../support/web";
import { fitsWidth, launch, signIn, skipReason, visit } from "./browser";

/** A build on a busy machine takes its minutes; it is made once for all tests of these sources. */
const BUILD_MS = 600_000;
const PAGE_MS = 300_000;
const KEY = "sk_test_hosted_pages";
const SECRET = "whsec_hosted_pages";
const SCHEDULE = { restrictSeconds: 7 * 86_400, suspendSeconds: 14 * 86_400, retainSeconds: 30 * 86_400, deleteSeconds: 60 * 86_400, remindEverySeconds: 3 * 86_400 };
const AT_STRIPE = /\/pages\//;

describe.skipIf(skipReason !== null)(`Stripe's own pages in Chromium${skipReason ? ` (skipped: ${skipReason})` : ""}`, () => {
  let database: TestDatabase;
  let fixture: PortalFixture;
  let web: RunningWeb;
  let stripe: SimulatedStripe;
  let browser: Browser;
  let stopped = false;
  let worker: Promise<void> = Promise.resolve();

  /** The loops between ledger and Stripe, one pass after the other, as a worker would run them. */
  async function work(apiBase: string): Promise<void> {
    const driver = new StripePayments({ secretKey: KEY, apiBase });
    const context = testContext(database.worker);
    const running: Promise<void>[] = [];
    const pass: Pass = { context, machines: null as never, seedImage: () => new Uint8Array(), signal: new AbortController().signal, background: (_, begun) => running.push(begun()) > 0, busy: () => false, wake: () => undefined };
    const loops = paymentLoops({ driver, dunning: SCHEDULE, usage: "invoice-items", replayMs: 60_000 }).filter((loop) => ["push-payments", "work-inbox"].includes(loop.name));
    while (!stopped) {
      for (const loop of loops) await loop.pass(pass);
      await Promise.all(running.splice(0));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  beforeAll(async () => {
    database = await createTestDatabase();
    fixture = await fillPortal(database.owner);
    web = await startWeb({ appDatabaseUrl: database.url.app, env: { STRIPE_WEBHOOK_SECRETS: SECRET } });
    stripe = new SimulatedStripe({ secretKey: KEY, webhook: { url: `${web.origin}/api/webhooks/stripe`, secrets: [SECRET] } });
    worker = work(`http://127.0.0.1:${await stripe.listen()}`);
    browser = await launch();
  }, BUILD_MS);

  afterAll(async () => {
    stopped = true;
    await worker;
    await browser?.close();
    await stripe?.close();
    await web?.stop();
    await database?.close();
  });

  /** The page hears of changes: so its buttons work, too. */
  const awake = (page: Page): Promise<void> => page.getByRole("status").filter({ hasText: /^Live$/ }).first().waitFor();
  const cards = (page: Page) => page.getByRole("main").getByRole("listitem");
  const choose = (page: Page, card: string): Promise<void> => page.getByRole("radio", { name: card }).check();

  it("adds a card, is told of one that is declined, pays the invoice there, chooses another card in the customer portal, and comes back each time", async () => {
    const { context, page, complaints } = await visit(browser, { origin: web.origin });
    context.setDefaultTimeout(60_000);
    await signIn(page, fixture.owner, "/o/acme/billing/payment");

    // A card that can be kept and not charged.
    await awake(page);
    await page.getByRole("button", { name: "Add a card" }).click();
    await page.waitForURL(AT_STRIPE);
    expect(await fitsWidth(page)).toBe(true);
    await choose(page, "can be added, is declined when charged");
    await page.getByRole("button", { name: "Save card" }).click();
    await page.waitForURL("**/o/acme/billing/payment");
    await cards(page).filter({ hasText: "•••• 0341" }).getByText("Used first").waitFor();

    // The invoice is charged by itself, declined, and can be paid by hand.
    const acme = (await database.owner.select({ id: organization.id }).from(organization).where(eq(organization.slug, "acme")))[0]!.id;
    const provider = testContext(database.worker);
    const invoice = await inTransaction(provider, (tx) => issueManualInvoice(tx, provider, { organizationId: acme, lines: [{ description: "Onboarding", amountMinor: 5_000 }] }));
    await page.getByText("Your card was declined.").waitFor();
    await page.goto(`/o/acme/billing/invoices/${invoice.id}`);
    await page.getByRole("link", { name: "Pay now" }).click();
    await page.waitForURL(AT_STRIPE);
    await page.getByRole("heading", { name: "¥5,500" }).waitFor();
    await choose(page, "has no funds");
    await page.getByRole("button", { name: "Pay ¥5,500" }).click();
    await page.getByRole("alert").getByText("insufficient funds").waitFor();
    await choose(page, "mastercard ending in 4444");
    await page.getByRole("button", { name: "Pay ¥5,500" }).click();
    await page.getByText("This invoice is paid.").waitFor();
    await page.goto(`/o/acme/billing/invoices/${invoice.id}`);
    await page.getByText("Paid", { exact: true }).waitFor();
    await page.getByRole("cell", { name: "Payment" }).waitFor();
    expect(await page.getByRole("link", { name: "Pay now" }).count()).toBe(0);

    // In the customer portal the card that works becomes the one that is charged.
    await page.goto("/o/acme/billing/payment");
    await cards(page).filter({ hasText: "•••• 4444" }).waitFor();
    await awake(page);
    await page.getByRole("button", { name: "Manage at Stripe" }).click();
    await page.waitForURL(AT_STRIPE);
    await page.locator("form").filter({ hasText: "ending in 4444" }).filter({ has: page.getByRole("button", { name: "Use by default" }) }).getByRole("button", { name: "Use by default" }).click();
    await page.getByText(/4444.*the default/).waitFor();
    await page.getByRole("link", { name: "Back" }).click();
    await page.waitForURL("**/o/acme/billing/payment");
    await cards(page).filter({ hasText: "•••• 4444" }).getByText("Used first").waitFor();

    // Money in advance: given up on Stripe's page, then paid.
    await awake(page);
    await page.getByLabel("Amount, JPY").fill("2000");
    await page.getByRole("button", { name: "Pay ¥2,000" }).click();
    await page.waitForURL(AT_STRIPE);
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.waitForURL("**/o/acme/billing/payment");
    await awake(page);
    await page.getByLabel("Amount, JPY").fill("3000");
    await page.getByRole("button", { name: "Pay ¥3,000" }).click();
    await page.waitForURL(AT_STRIPE);
    await choose(page, "visa ending in 4242");
    await page.getByRole("button", { name: "Pay" }).click();
    await page.waitForURL("**/o/acme/billing/payment");
    await page.getByText("¥3,000 held in advance").waitFor();
    expect(complaints, web.output()).toEqual([]);
    await context.close();
  }, PAGE_MS);
});
