import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { renderBreakdownCsv, renderInvoiceCsv } from "@/server/billing/document/render-csv";
import { renderInvoicePdf } from "@/server/billing/document/render-pdf";
import { reasonOf } from "@/server/billing/document/rules";
import { dayEdges } from "@/server/billing/rules";
import { isRegistrationNumber, type InvoiceLineRow, type InvoiceView } from "@/server/billing";
import { sentence } from "@/server/platform/sentences";
import { breakDownByDay, rateUsage } from "@/server/rating";

const at = new Date("2026-02-01T00:10:00+09:00");
const line = (position: number, fields: Partial<InvoiceLineRow>): InvoiceLineRow => ({
  id: `bll_${position}`, organizationId: "org_1", invoiceId: "bil_1", position, kind: "usage", key: `k${position}`, meter: "instance", resourceId: "ins_1", instanceId: "ins_1", flavorId: "flv_1", priceVersionId: "prv_1", reference: null,
  description: { instanceName: "web-1" }, quantityUnitMs: 3_600_000 * 744, microsPerHour: 1_500_000, amountMicros: 1_116_000_000, taxRateBasisPoints: 1000, windowIds: ["usw_1"], createdAt: at, ...fields,
});
const view = (lines: readonly InvoiceLineRow[]): InvoiceView => ({
  invoice: {
    id: "bil_1", organizationId: "org_1", issuerId: "iss_default", kind: "period", number: "B-000042", currency: "JPY", periodStart: new Date("2026-01-01T00:00:00+09:00"), periodEnd: new Date("2026-02-01T00:00:00+09:00"), status: "issued",
    subtotalMinor: 13_116, taxMinor: 1_306, totalMinor: 14_422, taxes: [{ rateBasisPoints: 1000, netMinor: 12_816, taxMinor: 1_282 }, { rateBasisPoints: 800, netMinor: 300, taxMinor: 24 }], roundingMicros: 250_000,
    seller: { name: "バース株式会社", address: "東京都千代田区丸の内1-1-1\n丸の内ビル 20階", country: "JP", registrationNumber: "T7000012050002" }, buyer: { name: "株式会社髙﨑製作所", address: "大阪府大阪市北区梅田2-2-2", country: "JP", registrationNumber: null },
    issuedAt: at, dueAt: new Date("2026-02-15T00:10:00+09:00"), parkedReason: null, parkedWords: null, voidedAt: null, voidReason: null, sealedAt: at,
  },
  lines, creditNotes: [], openMinor: 14_422,
});

/** Everything inside the file, streams unpacked. */
function unpacked(pdf: Uint8Array): string {
  const text = Buffer.from(pdf).toString("latin1");
  let all = text;
  for (const match of text.matchAll(/stream\r?\n/g)) {
    const from = match.index + match[0].length;
    const to = text.indexOf("endstream", from);
    try {
      all += inflateSync(Buffer.from(text.slice(from, to), "latin1")).toString("latin1");
    } catch {
      all += "";
    }
  }
  return all;
}

describe("an invoice as PDF", () => {
  it("has its Japanese glyphs inside, over several pages, and is the same each time", async () => {
    const many = [line(1, {}), ...Array.from({ length: 70 }, (_, index) => line(index + 2, { kind: "manual", meter: null, description: { text: `請求項目 ${index} 𠮷野家` }, quantityUnitMs: 0, microsPerHour: null, taxRateBasisPoints: 800 }))];
    const pdf = await renderInvoicePdf(view(many), { locale: "ja", timeZone: "Asia/Tokyo" });
    const inside = unpacked(pdf);
    expect(Buffer.from(pdf.subarray(0, 5)).toString()).toBe("%PDF-");
    expect(inside).toMatch(/\/FontFile2|\/FontFile3/);
    // The map back to characters has them: 請 U+8ACB, 求 U+6C42, 髙 U+9AD9, which is in a slice of its own.
    for (const code of ["8acb", "6c42", "9ad9"]) expect(inside.toLowerCase()).toContain(code);
    expect(inside.match(/\/Type \/Page\b/g)!.length).toBe(3);
    expect(Buffer.from(await renderInvoicePdf(view(many), { locale: "ja", timeZone: "Asia/Tokyo" })).equals(Buffer.from(pdf))).toBe(true);
    expect(pdf.length).toBeLessThan(400_000);
  });
});

describe("a credit for an outage", () => {
  const outage = sentence("credit-outage", { instance: "web-1", downSeconds: 43_205, startedAt: "2025-11-30T15:00:00.000Z", percent: 25 });
  const credit = line(1, { kind: "credit", meter: null, instanceId: null, resourceId: null, description: { label: "Service level: ins_1 was down for 43205 s", labelWords: outage.words }, quantityUnitMs: 0, microsPerHour: null, amountMicros: -1_000_000 });

  it("says why in the language and zone of the document", async () => {
    expect(reasonOf(credit, "ja", "Asia/Tokyo")).toBe("サービスレベル：2025/12/1 からの期間に web-1 が 12時間 5秒 停止。料金の 25 %");
    expect(reasonOf(credit, "en", "UTC")).toBe("Service level: web-1 was down for 12 h 5 s in the period from 30 Nov 2025; 25 % of its charge");
    // 停 U+505C, in the map back to characters of the file.
    expect(unpacked(await renderInvoicePdf(view([credit]), { locale: "ja", timeZone: "Asia/Tokyo" })).toLowerCase()).toContain("505c");
  });

  it("that somebody gave by hand keeps the words of whoever gave it; other lines have none", () => {
    expect(reasonOf({ kind: "credit", description: { label: "ご迷惑をおかけしました" } }, "en", "UTC")).toBe("ご迷惑をおかけしました");
    expect(reasonOf(line(1, {}), "ja", "UTC")).toBeNull();
  });
});

describe("an invoice as CSV", () => {
  it("keeps a formula in a name from running, leaves numbers numbers, and sums to the total", () => {
    const csv = renderInvoiceCsv(view([line(1, { description: { instanceName: '=HYPERLINK("http://evil","x")' }, amountMicros: 13_415_750_000 }), line(2, { kind: "manual", meter: null, description: { text: "+SUM(A1)" }, amountMicros: -300_000_000 })]));
    expect(csv).not.toMatch(/(^|[,"\n])[=+@]/m);
    expect(csv).toContain("-300.000000");
    const rows = csv.trim().split("\r\n").slice(1).map((row) => row.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)!.map((cell) => cell.replace(/,$/, "")));
    expect(rows.reduce((sum, row) => sum + Math.round(Number(row[10] ?? NaN) * 1_000_000), 0)).toBe(14_422_000_000);
    expect(renderBreakdownCsv({ currency: "JPY", timeZone: "Asia/Tokyo", periodStart: at, periodEnd: at, days: [{ day: "2026-01-02", meter: "instance", resourceId: "ins_1", instanceId: "ins_1", instanceName: "@cmd", unitMs: 3_600_000, amountMicros: 1 }], instances: [] })).toContain("'@cmd");
  });
});

describe("a breakdown", () => {
  it("has the days of the zone, also with clocks that change, and sums to the line to the micro", () => {
    const period = { startMs: Date.UTC(2026, 2, 1, 5), endMs: Date.UTC(2026, 3, 1, 4) };
    const edges = dayEdges("America/New_York", period);
    expect(edges).toHaveLength(32);
    expect((edges[8]! - edges[7]!) / 3_600_000).toBe(23);
    const input = { windows: [{ id: "w", meter: "instance" as const, resourceId: "r", instanceId: "r", flavorId: "f", quantity: 1, startedAtMs: period.startMs + 1234, endedAtMs: period.endMs - 777 }], prices: [{ id: "p", meter: "instance" as const, flavorId: "f", currency: "USD", microsPerHour: 12_347, validFromMs: 0 }], period, currency: "USD" };
    const days = breakDownByDay(input, edges);
    expect(days).toHaveLength(31);
    expect(days.reduce((sum, day) => sum + day.amountMicros, 0n)).toBe(rateUsage(input).lines[0]!.amountMicros);
  });
});

describe("a registration number", () => {
  it.each([["T7000012050002", true], ["T8700110005901", true], ["T7000012050003", false], ["7000012050002", false], ["T700001205000", false], ["T0000012050002", false], ["", false]])("%s: %s", (text, good) => {
    expect(isRegistrationNumber(text)).toBe(good);
  });
});
