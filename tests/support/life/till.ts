import { sql } from "drizzle-orm";
import { readInvoiceIn, receiveEvents } from "@/server/billing";
import { SimulatedStripe, signPayload, type Fault } from "@/server/drivers/payment/simulated";
import { StripePayments, verifyWebhook } from "@/server/drivers/payment/stripe";
import type { PaymentDriver, ProviderEvent } from "@/server/drivers/payment/types";
import type { Clock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { seededRandom, type Random } from "@/server/platform/random";
import { inTransaction } from "@/server/platform/transaction";
import { paymentLoops } from "@/server/reconcilers/payments/loops";
import type { LoopDefinition, Pass } from "@/server/reconcilers/types";
import type { TestDatabase } from "../database";

const KEY = "sk_test_simulated";
const SECRETS = ["whsec_life_now", "whsec_life_next"];
const HOUR_MS = 3_600_000;
const FAULTS: readonly Fault[] = ["lost-request", "lost-reply", "error-before", "error-after", "rate-limited", "conflict"];
const DUNNING = { restrictSeconds: 40 * 86_400, suspendSeconds: 50 * 86_400, retainSeconds: 60 * 86_400, deleteSeconds: 90 * 86_400, remindEverySeconds: 3 * 86_400 };

interface MovableClock extends Clock {
  advance(ms: number): Promise<void>;
}

/** The way between the ledger and a Stripe of the batch's own, with everything that goes wrong on it. */
export class Till {
  /** False: nothing goes wrong any more. */
  stormy = true;
  private readonly random: Random;
  private readonly told = new Set<string>();
  private readonly kept: ProviderEvent[] = [];

  private constructor(
    readonly database: TestDatabase,
    private readonly clock: MovableClock,
    private readonly context: Context,
    readonly stripe: SimulatedStripe,
    private readonly driver: PaymentDriver,
    private readonly apiBase: string,
    seed: number,
  ) {
    this.random = seededRandom(seed);
    // A call that runs out of time costs real time, so it is rare; a lost answer is the same to us.
    stripe.faults = ({ method }) => {
      if (!this.stormy || this.random.float() > (method === "POST" ? 0.2 : 0.04)) return null;
      return this.random.float() < 0.01 ? "timeout" : (FAULTS[Math.floor(this.random.float() * FAULTS.length)] ?? null);
    };
  }

  static async open(database: TestDatabase, clock: MovableClock, context: Context, seed: number): Promise<Till> {
    const stripe = new SimulatedStripe({ secretKey: KEY, clock, random: seededRandom(seed + 1), timeoutMs: 3_000 });
    const apiBase = `http://127.0.0.1:${await stripe.listen()}`;
    return new Till(database, clock, context, stripe, new StripePayments({ secretKey: KEY, apiBase, timeoutMs: 2_000 }), apiBase, seed);
  }

  close(): Promise<void> {
    return this.stripe.close();
  }

  /** One pass of a loop of money and everything that it began. */
  async pass(name: string, driver = this.driver): Promise<void> {
    const loop: LoopDefinition | undefined = paymentLoops({ driver, dunning: DUNNING, usage: "invoice-items", replayMs: 60_000 }).find((one) => one.name === name);
    if (!loop) throw new Error(`There is no loop ${name}.`);
    const begun: Promise<void>[] = [];
    const pass: Pass = {
      context: { ...this.context, actor: { kind: "system", id: name } }, machines: null as never, seedImage: () => new Uint8Array(), signal: new AbortController().signal,
      background: (_, work) => begun.push(work()) > 0, busy: () => false, wake: () => undefined,
    };
    await loop.pass(pass);
    await Promise.all(begun);
  }

  /** A worker whose process ends right after one of its calls had its effect: nobody hears the answer, nothing is written. */
  async passAndDie(): Promise<void> {
    let left = 1 + Math.floor(this.random.float() * 12);
    let die = (): void => undefined;
    const death = new Promise<void>((resolve) => (die = resolve));
    const dying = new Proxy(this.driver, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (...args: unknown[]) => {
          if (left < 0) return new Promise(() => undefined);
          const answer = (await method.apply(target, args)) as unknown;
          if (--left >= 0) return answer;
          die();
          return new Promise(() => undefined);
        };
      },
    });
    await Promise.race([death, this.pass("push-payments", dying)]);
  }

  /** Nobody answers for thirty hours, and what was under way when it began had lost its answers. */
  async outage(): Promise<void> {
    const { faults } = this.stripe;
    this.stripe.faults = ({ method }) => (method === "POST" ? "lost-reply" : null);
    await this.pass("push-payments");
    this.stripe.faults = faults;
    this.stripe.down = true;
    for (let tries = 0; tries < 6; tries++) {
      await this.clock.advance(5 * HOUR_MS);
      await this.pass("push-payments");
      await this.pass("work-inbox");
    }
    this.stripe.down = false;
  }

  /** Signed deliveries of what happened since: some twice, some never, in no order. Answers how many. */
  async deliver(): Promise<number> {
    const fresh = this.stripe.vault.state.events.filter((event) => !this.told.has(event.id));
    for (const event of fresh) {
      this.told.add(event.id);
      // One that never comes is found in Stripe's list.
      if (this.stormy && this.random.float() < 0.05) continue;
      const body = JSON.stringify(event);
      const genuine = verifyWebhook(Buffer.from(body), signPayload(body, SECRETS.slice(0, 1 + Math.floor(this.random.float() * 2)), Math.floor(this.clock.nowMs() / 1000)), SECRETS, this.clock.nowMs());
      if (!genuine) throw new Error(`the event ${event.id} was refused`);
      this.kept.push(genuine);
      if (this.random.float() < 0.2) this.kept.push(genuine);
    }
    for (let index = this.kept.length - 1; index > 0; index--) {
      const other = Math.floor(this.random.float() * (index + 1));
      [this.kept[index], this.kept[other]] = [this.kept[other] as ProviderEvent, this.kept[index] as ProviderEvent];
    }
    // Some wait for the next time, behind newer ones.
    const now = this.kept.splice(0, this.stormy ? Math.ceil(this.kept.length * 0.8) : this.kept.length);
    for (let at = 0; at < now.length; at += 40) await receiveEvents(this.context, now.slice(at, at + 40), "webhook");
    return now.length;
  }

  /** Push, deliver, work off, with time between, until nothing waits. */
  async untilQuiet(): Promise<void> {
    for (let round = 0; round < 80; round++) {
      await this.pass("push-payments");
      const came = await this.deliver();
      if (round % 4 === 3) await this.pass("replay-events").catch(() => undefined);
      await this.pass("work-inbox");
      const { rows } = await this.database.owner.execute<{ pushes: number; events: number }>(sql`select (select count(*)::int from payment_push where state = 'waiting') as pushes, (select count(*)::int from payment_event where state = 'new') as events`);
      if (rows[0]?.pushes === 0 && rows[0].events === 0 && came === 0 && this.kept.length === 0 && round >= 4) return;
      if (round > 50) this.stormy = false;
      await this.clock.advance(6 * 60_000);
    }
    const { rows } = await this.database.owner.execute(sql`select kind, subject_id, state, attempts, last_error from payment_push where state <> 'done' union all select type, id, state, attempts, note from payment_event where state = 'new' limit 5`);
    throw new Error(`The push to Stripe does not end: ${JSON.stringify(rows)}`);
  }

  /** A card for a customer at Stripe, paid from by default from now on. */
  async giveCard(organizationId: string, name: "pm_card_visa" | "pm_card_chargeCustomerFail"): Promise<void> {
    const { rows } = await this.database.owner.execute<{ id: string }>(sql`select remote_id as id from payment_customer where organization_id = ${organizationId}`);
    const [customer] = rows;
    if (!customer) return;
    const { stormy } = this;
    this.stormy = false;
    const post = async (path: string, body: string): Promise<{ id: string }> => {
      const response = await fetch(`${this.apiBase}${path}`, { method: "POST", headers: { authorization: `Bearer ${KEY}` }, body });
      return (await response.json()) as { id: string };
    };
    const { id } = await post(`/v1/payment_methods/${name}/attach`, `customer=${customer.id}`);
    await post(`/v1/customers/${customer.id}`, `invoice_settings[default_payment_method]=${id}`);
    this.stormy = stormy;
  }

  /** What does not agree between Stripe and the ledger, in words. */
  async compare(organizationIds: readonly string[]): Promise<readonly { readonly organizationId: string; readonly what: string }[]> {
    const { state } = this.stripe.vault;
    const found: { organizationId: string; what: string }[] = [];
    const all = await this.database.owner.execute<{ id: string; organization_id: string; status: string; total_minor: string }>(sql`select id, organization_id, status, total_minor from invoice where status <> 'void'`);
    const entries = await this.database.owner.execute<{ organization_id: string; kind: string; sum: string; many: number }>(sql`select organization_id, kind, sum(amount_minor)::bigint as sum, count(*)::int as many from ledger_entry group by 1, 2`);
    for (const organizationId of organizationIds) {
      const say = (what: string): void => void found.push({ organizationId, what });
      const customers = Object.values(state.customers).filter((one) => one.metadata["berth_organization"] === organizationId);
      if (customers.length > 1) say(`${customers.length} customers at Stripe`);
      const ledger = (kind: string): number => Number(entries.rows.find((row) => row.organization_id === organizationId && row.kind === kind)?.sum ?? 0);
      let chargedMinor = 0;
      for (const invoice of all.rows.filter((row) => row.organization_id === organizationId)) {
        const theirs = Object.values(state.invoices).filter((one) => one.metadata["berth_invoice"] === invoice.id && one.status !== "void");
        const waived = ledger("write-off") !== 0 && theirs.length === 0;
        if (waived || Number(invoice.total_minor) === 0) continue;
        const [one] = theirs;
        if (theirs.length !== 1 || !one) {
          say(`${theirs.length} invoices at Stripe for ${invoice.id}`);
          continue;
        }
        if (one.total !== Number(invoice.total_minor)) say(`${invoice.id} is ${invoice.total_minor} here and ${one.total} at Stripe`);
        const charges = Object.values(state.charges).filter((charge) => charge.status === "succeeded" && state.paymentIntents[charge.payment_intent]?.invoice === one.id);
        if (charges.length > 1) say(`${invoice.id} was charged ${charges.length} times`);
        chargedMinor += charges.reduce((sum, charge) => sum + charge.amount, 0);
        const { openMinor, invoice: ours } = await inTransaction(this.context, (tx) => readInvoiceIn(tx, invoice.id), { readOnly: true });
        if (openMinor !== one.amount_remaining) say(`${invoice.id} has ${openMinor} open here and ${one.amount_remaining} at Stripe`);
        if ((ours.status === "paid") !== (one.status === "paid")) say(`${invoice.id} is ${ours.status} here and ${one.status} at Stripe`);
      }
      if (-ledger("payment") !== chargedMinor) say(`the ledger has payments of ${-ledger("payment")}, Stripe charged ${chargedMinor}`);
    }
    return found;
  }
}
