import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueCreditNote, issueDueInvoices, issueManualInvoice, listInvoices, postLedgerEntry, readEvidence, readInvoice, receiveEvents, setBudget, verifyEvidence, voidInvoice } from "@/server/billing";
import { addPriceVersion } from "@/server/catalog";
import { signPayload } from "@/server/drivers/payment/simulated";
import { verifyWebhook } from "@/server/drivers/payment/stripe";
import { adjustUsage } from "@/server/metering";
import { VirtualClock } from "@/server/platform/clock";
import { inTransaction } from "@/server/platform/transaction";
import { rateUsage } from "@/server/rating";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { addOrganization, addPrices, addWindow } from "./fixture";

const JANUARY = new Date("2025-12-31T15:00:00Z");
const FEBRUARY = new Date("2026-01-31T15:00:00Z");
const NOW = new Date(FEBRUARY.getTime() + 26 * 3_600_000);

let database: TestDatabase;
let flavorId: string;
let organizationId: string;
let foreignInvoiceId: string;
let ownInvoiceId: string;
let evidence: string;
beforeAll(async () => {
  database = await createTestDatabase();
  flavorId = await addPrices(database);
  organizationId = await addOrganization(database, { at: JANUARY });
  const other = await addOrganization(database, { at: JANUARY });
  for (const id of [organizationId, other]) await addWindow(database, { organizationId: id, resourceId: `ins_${id}`, flavorId, from: JANUARY, to: new Date(JANUARY.getTime() + 100 * 3_600_000) });
  await issueDueInvoices(worker());
  ownInvoiceId = (await listInvoices(worker(), { organizationId }))[0]!.id;
  foreignInvoiceId = (await listInvoices(worker(), { organizationId: other }))[0]!.id;
  evidence = await readEvidence(worker(), { organizationId, invoiceId: ownInvoiceId });
});
afterAll(() => database.close());

const clock = new VirtualClock(NOW.getTime());
const worker = () => testContext(database.worker, { clock });
const tenant = () => testContext(database.app, { clock, scope: "tenant", organizationId, actor: { kind: "user", id: "usr_bad" } });
const price = () => ({ meter: "instance" as const, flavorId, currency: "JPY", microsPerHour: 2_000_000, validFrom: new Date(NOW.getTime() + 3_600_000) });
const body = () => JSON.stringify({ id: "evt_bad", object: "event", type: "invoice.paid", created: 1, data: { object: { id: "in_1", object: "invoice" } } });
const seconds = () => Math.floor(NOW.getTime() / 1000);

/** Every row that money follows from, as one text. */
async function everything(): Promise<string> {
  const tables = ["price_version", "usage_window", "usage_adjustment", "usage_period", "invoice", "invoice_line", "ledger_entry", "credit_note", "payment_event", "payment_push", "budget", "audit_entry", "invoice_evidence"];
  const { rows } = await database.owner.execute<{ name: string }>(sql`select tablename as name from pg_tables where schemaname = 'public'`);
  const texts = [];
  for (const name of tables.filter((one) => rows.some((row) => row.name === one))) texts.push((await database.owner.execute<{ all: string | null }>(sql`select md5(string_agg(t::text, '|' order by t::text)) as all from ${sql.identifier(name)} t`)).rows[0]!.all);
  expect(texts.length).toBeGreaterThan(9);
  return texts.join();
}

const posting = () => ({ organizationId, currency: "JPY", kind: "payment" as const, amountMinor: -100, reference: "bad", idempotencyKey: "bad" });
const post = (change: Record<string, unknown>) => inTransaction(worker(), (tx) => postLedgerEntry(tx, worker(), { ...posting(), ...change }));
const adjustment = () => ({ organizationId, direction: "add" as const, meter: "instance" as const, resourceId: "ins_x", instanceId: "ins_x", flavorId, storageClass: null, movable: false, quantity: 1, startedAt: JANUARY, endedAt: new Date(JANUARY.getTime() + 3_600_000), reason: "a test" });
const adjust = (change: Record<string, unknown>) => inTransaction(worker(), (tx) => adjustUsage(tx, worker(), { ...adjustment(), ...change }));
const refused = (text: string) => async () => {
  const verdict = verifyEvidence(text);
  if (!verdict.ok) throw new Error(verdict.reason);
};
const webhook = (signature: string | null, text = body()) => async () => {
  const event = verifyWebhook(Buffer.from(text), signature, ["whsec_ours"], NOW.getTime());
  if (event === null) throw new Error("The signature fits none of our secrets.");
  await receiveEvents(worker(), [event], "webhook");
};

const INPUTS: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
  ["a negative quantity of use", () => adjust({ quantity: -1 }), /positive whole quantity/],
  ["half a machine", () => adjust({ quantity: 0.5 }), /positive whole quantity/],
  ["use that ends before it begins", () => adjust({ endedAt: new Date(JANUARY.getTime() - 1) }), /inside one closed period|closed period/],
  ["use of an open period", () => adjust({ startedAt: FEBRUARY, endedAt: NOW }), /closed period/],
  ["a negative quantity in rating", async () => rateUsage({ windows: [{ id: "w", meter: "instance", resourceId: "r", instanceId: "r", flavorId: "f", quantity: -1, startedAtMs: 0, endedAtMs: 1 }], prices: [], period: { startMs: 0, endMs: 1 }, currency: "JPY" }), /quantity/],
  ["an unknown currency in a price", () => addPriceVersion(worker(), { ...price(), currency: "ZZZ" }), /currency/],
  ["an unknown currency in rating", async () => rateUsage({ windows: [], prices: [], period: { startMs: 0, endMs: 1 }, currency: "ZZZ" }), /ZZZ/],
  ["an unknown currency in the ledger", () => post({ currency: "ZZZ" }), /not posted/],
  ["the currency of somebody else", () => post({ currency: "USD", invoiceId: ownInvoiceId }), /not posted/],
  ["a price version of the past", () => addPriceVersion(worker(), { ...price(), validFrom: JANUARY }), /past|already|used|before/],
  ["a negative price", () => addPriceVersion(worker(), { ...price(), microsPerHour: -1 }), /microsPerHour/],
  ["a negative budget", () => setBudget(tenant(), { organizationId, amountMinor: -5, hardCap: true }), /.+/],
  ["a payment that adds to what is owed", () => post({ amountMinor: 100 }), /not posted/],
  ["a payment of half a yen", () => post({ amountMinor: -0.5 }), /not posted/],
  ["a payment for somebody else's invoice", () => post({ invoiceId: foreignInvoiceId }), /There is no invoice/],
  ["somebody else's invoice to read", () => readInvoice(tenant(), { organizationId, invoiceId: foreignInvoiceId }), /There is no invoice|no invoice/],
  ["somebody else's evidence", () => readEvidence(tenant(), { organizationId, invoiceId: foreignInvoiceId }), /no /],
  ["an invoice that never was, to be voided", () => voidInvoice(worker(), { invoiceId: "bil_nowhere", reason: "x" }), /There is no invoice/],
  ["a credit note beyond the invoice", () => issueCreditNote(worker(), { invoiceId: ownInvoiceId, amounts: [{ rateBasisPoints: 1000, netMinor: 10_000_000 }], reason: "x", idempotencyKey: "bad-cn" }), /.+/],
  ["an invoice line of half a yen", () => inTransaction(worker(), (tx) => issueManualInvoice(tx, worker(), { organizationId, lines: [{ description: "x", amountMinor: 0.5 }] })), /.+/],
  ["a webhook of somebody else", () => webhook(signPayload(body(), ["whsec_theirs"], seconds()))(), /signature/],
  ["a webhook without a signature", () => webhook(null)(), /signature/],
  ["a webhook of six minutes ago", () => webhook(signPayload(body(), ["whsec_ours"], seconds() - 360))(), /signature/],
  ["a webhook whose body was changed", () => webhook(signPayload(body(), ["whsec_ours"], seconds()), `${body()} `)(), /signature/],
  ["evidence of another version", () => refused(evidence.replace(/"version":\d+/, '"version":99'))(), /version 99/],
  ["evidence without a version", () => refused(evidence.replace(/,?"version":\d+/, ""))(), /version/],
  ["evidence cut in half", () => refused(evidence.slice(0, evidence.length / 2))(), /no JSON/],
  ["a file that is no evidence", () => refused("{}")(), /no evidence file/],
];

describe("bad input", () => {
  it.each(INPUTS)("%s is refused with words, and changes nothing", async (_, attempt, words) => {
    const before = await everything();
    const error: unknown = await attempt().then(() => null, (reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    const said = error instanceof Error ? `${error.message} ${JSON.stringify((error as { detail?: unknown }).detail ?? "")}` : "";
    expect(said).toMatch(words);
    expect(await everything()).toBe(before);
  });

  it("no byte of an evidence file can be changed, whichever", () => {
    expect(verifyEvidence(evidence).ok).toBe(true);
    const bytes = Buffer.from(evidence);
    // Every byte by one bit, and a few by all; where the text is no longer UTF-8 it is no longer this file either.
    for (let index = 0; index < bytes.length; index++) {
      const flipped = Buffer.from(bytes);
      flipped[index]! ^= index % 5 === 0 ? 0xff : 1 << index % 8;
      const verdict = verifyEvidence(flipped.toString("utf8"));
      expect(verdict.ok, `byte ${index} of ${bytes.length}`).toBe(false);
    }
  });

  it("two price versions never begin at one moment", async () => {
    await addPriceVersion(worker(), price());
    const before = await everything();
    await expect(addPriceVersion(worker(), { ...price(), microsPerHour: 3_000_000 })).rejects.toMatchObject({ code: "conflict" });
    await expect(database.owner.execute(sql`insert into price_version (id, meter, flavor_id, currency, micros_per_hour, valid_from, created_at, created_by) select 'prv_twice', meter, flavor_id, currency, micros_per_hour, valid_from, created_at, created_by from price_version order by created_at desc limit 1`)).rejects.toThrow();
    expect(await everything()).toBe(before);
  });
});
