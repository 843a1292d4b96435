import { sql } from "drizzle-orm";
import { issueManualInvoice, readInvoiceIn, type InvoiceRow } from "@/server/billing";
import { SimulatedStripe, signPayload, type FaultSource } from "@/server/drivers/payment/simulated";
import { StripePayments, verifyWebhook } from "@/server/drivers/payment/stripe";
import type { PaymentDriver } from "@/server/drivers/payment/types";
import { receiveEvents } from "@/server/billing";
import { VirtualClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { seededRandom } from "@/server/platform/random";
import { inTransaction } from "@/server/platform/transaction";
import { paymentLoops } from "@/server/reconcilers/payments/loops";
import type { LoopDefinition, Pass } from "@/server/reconcilers/types";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";

export const WEBHOOK_SECRET = "whsec_only_for_tests";
const KEY = "sk_test_simulated";
/** Real time that a call with the fault `timeout` costs. */
const HASTE_MS = 500;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Reminder at once, nothing new after 7 days, stopped after 14, data kept from 30, deleted at 60. */
export const SCHEDULE = { restrictSeconds: 7 * 86_400, suspendSeconds: 14 * 86_400, retainSeconds: 30 * 86_400, deleteSeconds: 60 * 86_400, remindEverySeconds: 3 * 86_400 };

/** The loops between the ledger and a Stripe of the test's own, under a clock that moves when told. */
export class PaymentSetting {
  readonly delivered = new Set<string>();
  readonly loops: ReadonlyMap<string, LoopDefinition>;

  constructor(
    readonly database: TestDatabase,
    readonly clock: VirtualClock,
    readonly context: Context,
    readonly stripe: SimulatedStripe,
    readonly driver: PaymentDriver,
    readonly apiBase: string,
  ) {
    this.loops = this.loopsWith(driver);
  }

  /** A driver that waits for an answer only as long as a fault `timeout` needs to be one. On a busy machine it gives up by itself, too. */
  hasty(): PaymentDriver {
    return new StripePayments({ secretKey: KEY, apiBase: this.apiBase, timeoutMs: HASTE_MS });
  }

  loopsWith(driver: PaymentDriver): ReadonlyMap<string, LoopDefinition> {
    return new Map(paymentLoops({ driver, dunning: SCHEDULE, usage: "billing-meters", replayMs: 60_000 }).map((loop) => [loop.name, loop]));
  }

  /** One pass and everything that it began. */
  async pass(name: string, loops = this.loops): Promise<void> {
    const running: Promise<void>[] = [];
    const pass: Pass = {
      context: { ...this.context, actor: { kind: "system", id: name } }, machines: null as never, seedImage: () => new Uint8Array(), signal: new AbortController().signal,
      background: (_, work) => running.push(work()) > 0, busy: () => false, wake: () => undefined,
    };
    await loops.get(name)!.pass(pass);
    await Promise.all(running);
  }

  /** Pushes and time, until nothing waits. */
  async pushUntilDone(maxPasses = 60, loops = this.loops): Promise<number> {
    for (let passes = 1; passes <= maxPasses; passes++) {
      await this.pass("push-payments", loops);
      const { rows } = await this.database.owner.execute<{ n: number }>(sql`select count(*)::int as n from payment_push where state = 'waiting'`);
      if (rows[0]!.n === 0) return passes;
      await this.clock.advance(20 * 60_000);
    }
    const { rows } = await this.database.owner.execute(sql`select kind, subject_id, attempts, last_error from payment_push where state = 'waiting'`);
    throw new Error(`Not done after ${maxPasses} passes: ${JSON.stringify(rows)}`);
  }

  /** Signs and takes in every event that Stripe has and we were not told of. */
  async deliver(): Promise<number> {
    const fresh = this.stripe.vault.state.events.filter((event) => !this.delivered.has(event.id));
    for (const event of fresh) {
      this.delivered.add(event.id);
      const body = JSON.stringify(event);
      const genuine = verifyWebhook(Buffer.from(body), signPayload(body, [WEBHOOK_SECRET], Math.floor(this.clock.nowMs() / 1000)), [WEBHOOK_SECRET], this.clock.nowMs());
      if (!genuine) throw new Error(`the event ${event.id} was refused`);
      await receiveEvents(this.context, [genuine], "webhook");
    }
    return fresh.length;
  }

  /** Webhooks in, and worked off. */
  async settle(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const came = await this.deliver();
      await this.pass("work-inbox");
      const { rows } = await this.database.owner.execute<{ n: number; due: string | null }>(sql`select count(*)::int as n, min(not_before) as due from payment_event where state = 'new'`);
      const { n, due } = rows[0]!;
      if (came === 0 && n === 0) return;
      // What was put off is looked at when it is due: each failure makes the pause longer.
      if (due !== null) await this.clock.advance(Math.max(0, new Date(due).getTime() - this.clock.nowMs()));
    }
    const { rows } = await this.database.owner.execute(sql`select type, attempts, note from payment_event where state = 'new' order by id limit 5`);
    throw new Error(`The inbox did not become empty: ${JSON.stringify(rows)}`);
  }

  async addOrganization(currency = "JPY"): Promise<string> {
    const id = mintId("organization", this.context);
    const slug = id.replace("_", "-").slice(0, 40);
    await this.database.owner.execute(sql`insert into organization (id, slug, name, currency, created_at) values (${id}, ${slug}, ${slug}, ${currency}, ${this.clock.now().toISOString()})`);
    await this.database.owner.execute(sql`insert into billing_profile (organization_id, legal_name, billing_email, updated_at) values (${id}, ${slug}, ${`${slug}@pay.test`}, ${this.clock.now().toISOString()})`);
    return id;
  }

  issue(organizationId: string, amountMinor: number, dueInMs = 14 * DAY_MS): Promise<InvoiceRow> {
    return inTransaction(this.context, (tx) => issueManualInvoice(tx, this.context, { organizationId, lines: [{ description: "Machines", amountMinor: amountMinor - 7 }, { description: "Storage", amountMinor: 7 }], dueAt: new Date(this.clock.nowMs() + dueInMs) }));
  }

  /** A card on the customer, used by default; the organization must have been pushed once. */
  async giveCard(organizationId: string, number: "4242424242424242" | "4000000000000341" | "4000000000000259"): Promise<void> {
    const name = { "4242424242424242": "pm_card_visa", "4000000000000341": "pm_card_chargeCustomerFail", "4000000000000259": "pm_card_createDispute" }[number];
    const customer = await this.customerOf(organizationId);
    const response = await fetch(`${this.apiBase}/v1/payment_methods/${name}/attach`, { method: "POST", headers: { authorization: `Bearer ${KEY}` }, body: `customer=${customer}` });
    const { id } = (await response.json()) as { id: string };
    await fetch(`${this.apiBase}/v1/customers/${customer}`, { method: "POST", headers: { authorization: `Bearer ${KEY}` }, body: `invoice_settings[default_payment_method]=${id}` });
    await this.settle();
  }

  async customerOf(organizationId: string): Promise<string> {
    const { rows } = await this.database.owner.execute<{ id: string }>(sql`select remote_id as id from payment_customer where organization_id = ${organizationId}`);
    return rows[0]!.id;
  }

  async invoice(id: string): Promise<{ status: string; openMinor: number }> {
    const view = await inTransaction(this.context, (tx) => readInvoiceIn(tx, id), { readOnly: true });
    return { status: view.invoice.status, openMinor: view.openMinor };
  }

  async standing(organizationId: string): Promise<string> {
    const { rows } = await this.database.owner.execute<{ standing: string }>(sql`select standing from organization where id = ${organizationId}`);
    return rows[0]!.standing;
  }

  async close(): Promise<void> {
    await this.stripe.close();
    await this.database.close();
  }
}

export async function openPayments(options: { readonly seed?: number; readonly faults?: FaultSource; readonly startMs?: number } = {}): Promise<PaymentSetting> {
  const database = await createTestDatabase();
  const clock = new VirtualClock(options.startMs ?? Date.UTC(2026, 9, 5, 3));
  const random = seededRandom(options.seed ?? 1);
  const stripe = new SimulatedStripe({ secretKey: KEY, clock, random: seededRandom((options.seed ?? 1) + 1), timeoutMs: 2 * HASTE_MS, ...(options.faults ? { faults: options.faults } : {}) });
  const apiBase = `http://127.0.0.1:${await stripe.listen()}`;
  // Its usual patience: a call that takes long on a busy machine is not a fault.
  const driver = new StripePayments({ secretKey: KEY, apiBase });
  return new PaymentSetting(database, clock, testContext(database.worker, { clock, random }), stripe, driver, apiBase);
}
