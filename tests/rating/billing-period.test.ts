import { describe, expect, it } from "vitest";
import { billingPeriod } from "@/server/billing/rules";

const month = (zone: string, at: string): string[] => {
  const { start, end } = billingPeriod(zone, new Date(at));
  return [start.toISOString(), end.toISOString()];
};

describe("a billing period", () => {
  it("is the calendar month of the organization's zone", () => {
    expect(month("Asia/Tokyo", "2026-01-31T15:00:00Z")).toEqual(["2026-01-31T15:00:00.000Z", "2026-02-28T15:00:00.000Z"]);
    expect(month("Asia/Tokyo", "2026-01-31T14:59:59.999Z")[1]).toBe("2026-01-31T15:00:00.000Z");
    expect(month("America/New_York", "2026-11-01T03:59:59Z")).toEqual(["2026-10-01T04:00:00.000Z", "2026-11-01T04:00:00.000Z"]);
  });

  it("keeps its midnight in a month whose clocks change", () => {
    expect(month("America/New_York", "2026-11-20T00:00:00Z")).toEqual(["2026-11-01T04:00:00.000Z", "2026-12-01T05:00:00.000Z"]);
    expect(month("Europe/Berlin", "2026-03-15T00:00:00Z")).toEqual(["2026-02-28T23:00:00.000Z", "2026-03-31T22:00:00.000Z"]);
  });

  it("leaves no moment between two months", () => {
    for (const zone of ["Asia/Tokyo", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC"]) {
      let at = new Date("2024-01-15T00:00:00Z");
      for (let i = 0; i < 30; i++) {
        const { start, end } = billingPeriod(zone, at);
        expect(billingPeriod(zone, new Date(end.getTime() - 1)).start).toEqual(start);
        expect(billingPeriod(zone, end).start).toEqual(end);
        at = end;
      }
    }
  });
});
