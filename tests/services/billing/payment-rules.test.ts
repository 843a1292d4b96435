import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dunningSchedule } from "@/server/billing";
import type { InvoiceView } from "@/server/billing";
import { targetOf } from "@/server/billing/inbox";
import { belowLeastCharge, keyExpired, pauseMs, splitInvoice } from "@/server/billing/push/rules";
import { compareInvoices } from "@/server/billing/reconciliation";
import { microsPerMinor, toMinor } from "@/server/rating";

type Given = Parameters<typeof splitInvoice>[0];

/** Only what the rule reads. */
function invoiceOf(currency: string, amounts: readonly number[], taxMinor: number): Given {
  const subtotalMinor = Number(toMinor(amounts.reduce((sum, amount) => sum + BigInt(amount), 0n), currency));
  return {
    invoice: { currency, subtotalMinor, totalMinor: subtotalMinor + taxMinor, taxes: taxMinor === 0 ? [] : [{ rateBasisPoints: 1000, netMinor: subtotalMinor, taxMinor }] } as unknown as InvoiceView["invoice"],
    lines: amounts.map((amountMicros, index) => ({ id: `bll_${String(index).padStart(4, "0")}`, kind: "usage", meter: index % 2 ? "storage" : "instance", flavorId: `flv_${index % 3}`, resourceId: `r${index}`, description: {}, amountMicros })) as unknown as InvoiceView["lines"],
  };
}

describe("items of an invoice at the provider", () => {
  it("sum to the invoice, whole minor units each, whatever the lines and the currency", () => {
    fc.assert(
      fc.property(fc.constantFrom("JPY", "USD", "EUR"), fc.array(fc.integer({ min: -5_000_000_000, max: 90_000_000_000 }), { minLength: 1, maxLength: 260 }), fc.integer({ min: 0, max: 1_000_000 }), (currency, amounts, tax) => {
        const given = invoiceOf(currency, amounts, tax);
        const items = splitInvoice(given);
        expect(items.reduce((sum, item) => sum + item.amountMinor, 0)).toBe(given.invoice.totalMinor);
        expect(items.every((item) => Number.isInteger(item.amountMinor) && item.amountMinor !== 0)).toBe(true);
        expect(new Set(items.map((item) => item.key)).size).toBe(items.length);
        expect(items.length).toBeLessThanOrEqual(250);
        // No item is further from its line than one minor unit, while lines go one by one.
        if (amounts.length <= 200) for (const item of items) {
          const line = given.lines.find((candidate) => candidate.id === item.key);
          if (line) expect(Math.abs(item.amountMinor - line.amountMicros / Number(microsPerMinor(currency)))).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("rules of pushing", () => {
  it("pauses grow to a quarter of an hour; keys are renewed before the provider forgets them", () => {
    expect(pauseMs(1, 0.999)).toBeLessThanOrEqual(1_000);
    expect(pauseMs(40, 0.999)).toBeLessThanOrEqual(15 * 60_000);
    for (let attempts = 1; attempts < 40; attempts++) expect(pauseMs(attempts + 1, 0)).toBeGreaterThanOrEqual(pauseMs(attempts, 0));
    const at = new Date(0);
    expect([keyExpired(null, at), keyExpired(at, new Date(22 * 3_600_000)), keyExpired(at, new Date(23 * 3_600_000))]).toEqual([false, false, true]);
    expect([belowLeastCharge(0, "JPY"), belowLeastCharge(49, "JPY"), belowLeastCharge(50, "JPY"), belowLeastCharge(-5, "JPY")]).toEqual([false, true, false, false]);
  });

  it("reads the dunning schedule, and says what is wrong with one", () => {
    expect(dunningSchedule.parse(undefined)).toEqual({ restrictSeconds: 604_800, suspendSeconds: 1_209_600, retainSeconds: 2_592_000, deleteSeconds: 5_184_000, remindEverySeconds: 259_200 });
    for (const wrong of ["", "restrict=1d", "restrict=9d,suspend=1d,retain=2d,delete=3d,remind=1d", "restrict=-1d,suspend=1d,retain=2d,delete=3d,remind=1d", "restrict=1d,suspend=2d,retain=3d,delete=4d,remind=0s"]) expect(dunningSchedule.safeParse(wrong).success).toBe(false);
  });

  it("knows what an event is about", () => {
    const event = (type: string, object: Record<string, unknown>, previous?: Record<string, unknown>) => targetOf({ type, objectId: String(object["id"]), payload: { data: { object, ...(previous ? { previous_attributes: previous } : {}) } } });
    expect(event("invoice.payment_failed", { id: "in_1" })).toEqual({ kind: "invoice", id: "in_1" });
    expect(event("invoice_payment.paid", { id: "inpay_1", invoice: "in_2" })).toEqual({ kind: "invoice", id: "in_2" });
    expect(event("charge.failed", { id: "ch_1", payment_intent: { id: "pi_1" } })).toEqual({ kind: "payment", id: "pi_1" });
    expect(event("charge.refunded", { id: "ch_1" })).toEqual({ kind: "charge", id: "ch_1" });
    expect(event("charge.dispute.closed", { id: "du_1", charge: "ch_1" })).toEqual({ kind: "dispute", id: "du_1" });
    expect(event("payment_method.detached", { id: "pm_1", customer: null }, { customer: "cus_1" })).toEqual({ kind: "customer", id: "cus_1" });
    expect(event("customer.tax_id.updated", { id: "txi_1", customer: "cus_2" })).toEqual({ kind: "customer", id: "cus_2" });
    expect(event("something.of.next.year", { id: "x" })).toBeNull();
  });

  it("compares the books with the provider's list", () => {
    const booked = { invoiceId: "bil_1", organizationId: "org_1", number: "B-1", status: "paid", currency: "JPY", totalMinor: 100, openMinor: 0, paidMinor: 100, remoteId: "in_1", issuedAt: new Date(0) };
    const listed = { remoteId: "in_1", invoiceId: "bil_1", organizationId: "org_1", status: "paid", currency: "JPY", totalMinor: 100, paidMinor: 100, remainingMinor: 0 };
    const names = (...theirs: readonly (typeof listed)[]) => compareInvoices([booked], theirs).map((difference) => difference.name);
    expect(names(listed)).toEqual([]);
    expect(names()).toEqual(["invoice-missing-at-provider"]);
    expect(names(listed, { ...listed, remoteId: "in_2" })).toEqual(["invoice-twice-at-provider"]);
    expect(names(listed, { ...listed, remoteId: "in_2", status: "void" }, { ...listed, remoteId: "in_3", status: "draft" })).toEqual([]);
    expect(names({ ...listed, totalMinor: 101 })).toEqual(["invoice-total-differs"]);
    expect(names({ ...listed, paidMinor: 0 })).toEqual(["payment-missing-here"]);
    expect(names({ ...listed, status: "void" })).toContain("invoice-status-differs");
    expect(compareInvoices([], [{ ...listed, invoiceId: null }])).toEqual([]);
    expect(compareInvoices([], [listed]).map((difference) => difference.name)).toEqual(["invoice-unknown-here"]);
  });
});
