import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { draftInvoice, grantCredit, issueCreditNote, issueDueInvoices, issueInvoice, issueNow, listCredits, listParkedInvoices, readBalance, readEvidence, readInvoice, readInvoiceForStaff, readMoney, releaseInvoice, verifyEvidence, voidInvoice } from "@/server/billing";
import { adjustUsage, closePeriod, listPeriods } from "@/server/metering";
import { VirtualClock } from "@/server/platform/clock";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { addOrganization, addPrices, addWindow } from "./fixture";

let database: TestDatabase;
let flavorId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  flavorId = await addPrices(database);
});
afterAll(() => database.close());

/** Tokyo's months begin at 15:00 UTC of the day before. */
const JANUARY = new Date("2025-12-31T15:00:00Z");
const FEBRUARY = new Date("2026-01-31T15:00:00Z");
const MARCH = new Date("2026-02-28T15:00:00Z");
const hours = (from: Date, count: number): Date => new Date(from.getTime() + count * 3_600_000);
const at = (moment: Date) => testContext(database.worker, { clock: new VirtualClock(moment.getTime()) });
const issued = async (organizationId: string) =>
  (await database.owner.execute<{ id: string; status: string; total_minor: string; period_start: string; number: string | null }>(sql`select id, status, total_minor, period_start, number from invoice where organization_id = ${organizationId} order by period_start, issued_at, id`)).rows;
const money = (draft: { subtotalMinor: number; taxMinor: number; totalMinor: number; roundingMicros: number }) => [draft.subtotalMinor, draft.taxMinor, draft.totalMinor, draft.roundingMicros];

describe("issuing", () => {
  it("makes exactly one invoice a period, equal to its preview, whoever asks and however often", async () => {
    const organizationId = await addOrganization(database, { at: JANUARY });
    await addWindow(database, { organizationId, resourceId: "ins_1", flavorId, from: hours(JANUARY, 1), to: hours(JANUARY, 101.5) });
    await addWindow(database, { organizationId, resourceId: "ins_2", flavorId, from: hours(JANUARY, 700), to: hours(FEBRUARY, 5) });
    await addWindow(database, { organizationId, resourceId: "vol_1", flavorId: null, meter: "storage", quantity: 40, from: hours(JANUARY, 1), to: hours(FEBRUARY, 0.1), closed: false });
    await grantCredit(at(hours(JANUARY, 3)), { organizationId, kind: "promotional", currency: "JPY", amountMicros: 30_700_001, reason: "welcome", idempotencyKey: `w-${organizationId}` });
    const preview = await draftInvoice(at(hours(FEBRUARY, 0.2)), { organizationId, at: hours(JANUARY, 1) });
    expect(await issueDueInvoices(at(new Date(FEBRUARY.getTime() + 60_000)))).toMatchObject({ issued: 0, waiting: 1, failed: 0 });
    const passes = await Promise.all([0.2, 0.2, 0.2, 0.2].map((hour) => issueDueInvoices(at(hours(FEBRUARY, hour)))));
    expect(passes.reduce((sum, pass) => sum + pass.issued, 0)).toBe(1);
    const rows = await issued(organizationId);
    expect(rows).toHaveLength(1);
    const view = await readInvoice(at(FEBRUARY), { organizationId, invoiceId: rows[0]!.id });
    expect(money(view.invoice)).toEqual(money(preview));
    expect(view.lines.map((line) => [line.key, line.amountMicros])).toEqual(preview.lines.map((line) => [line.key, line.amountMicros]));
    expect(view.lines.reduce((sum, line) => sum + line.amountMicros, 0) + view.invoice.roundingMicros).toBe(view.invoice.subtotalMinor * 1_000_000);
    expect((await listCredits(at(FEBRUARY), { organizationId }))[0]).toMatchObject({ leftMicros: 0, usedMicros: 30_700_001 });
    expect((await inTransaction(at(FEBRUARY), (tx) => readBalance(tx, organizationId)))[0]?.balanceMinor).toBe(view.invoice.totalMinor);
    // The month again, from what is closed: the same to the micro.
    expect(money(await draftInvoice(at(MARCH), { organizationId, at: hours(JANUARY, 1) }))).toEqual(money(preview));
    // What crossed the end was cut there, and the rest is the next month's.
    const crossing = await database.owner.execute(sql`select 1 from usage_window where organization_id = ${organizationId} and started_at < ${FEBRUARY.toISOString()} and ended_at > ${FEBRUARY.toISOString()}`);
    expect(crossing.rows).toEqual([]);
    expect((await draftInvoice(at(hours(FEBRUARY, 6)), { organizationId })).lines.map((line) => [line.resourceId, line.quantityUnitMs / 3_600_000])).toEqual([["ins_2", 5], ["vol_1", 4]]);
  });

  it("waits for a host's last word, but not for ever, and bills what it says later as an adjustment", async () => {
    const organizationId = await addOrganization(database, { at: JANUARY });
    await addWindow(database, { organizationId, resourceId: "ins_3", flavorId, from: hours(JANUARY, 1), to: hours(JANUARY, 743), closed: false });
    expect(await issueDueInvoices(at(hours(FEBRUARY, 3)))).toMatchObject({ waiting: 1 });
    expect(await issueDueInvoices(at(hours(FEBRUARY, 25)))).toMatchObject({ issued: 1 });
    const before = money(await draftInvoice(at(hours(FEBRUARY, 30)), { organizationId, at: JANUARY }));
    await inTransaction(at(hours(FEBRUARY, 26)), (tx) => adjustUsage(tx, at(hours(FEBRUARY, 26)), { organizationId, direction: "add", meter: "instance", resourceId: "ins_3", instanceId: "ins_3", flavorId, storageClass: null, movable: false, quantity: 1, startedAt: hours(JANUARY, 743), endedAt: FEBRUARY, reason: "its host spoke later" }));
    const draft = await draftInvoice(at(hours(FEBRUARY, 30)), { organizationId });
    expect(draft.lines.map((line) => [line.kind, line.resourceId, line.amountMicros])).toEqual([["adjustment", "ins_3", 1_500_000]]);
    expect(money(await draftInvoice(at(hours(FEBRUARY, 30)), { organizationId, at: JANUARY }))).toEqual(before);
    expect(await issueDueInvoices(at(hours(MARCH, 1)))).toMatchObject({ issued: 1 });
    expect((await draftInvoice(at(hours(MARCH, 2)), { organizationId })).lines).toEqual([]);
    expect((await issued(organizationId)).map((row) => Number(row.total_minor))).toEqual([1224, 2]);
  });

  it("freezes the period: nothing comes into it, grows in it or leaves it", async () => {
    const organizationId = await addOrganization(database, { at: JANUARY });
    await addWindow(database, { organizationId, resourceId: "ins_4", flavorId, from: hours(JANUARY, 1), to: hours(JANUARY, 2) });
    await issueDueInvoices(at(hours(FEBRUARY, 1)));
    await expect(addWindow(database, { organizationId, resourceId: "ins_5", flavorId, from: hours(JANUARY, 5), to: hours(JANUARY, 6) })).rejects.toThrow();
    await expect(addWindow(database, { organizationId, resourceId: "ins_5", flavorId, from: hours(FEBRUARY, -1), to: hours(FEBRUARY, 1) })).rejects.toThrow();
    for (const statement of [sql`update usage_window set ended_at = ended_at + interval '1 hour' where resource_id = 'ins_4'`, sql`delete from usage_window where resource_id = 'ins_4'`, sql`delete from usage_period`, sql`update usage_period set ended_at = ended_at + interval '1 day'`]) {
      await expect(database.owner.execute(statement)).rejects.toThrow();
    }
    const close = (startedAt: Date, endedAt: Date) => inTransaction(at(hours(MARCH, 1)), (tx) => closePeriod(tx, at(hours(MARCH, 1)), { organizationId, startedAt, endedAt }));
    await expect(close(hours(FEBRUARY, 1), MARCH)).rejects.toMatchObject({ code: "bad-input" });
    await expect(close(FEBRUARY, hours(MARCH, 2))).rejects.toMatchObject({ code: "bad-input" });
    expect(await close(JANUARY, FEBRUARY)).toBe(false);
    await expect(inTransaction(at(MARCH), (tx) => adjustUsage(tx, at(MARCH), { organizationId, direction: "add", meter: "instance", resourceId: "ins_5", instanceId: "ins_5", flavorId, storageClass: null, movable: false, quantity: 1, startedAt: hours(FEBRUARY, 1), endedAt: hours(FEBRUARY, 2), reason: "open" }))).rejects.toMatchObject({ code: "bad-input" });
    await expect(issueInvoice(at(MARCH), { organizationId, periodStart: FEBRUARY })).rejects.toMatchObject({ code: "bad-input" });
  });

  it("catches up after months without a worker, and follows a zone that changed without gap or overlap", async () => {
    const organizationId = await addOrganization(database, { at: new Date("2025-10-15T00:00:00Z") });
    await addWindow(database, { organizationId, resourceId: "ins_6", flavorId, from: new Date("2025-10-20T00:00:00Z"), to: new Date("2025-12-20T00:00:00Z") });
    await issueDueInvoices(at(hours(JANUARY, 1)));
    await database.owner.execute(sql`update organization set time_zone = 'America/New_York' where id = ${organizationId}`);
    await issueDueInvoices(at(new Date("2026-04-02T00:00:00Z")));
    const periods = await inTransaction(at(MARCH), (tx) => listPeriods(tx, organizationId));
    expect(periods.map((period) => period.startedAt.toISOString())).toEqual(["2025-09-30T15:00:00.000Z", "2025-10-31T15:00:00.000Z", "2025-11-30T15:00:00.000Z", "2025-12-31T15:00:00.000Z", "2026-02-01T05:00:00.000Z", "2026-03-01T05:00:00.000Z"]);
    for (let index = 1; index < periods.length; index++) expect(periods[index]!.startedAt).toEqual(periods[index - 1]!.endedAt);
    expect((await issued(organizationId)).map((row) => Number(row.total_minor))).toEqual([Math.round(279 * 1.5 * 1.1), 720 * 1.5 * 1.1, Math.round(465 * 1.5 * 1.1)].map((total) => expect.closeTo(total, -1)));
  });

  it("may be asked for before the month is over: once, over what was used until then, and the rest is the next one's", async () => {
    // Later than everything above, whose passes of the loop leave it alone.
    const june = new Date("2026-05-31T15:00:00Z");
    const organizationId = await addOrganization(database, { at: june });
    const now = hours(june, 101);
    await addWindow(database, { organizationId, resourceId: "ins_now", flavorId, from: hours(june, 1), to: now, closed: false });
    const preview = await draftInvoice(at(now), { organizationId });
    const { outcome, invoice } = await issueNow(at(now), { organizationId });
    expect([outcome, invoice?.periodEnd]).toEqual(["issued", now]);
    expect(money(invoice!)).toEqual(money(preview));
    await expect(issueNow(at(hours(june, 101.01)), { organizationId })).rejects.toMatchObject({ code: "conflict" });
    const view = await readMoney(testContext(database.worker, { clock: new VirtualClock(now.getTime()) }), { organizationId });
    expect(view.invoices.map((row) => row.openMinor)).toEqual([invoice!.totalMinor]);
    expect(view.periods).toMatchObject([{ startedAt: june, endedAt: now }]);
    const { creditable } = await readInvoiceForStaff(at(now), { invoiceId: invoice!.id });
    expect(creditable).toEqual([{ rateBasisPoints: 1000, leftMinor: invoice!.subtotalMinor }]);
    await issueCreditNote(at(now), { invoiceId: invoice!.id, reason: "an outage", amounts: [{ rateBasisPoints: 1000, netMinor: 40 }], idempotencyKey: `now-${invoice!.id}` });
    expect((await readInvoiceForStaff(at(now), { invoiceId: invoice!.id })).creditable).toEqual([{ rateBasisPoints: 1000, leftMinor: invoice!.subtotalMinor - 40 }]);
  });
});

describe("a credit for an outage", () => {
  it("stands on the invoice with its reason as a sentence for any language", async () => {
    const organizationId = await addOrganization(database, { at: JANUARY });
    await addWindow(database, { organizationId, resourceId: "ins_down", flavorId, from: hours(JANUARY, 1), to: hours(JANUARY, 101) });
    const grant = await grantCredit(at(hours(JANUARY, 2)), { organizationId, kind: "sla", currency: "JPY", amountMicros: 5_000_000, reason: "Service level", idempotencyKey: `sla-${organizationId}` });
    await database.owner.execute(sql`insert into sla_credit (id, organization_id, instance_id, period_start, period_end, downtime_ms, credit_basis_points, currency, credit_micros, outages, grant_id, created_at)
      values (${`slc_${organizationId}`}, ${organizationId}, 'ins_down', ${JANUARY.toISOString()}, ${FEBRUARY.toISOString()}, 7200000, 1000, 'JPY', 5000000, '[]', ${grant.id}, ${JANUARY.toISOString()})`);
    const preview = await draftInvoice(at(hours(JANUARY, 200)), { organizationId });
    const { invoice } = await issueNow(at(hours(JANUARY, 200)), { organizationId });
    const { lines } = await readInvoice(at(FEBRUARY), { organizationId, invoiceId: invoice!.id });
    const words = [{ code: "credit-outage", params: { instance: "ins_down", downSeconds: 7_200, startedAt: JANUARY.toISOString(), percent: 10 } }];
    expect(preview.lines.find((line) => line.kind === "credit")?.labelWords).toEqual(words);
    expect(lines.find((line) => line.kind === "credit")?.description["labelWords"]).toEqual(words);
    expect(lines.filter((line) => line.kind !== "credit").every((line) => !("labelWords" in line.description))).toBe(true);
  });
});

describe("an invoice that is asked for", () => {
  it("makes those of the months before it first, each of its own month, though no host has said its last word about them", async () => {
    const june = new Date("2026-05-31T15:00:00Z");
    const august = new Date("2026-07-31T15:00:00Z");
    const organizationId = await addOrganization(database, { at: june });
    const now = hours(august, 5);
    // It runs all the time, and was confirmed until a minute before July ended.
    await addWindow(database, { organizationId, resourceId: "ins_months", flavorId, from: hours(june, 1), to: new Date(august.getTime() - 60_000), closed: false });
    const { outcome, invoice } = await issueNow(at(now), { organizationId });
    const rows = await issued(organizationId);
    expect(rows).toHaveLength(2);
    expect([outcome, invoice?.id]).toEqual(["issued", rows[1]!.id]);
    const periods = await inTransaction(at(now), (tx) => listPeriods(tx, organizationId));
    expect(periods.map((period) => period.endedAt.toISOString())).toEqual(["2026-06-30T15:00:00.000Z", august.toISOString(), now.toISOString()]);
    expect(Number(rows[0]!.total_minor) + Number(rows[1]!.total_minor)).toBe(Math.round(719 * 1.5 * 1.1) + Math.round((744 * 60 - 1) / 60 * 1.5 * 1.1));
    await expect(issueNow(at(new Date(now.getTime() + 59_000)), { organizationId })).rejects.toMatchObject({ code: "conflict" });
    expect((await issueDueInvoices(at(now))).failed).toBe(0);
    expect(await issued(organizationId)).toHaveLength(2);
  });

  it("just after a month's end is that month's alone", async () => {
    const june = new Date("2026-05-31T15:00:00Z");
    const july = new Date("2026-06-30T15:00:00Z");
    const organizationId = await addOrganization(database, { at: june });
    await addWindow(database, { organizationId, resourceId: "ins_turn", flavorId, from: hours(june, 1), to: july, closed: false });
    const { invoice } = await issueNow(at(new Date(july.getTime() + 30_000)), { organizationId });
    expect([invoice?.periodStart, invoice?.periodEnd]).toEqual([june, july]);
  });
});

describe("an unusual invoice", () => {
  it("is parked, owed by nobody, and goes out or is made anew as an operator says", async () => {
    const organizationId = await addOrganization(database, { at: JANUARY });
    const run = (from: Date, count: number, resourceId: string) => addWindow(database, { organizationId, resourceId, flavorId, from, to: hours(from, count) });
    await run(JANUARY, 100, "ins_7");
    await issueDueInvoices(at(hours(FEBRUARY, 1)));
    const many = Array.from({ length: 300 }, (_, index) => `ins_many_${index}`);
    for (const resourceId of many) await run(FEBRUARY, 660, resourceId);
    expect(await issueDueInvoices(at(hours(MARCH, 1)))).toMatchObject({ parked: 1, issued: 0 });
    expect(await issueDueInvoices(at(hours(MARCH, 2)))).toMatchObject({ parked: 0, issued: 0 });
    const [parked] = (await listParkedInvoices(at(MARCH))).filter((row) => row.organizationId === organizationId);
    expect(parked).toMatchObject({ number: null, openMinor: 0 });
    expect(parked!.parkedReason).toMatch(/more than 5 times/);
    await expect(readInvoice(at(MARCH), { organizationId, invoiceId: parked!.id })).rejects.toMatchObject({ code: "not-found" });
    await voidInvoice(at(hours(MARCH, 3)), { invoiceId: parked!.id, reason: "looked into" });
    expect(await issueDueInvoices(at(hours(MARCH, 3)))).toMatchObject({ parked: 1 });
    const [again] = (await listParkedInvoices(at(MARCH))).filter((row) => row.organizationId === organizationId);
    const released = await releaseInvoice(at(hours(MARCH, 4)), { invoiceId: again!.id });
    expect(released).toMatchObject({ status: "issued", totalMinor: 300 * 660 * 1.5 * 1.1 });
    expect(released.number).toMatch(/^B-\d{6}$/);
  });

  it("is parked too when use has no price, and never gives that use away", async () => {
    const organizationId = await addOrganization(database, { at: JANUARY });
    await addWindow(database, { organizationId, resourceId: "adr_1", flavorId: null, meter: "address", from: JANUARY, to: hours(JANUARY, 1) });
    expect(await issueDueInvoices(at(hours(FEBRUARY, 1)))).toMatchObject({ parked: 1 });
  });
});

describe("the evidence", () => {
  it("verifies offline, and no flipped byte, other version or other key does", async () => {
    const organizationId = await addOrganization(database, { at: JANUARY });
    await addWindow(database, { organizationId, resourceId: "ins_8", flavorId, from: hours(JANUARY, 1), to: hours(JANUARY, 2.25) });
    await addWindow(database, { organizationId, resourceId: "vol_8", flavorId: null, meter: "storage", quantity: 10, from: hours(JANUARY, 1), to: hours(FEBRUARY, -3) });
    await grantCredit(at(hours(JANUARY, 3)), { organizationId, kind: "sla", currency: "JPY", amountMicros: 1_000_000, reason: "an outage", idempotencyKey: `e-${organizationId}` });
    await issueDueInvoices(at(hours(FEBRUARY, 1)));
    const [row] = await issued(organizationId);
    const document = await readEvidence(at(FEBRUARY), { organizationId, invoiceId: row!.id });
    expect(verifyEvidence(document)).toMatchObject({ ok: true, invoiceId: row!.id, totalMinor: BigInt(row!.total_minor), windows: 2 });
    const bytes = Buffer.from(document);
    for (let index = 0; index < bytes.length; index += 1 + Math.floor(bytes.length / 700)) {
      const flipped = Buffer.from(bytes);
      flipped[index] = flipped[index]! ^ 0x01;
      expect([index, verifyEvidence(flipped.toString("utf8")).ok]).toEqual([index, false]);
    }
    for (const other of [`${document}\n`, document.slice(0, -1), "{}", "", "[]"]) expect(verifyEvidence(other).ok).toBe(false);
    expect(verifyEvidence(document.replace('"version":1', '"version":2'))).toMatchObject({ ok: false, reason: expect.stringMatching(/version 2/) });
    expect(verifyEvidence(document, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n")).toMatchObject({ ok: false, reason: expect.stringMatching(/another key/) });
    await expect(readEvidence(at(FEBRUARY), { organizationId: await addOrganization(database), invoiceId: row!.id })).rejects.toMatchObject({ code: "not-found" });
  });
});
