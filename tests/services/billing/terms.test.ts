import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addCommitment, createCoupon, draftInvoice, issueDueInvoices, previewPrices, readBreakdown, redeemCoupon, setBillingProfile, setIssuer } from "@/server/billing";
import { addPriceVersion } from "@/server/catalog";
import { VirtualClock } from "@/server/platform/clock";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { addOrganization, addPrices, addWindow } from "./fixture";

let database: TestDatabase;
let flavorId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  flavorId = await addPrices(database);
});
afterAll(() => database.close());

const JANUARY = new Date("2025-12-31T15:00:00Z");
const FEBRUARY = new Date("2026-01-31T15:00:00Z");
const hours = (from: Date, count: number): Date => new Date(from.getTime() + count * 3_600_000);
const at = (moment: Date) => testContext(database.worker, { clock: new VirtualClock(moment.getTime()) });
const tenantAt = (moment: Date, organizationId: string) => testContext(database.app, { clock: new VirtualClock(moment.getTime()), scope: "tenant", organizationId, actor: { kind: "user", id: "usr_t" } });

describe("coupons and commitments", () => {
  it("take off what they say, once an organization, up to their limit over months", async () => {
    const organizationId = await addOrganization(database, { at: JANUARY });
    await createCoupon(at(JANUARY), { code: "half-year", kind: "percent", basisPoints: 5_000, currency: "JPY", durationDays: 60, maxMicros: 100_000_000, maxRedemptions: 1 });
    await expect(createCoupon(at(JANUARY), { code: "HALF-YEAR", kind: "trial", currency: "JPY", durationDays: 1 })).rejects.toMatchObject({ code: "conflict" });
    await redeemCoupon(tenantAt(JANUARY, organizationId), { organizationId, code: "Half-Year" });
    const other = await addOrganization(database, { at: JANUARY });
    for (const [who, code] of [[organizationId, "HALF-YEAR"], [other, "HALF-YEAR"], [other, "NOTHING-1"]] as const) await expect(redeemCoupon(tenantAt(JANUARY, who), { organizationId: who, code })).rejects.toThrow(/not redeemed|before/);
    await addWindow(database, { organizationId, resourceId: "ins_t1", flavorId, from: JANUARY, to: hours(JANUARY, 100) });
    await addWindow(database, { organizationId, resourceId: "ins_t1", flavorId, from: FEBRUARY, to: hours(FEBRUARY, 100) });
    await issueDueInvoices(at(hours(FEBRUARY, 2)));
    // 150 a month: 75 off in January, and of February's 75 the 25 that are left.
    const february = await draftInvoice(at(hours(FEBRUARY, 200)), { organizationId });
    expect(february.lines.map((line) => [line.kind, line.label, line.amountMicros])).toEqual([["usage", null, 150_000_000], ["coupon", "HALF-YEAR", -25_000_000]]);
    expect((await draftInvoice(at(hours(FEBRUARY, 200)), { organizationId, at: JANUARY })).subtotalMinor).toBe(75);
  });

  it("are reserved from now on only, and change nothing that is billed", async () => {
    const organizationId = await addOrganization(database, { at: JANUARY });
    const good = { organizationId, meter: "instance" as const, flavorId, units: 2, microsPerHour: 1_000_000, endsAt: hours(FEBRUARY, 1000) };
    for (const bad of [{ units: 0 }, { units: -1 }, { flavorId: null }, { startsAt: JANUARY }, { endsAt: JANUARY }, { organizationId: "org_none" }]) await expect(addCommitment(at(FEBRUARY), { ...good, ...bad })).rejects.toThrow();
    expect((await database.owner.execute(sql`select 1 from commitment where organization_id = ${organizationId}`)).rows).toEqual([]);
    await addCommitment(at(FEBRUARY), good);
    expect((await draftInvoice(at(hours(FEBRUARY, 1)), { organizationId })).lines.map((line) => line.kind)).toEqual(["commitment-fee"]);
  });
});

describe("a price book", () => {
  it("shows its effect on last month's use before it is added, and is not added for what was used", async () => {
    const organizationId = await addOrganization(database, { at: JANUARY });
    await addWindow(database, { organizationId, resourceId: "ins_t2", flavorId, from: new Date("2026-01-05T00:00:00Z"), to: new Date("2026-01-06T00:00:00Z") });
    const preview = await previewPrices(at(hours(FEBRUARY, 48)), { currency: "JPY", prices: [{ meter: "instance", flavorId, microsPerHour: 3_000_000 }] });
    expect(preview.organizations.find((effect) => effect.organizationId === organizationId)).toEqual({ organizationId, beforeMinor: 36, afterMinor: 72 });
    await expect(previewPrices(at(FEBRUARY), { currency: "XXX", prices: [] })).rejects.toMatchObject({ code: "bad-input" });
    const price = { meter: "instance" as const, flavorId, currency: "JPY", microsPerHour: 3_000_000 };
    await expect(addPriceVersion(at(FEBRUARY), { ...price, validFrom: JANUARY })).rejects.toMatchObject({ code: "bad-input" });
    await addPriceVersion(at(FEBRUARY), { ...price, validFrom: hours(FEBRUARY, 24), monthlyCapMicros: 5_000_000 });
    await expect(addPriceVersion(at(FEBRUARY), { ...price, validFrom: hours(FEBRUARY, 24) })).rejects.toMatchObject({ code: "conflict" });
    for (const bad of [{ microsPerHour: -1 }, { currency: "YEN" }, { incrementSeconds: 0 }, { tiers: [{ fromUnitHours: 5, microsPerHour: 1 }, { fromUnitHours: 5, microsPerHour: 1 }] }, { storageClass: "fast" }]) await expect(addPriceVersion(at(FEBRUARY), { ...price, ...bad })).rejects.toThrow();
    const breakdown = await readBreakdown(at(FEBRUARY), { organizationId, at: JANUARY });
    expect(breakdown.days.map((row) => [row.day, row.amountMicros])).toEqual([["2026-01-05", 22_500_000], ["2026-01-06", 13_500_000]]);
    expect(breakdown.instances).toEqual([{ instanceId: "ins_t2", instanceName: null, amountMicros: 36_000_000 }]);
  });
});

describe("who sends and who receives", () => {
  it("takes only numbers that can be", async () => {
    const organizationId = await addOrganization(database);
    const issuer = { legalName: "Berth KK", address: "Tokyo", country: "JP", registrationNumber: "T7000012050003", numberPrefix: "B-", creditNotePrefix: "C-", paymentTermDays: 30 };
    await expect(setIssuer(at(JANUARY), issuer)).rejects.toThrow(/registration number/);
    expect(await setIssuer(at(JANUARY), { ...issuer, registrationNumber: "T7000012050002" })).toMatchObject({ legalName: "Berth KK", paymentTermDays: 30 });
    await expect(setBillingProfile(tenantAt(JANUARY, organizationId), { organizationId, legalName: "X", country: "DE", taxId: "DE12" })).rejects.toThrow(/VAT/);
    await setBillingProfile(tenantAt(JANUARY, organizationId), { organizationId, legalName: "X GmbH", country: "DE", taxId: "DE123456789" });
    await addWindow(database, { organizationId, resourceId: "ins_t3", flavorId, from: FEBRUARY, to: hours(FEBRUARY, 10) });
    // A buyer abroad is not taxed here.
    expect((await draftInvoice(at(hours(FEBRUARY, 11)), { organizationId })).taxes).toEqual([{ rateBasisPoints: 0, netMinor: 15, taxMinor: 0 }]);
  });
});
