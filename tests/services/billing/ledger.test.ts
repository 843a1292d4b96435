import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { grantCredit, issueCreditNote, issueManualInvoice, listInvoices, postLedgerEntry, readBalance, readInvoice, readLedger, readOpenMinor, releaseInvoice, voidInvoice, type InvoiceRow, type LedgerPosting } from "@/server/billing";
import { VirtualClock } from "@/server/platform/clock";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { addOrganization } from "./fixture";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const clock = new VirtualClock(Date.UTC(2026, 2, 1));
const context = () => testContext(database.worker, { clock });
const post = (posting: LedgerPosting) => inTransaction(context(), (tx) => postLedgerEntry(tx, context(), posting));
const issue = (organizationId: string, amountMinor: number): Promise<InvoiceRow> => inTransaction(context(), (tx) => issueManualInvoice(tx, context(), { organizationId, lines: [{ description: "setup", amountMinor }] }));
const balance = async (organizationId: string) => (await inTransaction(context(), (tx) => readBalance(tx, organizationId)))[0]?.balanceMinor ?? 0;
const counted = async () => (await database.owner.execute<{ n: string }>(sql`select count(*) as n from ledger_entry`)).rows[0]!.n;

describe("the ledger", () => {
  it("is the balance, and makes an invoice paid and open again", async () => {
    const organizationId = await addOrganization(database);
    const invoice = await issue(organizationId, 1000);
    expect([invoice.status, invoice.subtotalMinor, invoice.taxMinor, invoice.totalMinor]).toEqual(["issued", 1000, 100, 1100]);
    expect(await balance(organizationId)).toBe(1100);
    const pay = { organizationId, currency: "JPY", invoiceId: invoice.id, kind: "payment" as const };
    expect((await post({ ...pay, amountMinor: -600, reference: "pi_1", idempotencyKey: "pi_1" })).invoice).toMatchObject({ status: "issued", openMinor: 500 });
    expect((await post({ ...pay, amountMinor: -500, reference: "pi_2", idempotencyKey: "pi_2" })).invoice).toMatchObject({ status: "paid", openMinor: 0 });
    expect((await post({ ...pay, kind: "dispute", amountMinor: 500, reference: "dp_1", idempotencyKey: "dp_1" })).invoice).toMatchObject({ status: "issued", openMinor: 500 });
    expect(await balance(organizationId)).toBe(500);
  });

  it("takes the same posting once, and refuses another under its key", async () => {
    const organizationId = await addOrganization(database);
    const posting = { organizationId, currency: "JPY", kind: "payment" as const, amountMinor: -300, reference: "pi_3", idempotencyKey: "pi_3" };
    const all = await Promise.all(Array.from({ length: 8 }, () => post(posting)));
    expect(all.filter((one) => one.posted)).toHaveLength(1);
    expect(await balance(organizationId)).toBe(-300);
    await expect(post({ ...posting, amountMinor: -301 })).rejects.toMatchObject({ code: "conflict" });
  });

  it("is never changed, whoever tries, and refuses what cannot be", async () => {
    const organizationId = await addOrganization(database);
    const foreign = await issue(await addOrganization(database), 100);
    const before = await counted();
    for (const statement of [sql`update ledger_entry set amount_minor = 1`, sql`delete from ledger_entry`, sql`update invoice set total_minor = 1, subtotal_minor = 1, tax_minor = 0`, sql`delete from invoice`, sql`update invoice_line set amount_micros = 0`]) {
      await expect(database.owner.execute(statement)).rejects.toThrow();
    }
    const good = { organizationId, currency: "JPY", kind: "payment" as const, amountMinor: -1, reference: "x", idempotencyKey: "x" };
    for (const bad of [{ amountMinor: 1 }, { amountMinor: 0 }, { amountMinor: -0.5 }, { currency: "XXX" }, { kind: "invoice" as const }, { currency: "USD", invoiceId: foreign.id }]) {
      await expect(post({ ...good, ...bad })).rejects.toThrow(/not posted|There is no invoice/);
    }
    await expect(post({ ...good, invoiceId: foreign.id })).rejects.toMatchObject({ code: "not-found" });
    expect(await counted()).toBe(before);
  });

  it("puts money in advance to the next invoice", async () => {
    const organizationId = await addOrganization(database);
    await post({ organizationId, currency: "JPY", kind: "payment", amountMinor: -2000, reference: "pi_4", idempotencyKey: "pi_4" });
    const invoice = await issue(organizationId, 1000);
    expect(invoice.status).toBe("paid");
    expect(await balance(organizationId)).toBe(-900);
    const larger = await issue(organizationId, 2000);
    expect(await inTransaction(context(), (tx) => readOpenMinor(tx, larger.id))).toBe(1300);
    expect((await readLedger(context(), { organizationId })).entries.reduce((sum, entry) => sum + entry.amountMinor, 0)).toBe(await balance(organizationId));
  });
});

describe("invoices", () => {
  it("have numbers without gaps, also when issuing fails or many are issued at once", async () => {
    const organizations = await Promise.all(Array.from({ length: 6 }, () => addOrganization(database)));
    await Promise.allSettled(
      organizations.flatMap((organizationId) => [issue(organizationId, 10), inTransaction(context(), async (tx) => {
        await issueManualInvoice(tx, context(), { organizationId, lines: [{ description: "lost", amountMinor: 10 }] });
        throw new Error("after the number was taken");
      })]),
    );
    const numbers = (await database.owner.execute<{ number: string }>(sql`select number from invoice where number is not null order by number`)).rows.map((row) => Number(row.number.slice(2)));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it("are voided whole while nothing was paid, and credited afterwards, never beyond what they are", async () => {
    const organizationId = await addOrganization(database);
    const wrong = await issue(organizationId, 500);
    expect((await voidInvoice(context(), { invoiceId: wrong.id, reason: "twice" })).status).toBe("void");
    expect(await balance(organizationId)).toBe(0);
    await expect(voidInvoice(context(), { invoiceId: wrong.id, reason: "again" })).rejects.toMatchObject({ code: "conflict" });
    await expect(releaseInvoice(context(), { invoiceId: wrong.id })).rejects.toMatchObject({ code: "conflict" });
    await expect(post({ organizationId, currency: "JPY", kind: "payment", amountMinor: -1, invoiceId: wrong.id, reference: "late", idempotencyKey: "late" })).rejects.toMatchObject({ code: "conflict" });

    const invoice = await issue(organizationId, 1000);
    await post({ organizationId, currency: "JPY", kind: "payment", amountMinor: -1100, invoiceId: invoice.id, reference: "pi_5", idempotencyKey: "pi_5" });
    await expect(voidInvoice(context(), { invoiceId: invoice.id, reason: "too late" })).rejects.toMatchObject({ code: "conflict" });
    const note = await issueCreditNote(context(), { invoiceId: invoice.id, reason: "an outage", amounts: [{ rateBasisPoints: 1000, netMinor: 400 }], idempotencyKey: "cn1" });
    expect([note.netMinor, note.taxMinor, note.totalMinor]).toEqual([400, 40, 440]);
    expect((await issueCreditNote(context(), { invoiceId: invoice.id, reason: "an outage", amounts: [{ rateBasisPoints: 1000, netMinor: 400 }], idempotencyKey: "cn1" })).id).toBe(note.id);
    for (const amounts of [[{ rateBasisPoints: 1000, netMinor: 601 }], [{ rateBasisPoints: 800, netMinor: 1 }], [{ rateBasisPoints: 1000, netMinor: -1 }], []]) {
      await expect(issueCreditNote(context(), { invoiceId: invoice.id, reason: "more", amounts, idempotencyKey: `cn-${JSON.stringify(amounts)}` })).rejects.toMatchObject({ code: "bad-input" });
    }
    expect(await balance(organizationId)).toBe(-440);
    expect((await readInvoice(context(), { organizationId, invoiceId: invoice.id })).creditNotes).toHaveLength(1);
    await expect(readInvoice(context(), { organizationId: await addOrganization(database), invoiceId: invoice.id })).rejects.toMatchObject({ code: "not-found" });
    expect((await listInvoices(context(), { organizationId })).map((row) => row.status).toSorted()).toEqual(["paid", "void"]);
  });

  it("refuse credits that cannot be", async () => {
    const organizationId = await addOrganization(database);
    const good = { organizationId, kind: "goodwill" as const, currency: "JPY", amountMicros: 1_000_000, reason: "sorry", idempotencyKey: "g1" };
    for (const bad of [{ amountMicros: -1 }, { amountMicros: 0.5 }, { currency: "USD" }, { currency: "XXX" }, { reason: " " }, { expiresAt: new Date(0) }]) await expect(grantCredit(context(), { ...good, ...bad })).rejects.toMatchObject({ code: "bad-input" });
    const made = await grantCredit(context(), good);
    expect((await grantCredit(context(), good)).id).toBe(made.id);
    await expect(grantCredit(context(), { ...good, amountMicros: 2_000_000 })).rejects.toMatchObject({ code: "conflict" });
    await expect(database.owner.execute(sql`update credit_grant set amount_micros = 5`)).rejects.toThrow();
  });
});
