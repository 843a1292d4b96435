import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addSubscription, endSubscription, getLink, issueCreditNote, listInvoicesIn, listSubscriptions, readBalance, readDifferences, readPaymentOverview, receiveEvents, requestLink, requestRefund } from "@/server/billing";
import { signPayload } from "@/server/drivers/payment/simulated";
import type { StoredEvent } from "@/server/drivers/payment/simulated/objects";
import { closeDispute } from "@/server/drivers/payment/simulated/payments";
import { verifyWebhook } from "@/server/drivers/payment/stripe";
import type { ProviderEvent } from "@/server/drivers/payment/types";
import { seededRandom, type Random } from "@/server/platform/random";
import { inTransaction } from "@/server/platform/transaction";
import { openPayments, WEBHOOK_SECRET, type PaymentSetting } from "./payment-setting";

let setting: PaymentSetting;
beforeAll(async () => {
  setting = await openPayments({ seed: 5 });
});
afterAll(() => setting.close());

const EVENTS = 1_000;
const DELIVERIES = 10_000;
const FORGED = 0.05;

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random.float() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

function permutations<T>(items: readonly T[]): T[][] {
  return items.length < 2 ? [[...items]] : items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

/** What is told of each organization, without what names this run: ids, and the moments at which things were noted. */
async function state(): Promise<Record<string, unknown>> {
  const read = async (query: ReturnType<typeof sql>) => (await setting.database.owner.execute(query)).rows;
  return {
    ledger: await read(sql`select organization_id, kind, currency, amount_minor, invoice_id, idempotency_key from ledger_entry order by organization_id, idempotency_key`),
    invoices: await read(sql`select id, status from invoice order by id`),
    payments: await read(sql`select organization_id, invoice_id, remote_id, status, amount_minor, method, failure_code from payment order by remote_id`),
    refunds: await read(sql`select organization_id, remote_id, status, amount_minor from payment_refund order by remote_id`),
    disputes: await read(sql`select organization_id, remote_id, status, amount_minor from payment_dispute order by remote_id`),
    provider: await read(sql`select invoice_id, remote_id, status, paid_minor, remaining_minor, attempts from payment_invoice order by invoice_id`),
    methods: await read(sql`select id, organization_id, last4, is_default from payment_method order by id`),
    customers: await read(sql`select organization_id, remote_id, default_method_id from payment_customer order by organization_id`),
    standings: await read(sql`select id, standing from organization order by id`),
  };
}

/** Empties what events had made, so that they can be told again in another order. */
async function forget(): Promise<void> {
  await setting.database.owner.execute(sql`
    begin; set local session_replication_role = replica;
    delete from ledger_entry where kind not in ('invoice', 'credit-note');
    update invoice set status = 'issued' where status = 'paid';
    delete from payment_refund; delete from payment_dispute; delete from payment; delete from payment_invoice; delete from payment_method; delete from payment_event; delete from dunning_case; delete from audit_entry where action like 'payment.%' or action like 'ledger.%';
    update payment_customer set default_method_id = null; delete from payment_push where kind <> 'invoice'; update organization set standing = 'good'; commit`);
}

async function workAll(): Promise<void> {
  for (let round = 0; round < 60; round++) {
    await setting.pass("work-inbox");
    const { rows } = await setting.database.owner.execute<{ n: number }>(sql`select count(*)::int as n from payment_event where state = 'new'`);
    if (rows[0]!.n === 0) return;
    // What was put off is looked at when it is due: each failure makes the pause longer.
    const { rows: [next] } = await setting.database.owner.execute<{ due: string }>(sql`select min(not_before) as due from payment_event where state = 'new'`);
    await setting.clock.advance(Math.max(0, new Date(next!.due).getTime() - setting.clock.nowMs()));
  }
  throw new Error("The inbox did not become empty.");
}

describe("the inbox", () => {
  it("1,000 events, 10,000 deliveries shuffled and repeated, 5 % forged or stale: the state of the right order, and each effect once", async () => {
    // A life of four organizations: cards, payments, declined and later paid ones, refunds, disputes won and lost.
    const organizations = [];
    for (let index = 0; index < 4; index++) {
      const id = await setting.addOrganization();
      organizations.push(id);
      await setting.issue(id, 900 + index);
    }
    await setting.pushUntilDone();
    const cards = ["4242424242424242", "4000000000000341", "4000000000000259"] as const;
    for (const [index, id] of organizations.entries()) await setting.giveCard(id, cards[index % 3]!);
    for (let round = 0; round < 2; round++) {
      for (const [index, id] of organizations.entries()) for (let count = 0; count < 2; count++) await setting.issue(id, 1_000 + 100 * index + round * 10 + count);
      await setting.pushUntilDone();
      await setting.settle();
      if (round === 0) for (const id of [organizations[1]!]) await setting.giveCard(id, "4242424242424242");
    }
    const { vault } = setting.stripe;
    for (const [index, dispute] of Object.values(vault.state.disputes).entries()) if (index % 3 < 2) closeDispute(vault, dispute.id, index % 3 === 0 ? "won" : "lost");
    const refundable = Object.values(vault.state.charges).filter((charge) => charge.status === "succeeded" && !charge.disputed).slice(0, 5);
    for (const charge of refundable) await fetch(`${setting.apiBase}/v1/refunds`, { method: "POST", headers: { authorization: "Bearer sk_test_simulated" }, body: `charge=${charge.id}&amount=100` });
    // What concerns nobody here fills up to a thousand; it has to be kept, and nothing made of it.
    while (vault.state.events.length < EVENTS) vault.emit(["invoice.paid", "charge.succeeded", "product.created", "a.type.of.next.year"][vault.state.events.length % 20] ?? "price.updated", { id: `x_${vault.state.events.length}`, object: "thing", payment_intent: `pi_${vault.state.events.length}` });
    const events = vault.state.events.slice(0, EVENTS);

    const tell = async (batch: readonly ProviderEvent[]) => receiveEvents(setting.context, batch, "webhook");
    const genuine = (event: StoredEvent): ProviderEvent => {
      const body = JSON.stringify(event);
      const at = Math.floor(setting.clock.nowMs() / 1000);
      return verifyWebhook(Buffer.from(body), signPayload(body, [WEBHOOK_SECRET], at), ["whsec_the_next_one", WEBHOOK_SECRET], setting.clock.nowMs())!;
    };

    await forget();
    for (let at = 0; at < events.length; at += 50) await tell(events.slice(at, at + 50).map(genuine));
    await workAll();
    const inOrder = await state();
    expect(inOrder["disputes"]).not.toEqual([]);
    expect(inOrder["refunds"]).not.toEqual([]);
    expect((inOrder["payments"] as { status: string }[]).map((row) => row.status)).toEqual(expect.arrayContaining(["failed", "succeeded"]));

    await forget();
    const random = seededRandom(99);
    const deliveries = shuffled(Array.from({ length: DELIVERIES }, (_, index) => events[index % EVENTS]!), random);
    let refused = 0;
    let forged = 0;
    let batch: ProviderEvent[] = [];
    for (const [index, event] of deliveries.entries()) {
      const body = JSON.stringify(event);
      const at = Math.floor(setting.clock.nowMs() / 1000);
      const kind = random.float() < FORGED ? Math.floor(random.float() * 4) : -1;
      const signature = [() => signPayload(body, ["whsec_of_somebody_else"], at), () => signPayload(body, [WEBHOOK_SECRET], at - 301), () => signPayload(`${body} `, [WEBHOOK_SECRET], at), () => "t=1,v1=00"][kind]?.() ?? signPayload(body, [WEBHOOK_SECRET], at);
      const event_ = verifyWebhook(Buffer.from(body), signature, [WEBHOOK_SECRET], setting.clock.nowMs());
      if (kind >= 0) forged += 1;
      if (event_ === null) refused += 1;
      else batch.push(event_);
      // Deliveries come while earlier ones are worked off. Several share a transaction here to save round trips; each is its own row.
      if (batch.length >= 50 || index === deliveries.length - 1) await tell(batch.splice(0));
      if (index % 2_500 === 2_499) await setting.pass("work-inbox");
    }
    expect(forged).toBeGreaterThan(400);
    expect(refused).toBe(forged);
    await workAll();
    const { rows } = await setting.database.owner.execute<{ n: number; done: number }>(sql`select count(*)::int as n, count(*) filter (where state in ('done', 'kept'))::int as done from payment_event`);
    expect(rows[0]).toEqual({ n: EVENTS, done: EVENTS });
    expect(await state()).toEqual(inOrder);
    const effects = await setting.database.owner.execute<{ n: number }>(sql`select count(*)::int as n from audit_entry where action in ('payment.succeeded', 'payment.failed') group by target_id having count(*) > 1`);
    expect(effects.rows).toEqual([]);
  }, 300_000);

  it("four events of one invoice, declined and paid later, end in the same state in each of their 24 orders", async () => {
    const id = await setting.addOrganization();
    await setting.issue(id, 2_400);
    await setting.pushUntilDone();
    await setting.giveCard(id, "4000000000000341");
    await setting.pushUntilDone();
    await setting.giveCard(id, "4242424242424242");
    await setting.pushUntilDone();
    const customer = await setting.customerOf(id);
    const events = setting.stripe.vault.state.events.filter((event) => JSON.stringify(event.data).includes(customer));
    const four = ["customer.updated", "invoice.payment_failed", "charge.succeeded", "invoice.paid"].map((type) => events.findLast((event) => event.type === type)!);
    expect(four.map((event) => event?.type)).toEqual(["customer.updated", "invoice.payment_failed", "charge.succeeded", "invoice.paid"]);
    const told = (event: StoredEvent): ProviderEvent => {
      const body = JSON.stringify(event);
      return verifyWebhook(Buffer.from(body), signPayload(body, [WEBHOOK_SECRET], Math.floor(setting.clock.nowMs() / 1000)), [WEBHOOK_SECRET], setting.clock.nowMs())!;
    };
    const orders = permutations(four);
    expect(orders).toHaveLength(24);
    const ends = [];
    for (const order of orders) {
      await forget();
      for (const event of order) {
        await receiveEvents(setting.context, [told(event)], "webhook");
        await workAll();
      }
      ends.push(JSON.stringify(await state()));
    }
    expect(JSON.parse(ends[0]!)).toMatchObject({ payments: expect.arrayContaining([expect.objectContaining({ organization_id: id, status: "succeeded" })]) });
    expect(new Set(ends).size).toBe(1);
  }, 300_000);

  it("an event that never arrived is found in Stripe's own list", async () => {
    const id = await setting.addOrganization();
    const first = await setting.issue(id, 500);
    await setting.pushUntilDone();
    await setting.giveCard(id, "4242424242424242");
    await setting.pushUntilDone();
    await setting.settle();
    const before = await setting.database.owner.execute<{ n: number }>(sql`select count(*)::int as n from payment_event`);
    const second = await setting.issue(id, 600);
    await setting.pushUntilDone();
    // Nobody delivers: the list is all that there is.
    await setting.clock.advance(60_000);
    await setting.pass("replay-events");
    await setting.pass("work-inbox");
    const after = await setting.database.owner.execute<{ n: number }>(sql`select count(*)::int as n from payment_event`);
    expect(after.rows[0]!.n).toBeGreaterThan(before.rows[0]!.n + 3);
    for (const invoice of [first, second]) expect(await setting.invoice(invoice.id)).toEqual({ status: "paid", openMinor: 0 });
  });

  it("gives back what a credit note freed, and no more", async () => {
    const id = await setting.addOrganization();
    const invoice = await setting.issue(id, 2_000);
    await setting.pushUntilDone();
    await setting.giveCard(id, "4242424242424242");
    await setting.pushUntilDone();
    await setting.settle();
    const { rows } = await setting.database.owner.execute<{ id: string }>(sql`select id from payment where invoice_id = ${invoice.id}`);
    const input = { paymentId: rows[0]!.id, amountMinor: 1_100, reason: "a test" };
    await expect(requestRefund(setting.context, input)).rejects.toMatchObject({ code: "conflict", detail: { mostMinor: 0 } });
    await issueCreditNote(setting.context, { invoiceId: invoice.id, amounts: [{ rateBasisPoints: 1000, netMinor: 1_000 }], reason: "a test", idempotencyKey: "cn-refund" });
    await requestRefund(setting.context, input);
    await expect(requestRefund(setting.context, input)).rejects.toMatchObject({ code: "conflict" });
    setting.stripe.faults = ((first) => ({ path }) => (path === "/v1/refunds" && first-- > 0 ? "lost-reply" : null))(1);
    await setting.pushUntilDone();
    setting.stripe.faults = () => null;
    await setting.settle();
    expect(Object.values(setting.stripe.vault.state.refunds).filter((refund) => refund.amount === 1_100)).toHaveLength(1);
    expect(await setting.invoice(invoice.id)).toEqual({ status: "paid", openMinor: 0 });
  });

  it("money paid in advance on a hosted page is held, and goes to the next invoice; tax ids come over", async () => {
    const id = await setting.addOrganization();
    const tenant = { ...setting.context, organizationId: id };
    await expect(requestLink(tenant, { kind: "prepay", returnPath: "/o/x/billing" }, "https://portal.example")).rejects.toMatchObject({ code: "bad-input" });
    const { id: linkId } = await requestLink(tenant, { kind: "prepay", amountMinor: 3_000, returnPath: "/o/x/billing" }, "https://portal.example");
    await setting.pushUntilDone();
    const link = await getLink(tenant, linkId);
    expect(link).toMatchObject({ state: "ready", amountMinor: 3_000 });
    const page = await fetch(link.url!, { method: "POST", body: new URLSearchParams({ number: "4242424242424242" }), redirect: "manual" });
    expect([page.status, page.headers.get("location")]).toEqual([303, "https://portal.example/o/x/billing"]);
    await fetch(`${setting.apiBase}/v1/customers/${await setting.customerOf(id)}/tax_ids`, { method: "POST", headers: { authorization: "Bearer sk_test_simulated" }, body: "type=jp_trn&value=T1234567890123" });
    await setting.settle();
    expect(await getLink(tenant, linkId)).toMatchObject({ state: "completed" });
    const balance = () => inTransaction(setting.context, (tx) => readBalance(tx, id), { readOnly: true });
    expect(await balance()).toEqual([{ currency: "JPY", balanceMinor: -3_000 }]);
    const overview = await readPaymentOverview(setting.context, { organizationId: id });
    expect(overview).toMatchObject({ taxIds: [{ type: "jp_trn", value: "T1234567890123", verification: "pending" }], payments: [{ status: "succeeded", amountMinor: 3_000, invoiceId: null }], methods: [{ last4: "4242" }] });
    const invoice = await setting.issue(id, 10_000);
    expect(await setting.invoice(invoice.id)).toEqual({ status: "issued", openMinor: 8_000 });
    await setting.pushUntilDone();
    expect(Object.values(setting.stripe.vault.state.invoices).find((theirs) => theirs.metadata["berth_invoice"] === invoice.id)).toMatchObject({ status: "open", total: 11_000, amount_remaining: 8_000 });
  });

  it("a flat amount comes every month by Stripe's subscription, and each of its invoices is one of ours", async () => {
    const id = await setting.addOrganization();
    await setting.issue(id, 100);
    await setting.pushUntilDone();
    await setting.giveCard(id, "4242424242424242");
    await setting.pushUntilDone();
    const row = await addSubscription(setting.context, { organizationId: id, description: "Support", amountMinor: 1_000 });
    setting.stripe.faults = ((first) => ({ path }) => (path === "/v1/subscriptions" && first-- > 0 ? "lost-reply" : null))(1);
    await setting.pushUntilDone();
    setting.stripe.faults = () => null;
    await setting.settle();
    await setting.pushUntilDone();
    expect(Object.values(setting.stripe.vault.state.subscriptions).filter((theirs) => theirs.metadata["berth_subscription"] === row.id)).toHaveLength(1);
    const ours = await inTransaction(setting.context, (tx) => listInvoicesIn(tx, { organizationId: id }), { readOnly: true });
    expect(ours.map((invoice) => [invoice.totalMinor, invoice.status, invoice.openMinor])).toEqual(expect.arrayContaining([[1_100, "paid", 0]]));
    expect(ours).toHaveLength(2);
    expect(Object.values(setting.stripe.vault.state.invoices).filter((theirs) => theirs.customer === Object.values(setting.stripe.vault.state.subscriptions)[0]!.customer)).toHaveLength(2);
    await setting.clock.advance(3_600_000);
    await setting.pass("reconcile-books");
    expect((await readDifferences(setting.context)).filter((difference) => difference.subjectOrganizationId === id)).toEqual([]);
    await endSubscription(setting.context, { subscriptionId: row.id });
    await setting.pushUntilDone();
    expect(await listSubscriptions(setting.context, { organizationId: id })).toMatchObject([{ status: "ended" }]);
    expect(Object.values(setting.stripe.vault.state.subscriptions)).toMatchObject([{ status: "canceled" }]);
  });

  it("one signature of several secrets is enough; a changed byte is not", () => {
    const body = JSON.stringify({ id: "evt_1", object: "event", type: "invoice.paid", created: 1, data: { object: { id: "in_1", object: "invoice" } } });
    const at = Math.floor(setting.clock.nowMs() / 1000);
    const header = signPayload(body, ["whsec_old", "whsec_new"], at);
    for (const secrets of [["whsec_old"], ["whsec_new"], ["whsec_x", "whsec_old"]]) expect(verifyWebhook(Buffer.from(body), header, secrets, setting.clock.nowMs())?.id).toBe("evt_1");
    expect(verifyWebhook(Buffer.from(body), header, ["whsec_x"], setting.clock.nowMs())).toBeNull();
    expect(verifyWebhook(Buffer.from(body), header, ["whsec_old"], setting.clock.nowMs() + 301_000)).toBeNull();
    for (let index = 0; index < body.length; index += 7) {
      const damaged = Buffer.from(body);
      damaged[index]! ^= 1;
      expect(verifyWebhook(damaged, header, ["whsec_old"], setting.clock.nowMs()), createHash("sha256").update(damaged).digest("hex")).toBeNull();
    }
    expect(verifyWebhook(Buffer.from(body), null, ["whsec_old"], setting.clock.nowMs())).toBeNull();
  });
});
