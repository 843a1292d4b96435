import { and, eq } from "drizzle-orm";
import { invoice } from "@/db/schema/billing";
import { flavor, priceVersion } from "@/db/schema/catalog";
import { instance, instanceEvent } from "@/db/schema/compute";
import { usageDrift, usageWindow } from "@/db/schema/metering";
import { payment, paymentEvent, paymentMethod, paymentPush, paymentSubscription, reconciliationDifference, slaCredit } from "@/db/schema/payment";
import { organization } from "@/db/schema/tenancy";
import { addCommitment, advanceDunning, billingPeriod, createCoupon, dunningSchedule, grantCredit, issueDueInvoices, issueManualInvoice, listInvoices, postLedgerEntry, setBudget } from "@/server/billing";
import { systemClock, VirtualClock } from "@/server/platform/clock";
import { mintId, type IdKind } from "@/server/platform/id";
import { sentence, sentences, type Sentence } from "@/server/platform/sentences";
import { systemRandom } from "@/server/platform/random";
import { inTransaction } from "@/server/platform/transaction";
import { testContext, type TestDatabase } from "./database";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const mint = (kind: IdKind): string => mintId(kind, { clock: systemClock, random: systemRandom });

export interface MoneyFixture {
  /** Last month's invoice, made from usage and paid. */
  readonly paidInvoiceId: string;
  readonly paidNumber: string;
  readonly overdueNumber: string;
}

/** Bills for the people of `fillPortal`: a month that was used, invoiced and paid; an overdue invoice; and what operators look at. */
export async function fillMoney(database: TestDatabase): Promise<MoneyFixture> {
  const db = database.owner;
  const at = (ms: number) => testContext(database.worker, { clock: new VirtualClock(ms) });
  const now = Date.now();
  const idOf = async (slug: string): Promise<string> => (await db.select({ id: organization.id }).from(organization).where(eq(organization.slug, slug)))[0]!.id;
  const [acme, globex] = [await idOf("acme"), await idOf("globex")];
  const thisMonth = billingPeriod("Asia/Tokyo", new Date(now)).start.getTime();

  // Days of last month: after the prices and the organization were made, before the machine's present window.
  const web = (await db.select().from(instance).where(and(eq(instance.organizationId, acme), eq(instance.name, "web-1"))))[0]!;
  const [from, to] = [new Date(thisMonth - 6 * DAY_MS), new Date(thisMonth - 3 * DAY_MS - 1_234)];
  const base = { organizationId: acme, instanceId: web.id, startedAt: from, endedAt: to, closedAt: to, closedReason: "stopped", createdAt: from };
  await db.insert(usageWindow).values([
    { ...base, id: mint("usageWindow"), meter: "instance", resourceId: web.id, flavorId: web.flavorId, quantity: 1, vcpus: web.vcpus, memoryMiB: web.memoryMiB },
    { ...base, id: mint("usageWindow"), meter: "storage", resourceId: `vol_${web.id}`, quantity: web.diskGiB },
  ]);
  await db.insert(instanceEvent).values([["started", from.getTime()], ["moved", from.getTime() + 20 * HOUR_MS], ["guest-shut-down", to.getTime()]].map(([kind, ms]) => ({ id: mint("instanceEvent"), organizationId: acme, instanceId: web.id, at: new Date(Number(ms)), kind: String(kind), detail: kind === "moved" ? { downtimeMs: 38 } : {} })));
  await issueDueInvoices(at(thisMonth + 25 * HOUR_MS));
  const paid = (await listInvoices(at(now), { organizationId: acme }))[0]!;
  const paidAt = new Date(thisMonth + 26 * HOUR_MS);
  await inTransaction(at(paidAt.getTime()), (tx) => postLedgerEntry(tx, at(paidAt.getTime()), { organizationId: acme, kind: "payment", currency: "JPY", amountMinor: -paid.totalMinor, invoiceId: paid.id, reference: "ch_fixture_paid", idempotencyKey: "payment:fixture" }));

  // Asked for five days ago, declined, and so overdue since: the next step comes in two days.
  const then = at(now - 5 * DAY_MS);
  const overdue = await inTransaction(then, (tx) => issueManualInvoice(tx, then, { organizationId: acme, lines: [{ description: "Migration of one server by hand", amountMinor: 30_000 }], dueAt: new Date(now - 5 * DAY_MS) }));
  await advanceDunning(then, dunningSchedule.parse(undefined));
  const grant = await grantCredit(at(now), { organizationId: acme, kind: "sla", currency: "JPY", amountMicros: 1_200_000_000, reason: "Availability of web-1 below 99.9 %", reference: "inc_fixture", idempotencyKey: "credit:fixture", expiresAt: new Date(now + 180 * DAY_MS) });
  await setBudget(at(now), { organizationId: acme, amountMinor: 40_000, thresholdsPercent: [50, 80, 100], hardCap: false });
  await createCoupon(at(now), { code: "WELCOME-20", kind: "percent", basisPoints: 2_000, currency: "JPY", durationDays: 90, maxRedemptions: 500 });
  await createCoupon(at(now), { code: "TRIAL-30", kind: "trial", currency: "JPY", maxMicros: 5_000_000_000, durationDays: 30, redeemableUntil: new Date(now + 60 * DAY_MS) });
  await addCommitment(at(now), { organizationId: acme, meter: "instance", flavorId: web.flavorId, units: 2, microsPerHour: 900_000, endsAt: new Date(now + 365 * DAY_MS) });
  await db.insert(paymentSubscription).values([
    { id: mint("paymentSubscription"), organizationId: acme, description: "Support, eight hours a day", currency: "JPY", amountMinor: 20_000, remoteId: "sub_fixture", status: "active", createdAt: new Date(now - 20 * DAY_MS), endedAt: null },
    { id: mint("paymentSubscription"), organizationId: acme, description: "Windows licence", currency: "JPY", amountMinor: 3_500, remoteId: "sub_fixture_old", status: "ended", createdAt: new Date(now - 30 * DAY_MS), endedAt: new Date(now - 2 * DAY_MS) },
  ]);
  await addProviderRows(database, { acme, globex, paidId: paid.id, paidMinor: paid.totalMinor, paidAt, overdueId: overdue.id, grantId: grant.id, webId: web.id, now });
  return { paidInvoiceId: paid.id, paidNumber: paid.number!, overdueNumber: overdue.number! };
}

interface ProviderRows {
  readonly acme: string;
  readonly globex: string;
  readonly paidId: string;
  readonly paidMinor: number;
  readonly paidAt: Date;
  readonly overdueId: string;
  readonly grantId: string;
  readonly webId: string;
  readonly now: number;
}

/** What comes from outside (the payment provider, an unusual month, a price of tomorrow), as its loops would have left it. */
async function addProviderRows({ owner: db }: TestDatabase, { acme, globex, paidId, paidMinor, paidAt, overdueId, grantId, webId, now }: ProviderRows): Promise<void> {
  const ago = (ms: number): Date => new Date(now - ms);
  const charge = { organizationId: acme, currency: "JPY", method: "visa •••• 4242", createdAt: paidAt };
  await db.insert(payment).values([
    { ...charge, id: mint("payment"), invoiceId: paidId, remoteId: "ch_fixture_paid", remotePaymentId: "pi_fixture_1", status: "succeeded", amountMinor: paidMinor, at: paidAt },
    { ...charge, id: mint("payment"), invoiceId: overdueId, remoteId: "ch_fixture_failed", remotePaymentId: "pi_fixture_2", status: "failed", amountMinor: 33_000, failureCode: "card_declined", failureText: "Your card was declined.", at: ago(5 * DAY_MS) },
  ]);
  await db.insert(paymentMethod).values({ id: "pm_fixture", organizationId: acme, kind: "card", brand: "visa", last4: "4242", expiresMonth: 4, expiresYear: 2031, isDefault: true });
  const declined = sentence("push-total-differs", { invoice: "B-000002", ours: { minor: 33_000, currency: "JPY" }, theirs: { minor: 30_000, currency: "JPY" }, draft: "in_fixture_2" });
  const lost = sentence("push-answer-lost");
  const push = { organizationId: acme, lane: acme, payload: {}, createdAt: ago(HOUR_MS) };
  await db.insert(paymentPush).values([
    { ...push, id: mint("paymentPush"), kind: "invoice", subjectId: overdueId, state: "stuck", attempts: 4, notBefore: ago(HOUR_MS), lastError: declined.text, lastErrorWords: declined.words },
    { ...push, id: mint("paymentPush"), kind: "customer", subjectId: globex, organizationId: globex, lane: globex, state: "waiting", attempts: 2, notBefore: new Date(now + 60_000), lastError: lost.text, lastErrorWords: lost.words },
  ]).onConflictDoNothing();
  const event = { apiVersion: "2026-10-28.endive", payload: {}, source: "webhook", notBefore: ago(HOUR_MS), occurredAt: ago(HOUR_MS), attempts: 1 } as const;
  const [took, unused] = [sentence("event-taken-over"), sentence("event-no-use")];
  await db.insert(paymentEvent).values([
    { ...event, id: "evt_fixture_1", type: "invoice.paid", objectKind: "invoice", objectId: "in_fixture_1", receivedAt: ago(2 * HOUR_MS), state: "done", note: took.text, noteWords: took.words },
    { ...event, id: "evt_fixture_2", type: "charge.failed", objectKind: "charge", objectId: "ch_fixture_failed", receivedAt: ago(HOUR_MS), state: "done", note: took.text, noteWords: took.words },
    { ...event, id: "evt_fixture_3", type: "product.updated", objectKind: null, objectId: null, receivedAt: ago(60_000), state: "kept", note: unused.text, noteWords: unused.words },
  ]);
  const [ours, theirs] = [33_000, 30_000].map((minor) => sentence("fact-amount", { amount: { minor, currency: "JPY" } })) as [Sentence, Sentence];
  const [off, open] = [sentence("fact-state-stopped"), sentence("fact-open-window")];
  const difference = { foundAt: ago(HOUR_MS), seenAt: ago(60_000) };
  await db.insert(reconciliationDifference).values([
    { ...difference, id: mint("difference"), subjectOrganizationId: acme, name: "invoice-total-differs", subjectId: overdueId, text: "The totals differ.", ledger: ours.text, ledgerWords: ours.words, provider: theirs.text, providerWords: theirs.words },
    { ...difference, id: mint("difference"), subjectOrganizationId: globex, name: "window-without-machine", subjectId: mint("usageWindow"), text: "The usage window is open, and no host runs the machine.", hostFacts: off.text, hostWords: off.words, ledger: open.text, ledgerWords: open.words },
  ]);
  const unusual = sentence("parked-unusual", { amount: { minor: 1_001_000, currency: "JPY" }, factor: 5, count: 3, usual: { minor: 83_400, currency: "JPY" } });
  const period = billingPeriod("Asia/Tokyo", new Date(paidAt.getTime() - 30 * HOUR_MS));
  await db.insert(invoice).values({ id: mint("invoice"), organizationId: globex, currency: "JPY", periodStart: period.start, periodEnd: period.end, status: "parked", subtotalMinor: 910_000, taxMinor: 91_000, totalMinor: 1_001_000, taxes: [{ rateBasisPoints: 1000, netMinor: 910_000, taxMinor: 91_000 }], roundingMicros: 0, issuedAt: ago(3 * HOUR_MS), parkedReason: unusual.text, parkedWords: unusual.words, sealedAt: ago(3 * HOUR_MS) });
  const drift = sentences(sentence("drift-too-little", { wrongSeconds: 90, flavor: "b1.small" }), sentence("drift-run-alone", { startedAt: ago(30 * HOUR_MS).toISOString(), endedAt: ago(29 * HOUR_MS).toISOString() }));
  await db.insert(usageDrift).values({ organizationId: acme, resourceId: mint("instance"), day: new Date(Math.floor((now - DAY_MS) / DAY_MS) * DAY_MS), billedMs: 86_310_000, countedMs: 86_400_000, explanation: drift.text, words: drift.words, foundAt: ago(HOUR_MS) });
  await db.insert(slaCredit).values({ id: mint("slaCredit"), organizationId: acme, instanceId: webId, grantId, periodStart: period.start, periodEnd: period.end, downtimeMs: 4_310_000, creditBasisPoints: 1_000, currency: "JPY", creditMicros: 1_200_000_000, outages: [{ fromMs: now - 20 * DAY_MS, toMs: now - 20 * DAY_MS + 4_310_000, cause: "inc_fixture" }], createdAt: ago(HOUR_MS) });
  const small = (await db.select().from(flavor).where(eq(flavor.name, "b1.small")))[0]!;
  await db.insert(priceVersion).values({ id: mint("priceVersion"), meter: "instance", flavorId: small.id, currency: "JPY", microsPerHour: 1_350_000, monthlyCapMicros: 900_000_000, validFrom: new Date(now + 10 * DAY_MS), createdAt: ago(HOUR_MS), createdBy: "fixture" });
}
