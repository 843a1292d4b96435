import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { beginPush, enqueueDueInvoices, issueCreditNote, voidInvoice } from "@/server/billing";
import type { Fault } from "@/server/drivers/payment/simulated";
import type { PaymentDriver } from "@/server/drivers/payment/types";
import { seededRandom } from "@/server/platform/random";
import { inTransaction } from "@/server/platform/transaction";
import { HOUR_MS, openPayments, type PaymentSetting } from "./payment-setting";

let setting: PaymentSetting;
beforeAll(async () => {
  setting = await openPayments();
});
afterAll(() => setting.close());

/** Every invoice of ours has exactly one at Stripe that is not void, of the same total, and no organization has two customers. */
function compare(organizationIds: readonly string[], invoices: readonly { readonly id: string; readonly totalMinor: number }[]): void {
  const { state } = setting.stripe.vault;
  for (const id of organizationIds) expect(Object.values(state.customers).filter((customer) => customer.metadata["berth_organization"] === id)).toHaveLength(1);
  for (const { id, totalMinor } of invoices) {
    const theirs = Object.values(state.invoices).filter((invoice) => invoice.metadata["berth_invoice"] === id);
    expect(theirs.map((invoice) => ({ status: invoice.status, total: invoice.total, paid: invoice.amount_paid }))).toEqual([{ status: "paid", total: totalMinor, paid: totalMinor }]);
    const charges = Object.values(state.charges).filter((charge) => charge.status === "succeeded" && state.paymentIntents[charge.payment_intent]?.invoice === theirs[0]?.id);
    expect(charges.map((charge) => charge.amount)).toEqual([totalMinor]);
  }
}

/** The driver, whose search for an invoice does something else first. */
function searching(first: () => Promise<unknown>): PaymentDriver {
  return new Proxy(setting.driver, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== "function") return method;
      if (name !== "findInvoice") return method.bind(target) as unknown;
      return async (...args: unknown[]) => {
        await first();
        return method.apply(target, args) as Promise<unknown>;
      };
    },
  });
}

async function readyOrganization(): Promise<string> {
  const organizationId = await setting.addOrganization();
  const first = await setting.issue(organizationId, 1_000);
  await setting.pushUntilDone();
  await setting.giveCard(organizationId, "4242424242424242");
  await setting.pushUntilDone();
  await setting.settle();
  expect(await setting.invoice(first.id)).toEqual({ status: "paid", openMinor: 0 });
  return organizationId;
}

describe("push to the provider", () => {
  it("makes a customer, an invoice whose items sum, charges the card that comes later, and closes the invoice here", async () => {
    await readyOrganization();
    const seen = setting.stripe.seen.filter((request) => request.method === "POST" && request.version !== null);
    expect(seen.every((request) => request.version === "2026-10-28.endive")).toBe(true);
    expect(seen.filter((request) => request.path === "/v1/invoiceitems").map((request) => request.form["amount"])).toEqual(["993", "7", "100"]);
  });

  it.each([1, 2])("has one effect whatever happens to the calls (seed %i)", async (seed) => {
    const random = seededRandom(seed);
    const faults: readonly Fault[] = ["lost-request", "lost-reply", "error-before", "error-after", "rate-limited", "conflict", "timeout"];
    const organizationIds = [await readyOrganization(), await readyOrganization()];
    setting.stripe.faults = ({ method }) => (method === "POST" && random.float() < 0.4 ? (faults[Math.floor(random.float() * faults.length)] ?? null) : null);
    const invoices = [];
    for (const id of organizationIds) for (const amount of [1_234, 5_678]) invoices.push(await setting.issue(id, amount));
    await setting.pushUntilDone(400, setting.loopsWith(setting.hasty()));
    setting.stripe.faults = () => null;
    await setting.settle();
    compare(organizationIds, invoices);
    for (const { id } of invoices) expect(await setting.invoice(id)).toEqual({ status: "paid", openMinor: 0 });
  });

  it("a worker that dies after any call leaves Stripe equal to the ledger", async () => {
    const organizationId = await readyOrganization();
    const steps: (keyof PaymentDriver)[] = ["createInvoice", "addInvoiceItem", "finalizeInvoice", "payInvoice", "readInvoice"];
    const invoices = [];
    for (const step of steps) {
      const invoice = await setting.issue(organizationId, 2_000 + invoices.length);
      invoices.push(invoice);
      // The call has its effect; the process that made it hears nothing and writes nothing.
      let died = (): void => undefined;
      const death = new Promise<void>((resolve) => (died = resolve));
      const dying = new Proxy(setting.driver, {
        get: (target, name) => {
          const method = Reflect.get(target, name) as unknown;
          if (name !== step || typeof method !== "function") return typeof method === "function" ? (method.bind(target) as unknown) : method;
          return async (...args: unknown[]) => {
            await (method.apply(target, args) as Promise<unknown>);
            died();
            await new Promise(() => undefined);
          };
        },
      });
      void setting.pass("push-payments", setting.loopsWith(dying));
      await death;
      await setting.clock.advance(60_000);
      await setting.pushUntilDone();
    }
    await setting.settle();
    compare([organizationId], invoices);
  });

  it("an outage of 30 hours, begun by lost answers, outlives the keys and leaves one of everything", async () => {
    const organizationId = await readyOrganization();
    const newcomer = await setting.addOrganization();
    setting.stripe.faults = ({ method }) => (method === "POST" ? "lost-reply" : null);
    const invoices = [await setting.issue(organizationId, 3_000), await setting.issue(organizationId, 4_000)];
    const waiting = await setting.issue(newcomer, 5_000);
    await setting.pass("push-payments");
    setting.stripe.faults = () => null;
    setting.stripe.down = true;
    for (let tries = 0; tries < 6; tries++) {
      await setting.clock.advance(5 * HOUR_MS);
      await setting.pass("push-payments");
    }
    setting.stripe.down = false;
    const before = setting.clock.nowMs();
    await setting.pushUntilDone();
    expect(setting.clock.nowMs() - before).toBeLessThanOrEqual(HOUR_MS);
    await setting.settle();
    compare([organizationId], invoices);
    const theirs = Object.values(setting.stripe.vault.state.invoices).filter((invoice) => invoice.metadata["berth_invoice"] === waiting.id);
    expect(theirs.map((invoice) => [invoice.status, invoice.total])).toEqual([["open", waiting.totalMinor]]);
    expect(Object.values(setting.stripe.vault.state.customers).filter((customer) => customer.metadata["berth_organization"] === newcomer)).toHaveLength(1);
  });

  it("a void invoice and a credit note follow", async () => {
    const organizationId = await setting.addOrganization();
    const [gone, lowered] = [await setting.issue(organizationId, 6_000), await setting.issue(organizationId, 7_000)];
    await setting.pushUntilDone();
    await voidInvoice(setting.context, { invoiceId: gone.id, reason: "a test" });
    await issueCreditNote(setting.context, { invoiceId: lowered.id, amounts: [{ rateBasisPoints: 1000, netMinor: 1_000 }], reason: "a test", idempotencyKey: "cn-test" });
    await setting.pushUntilDone();
    const theirs = (id: string) => Object.values(setting.stripe.vault.state.invoices).find((invoice) => invoice.metadata["berth_invoice"] === id);
    expect(theirs(gone.id)).toMatchObject({ status: "void" });
    expect(theirs(lowered.id)).toMatchObject({ status: "open", total: 7_700, amount_remaining: 6_600 });
  });

  it("an invoice that is too small to be charged is written off here, and never goes there", async () => {
    const organizationId = await setting.addOrganization();
    const small = await setting.issue(organizationId, 20);
    await setting.pushUntilDone();
    expect(await setting.invoice(small.id)).toEqual({ status: "paid", openMinor: 0 });
    expect(Object.values(setting.stripe.vault.state.invoices).filter((invoice) => invoice.metadata["berth_invoice"] === small.id)).toEqual([]);
  });

  it("it is written off as well when the first attempts came to nothing", async () => {
    const organizationId = await setting.addOrganization();
    setting.stripe.faults = ((left) => ({ method }) => (method === "POST" && left-- > 0 ? "error-before" : null))(3);
    const small = await setting.issue(organizationId, 20);
    await setting.pushUntilDone();
    setting.stripe.faults = () => null;
    expect(await setting.invoice(small.id)).toEqual({ status: "paid", openMinor: 0 });
    expect(Object.values(setting.stripe.vault.state.invoices).filter((invoice) => invoice.metadata["berth_invoice"] === small.id)).toEqual([]);
  });

  it("it is written off once, and never goes there, when a worker that was taken for dead ends its attempt beside the newest one", async () => {
    const organizationId = await readyOrganization();
    const small = await setting.issue(organizationId, 37);
    // The first attempt is written down and comes to nothing, so that the next ones look first.
    await inTransaction(setting.context, (tx) => enqueueDueInvoices(tx, setting.context));
    const { rows } = await setting.database.owner.execute<{ id: string }>(sql`select id from payment_push where subject_id = ${small.id}`);
    await beginPush(setting.context, rows[0]!.id);
    let wake = (): void => undefined;
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    let begun = (): void => undefined;
    const searched = new Promise<void>((resolve) => (begun = resolve));
    const old = setting.pass("push-payments", setting.loopsWith(searching(() => (begun(), asleep))));
    await searched;
    await setting.pass("push-payments", setting.loopsWith(searching(() => (wake(), old))));
    await setting.pushUntilDone();
    expect(await setting.invoice(small.id)).toEqual({ status: "paid", openMinor: 0 });
    expect(Object.values(setting.stripe.vault.state.invoices).filter((invoice) => invoice.metadata["berth_invoice"] === small.id)).toEqual([]);
  });

  it("a customer that was deleted there is made anew", async () => {
    const organizationId = await readyOrganization();
    const customer = await setting.customerOf(organizationId);
    await fetch(`${setting.apiBase}/v1/customers/${customer}`, { method: "DELETE", headers: { authorization: "Bearer sk_test_simulated" } });
    const invoice = await setting.issue(organizationId, 8_000);
    await setting.pushUntilDone();
    expect(await setting.customerOf(organizationId)).not.toBe(customer);
    expect(Object.values(setting.stripe.vault.state.invoices).filter((theirs) => theirs.metadata["berth_invoice"] === invoice.id)).toHaveLength(1);
    await setting.settle();
    expect(await setting.customerOf(organizationId)).not.toBe(customer);
  });

  it("never has two calls in flight for one organization", async () => {
    const organizationId = await readyOrganization();
    for (const amount of [100, 200, 300]) await setting.issue(organizationId, amount);
    let inFlight = 0;
    let most = 0;
    const counting = new Proxy(setting.driver, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as unknown;
        if (typeof method !== "function" || String(name).startsWith("list")) return typeof method === "function" ? (method.bind(target) as unknown) : method;
        return async (...args: unknown[]) => {
          most = Math.max(most, ++inFlight);
          try {
            return await (method.apply(target, args) as Promise<unknown>);
          } finally {
            inFlight -= 1;
          }
        };
      },
    });
    await setting.pushUntilDone(60, setting.loopsWith(counting));
    expect(most).toBe(1);
  });

  it("reports hours of use in whole units, late facts as a new total of the same hour", async () => {
    const organizationId = await readyOrganization();
    const owner = setting.database.owner;
    const hourMs = Math.floor(setting.clock.nowMs() / HOUR_MS) * HOUR_MS - 3 * HOUR_MS;
    const window = (id: string, from: number, to: number) => owner.execute(sql`insert into usage_window (id, organization_id, meter, resource_id, instance_id, quantity, started_at, ended_at, closed_at, created_at)
      values (${id}, ${organizationId}, 'instance', ${id}, ${id}, 1, ${new Date(from).toISOString()}, ${new Date(to).toISOString()}, now(), now())`);
    await window("usw_a", hourMs + 1_500, hourMs + HOUR_MS + 600_000);
    await setting.pass("report-usage");
    await setting.pushUntilDone();
    const meterId = await setting.driver.ensureMeter({ eventName: "berth_instance_seconds", displayName: "instance" });
    const customerId = await setting.customerOf(organizationId);
    const read = (hour: number) => setting.driver.readHour({ meterId, customerId, hour: new Date(hour) });
    expect([await read(hourMs), await read(hourMs + HOUR_MS)]).toEqual([3_599, 600]);
    await window("usw_b", hourMs, hourMs + 60_000);
    await setting.pass("report-usage");
    await setting.pushUntilDone();
    expect([await read(hourMs), await read(hourMs + HOUR_MS)]).toEqual([3_659, 600]);
    await setting.pass("report-usage");
    const { rows } = await owner.execute<{ n: number }>(sql`select count(*)::int as n from payment_push where kind = 'meter-hour' and state = 'waiting'`);
    expect(rows[0]!.n).toBe(0);
  });
});
