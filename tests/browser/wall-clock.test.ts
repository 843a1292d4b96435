import { describe, expect, it } from "vitest";
import { momentOfWallClock } from "@/app/_i18n/wall-clock";

const at = (timeZone: string, text: string): string | undefined => momentOfWallClock(timeZone, text)?.toISOString();

describe("a date as it is typed", () => {
  it("is one of the reader's zone, whatever zone the machine is in", () => {
    expect(at("Asia/Tokyo", "2026-12-01T00:00")).toBe("2026-11-30T15:00:00.000Z");
    expect(at("Asia/Tokyo", "2026-12-31T23:59:59")).toBe("2026-12-31T14:59:59.000Z");
    expect(at("America/New_York", "2026-07-01T09:30")).toBe("2026-07-01T13:30:00.000Z");
    expect(at("America/New_York", "2026-12-01T09:30")).toBe("2026-12-01T14:30:00.000Z");
    expect(at("Pacific/Kiritimati", "2026-01-01T00:00")).toBe("2025-12-31T10:00:00.000Z");
    expect(at("UTC", "2026-02-28T23:59:59")).toBe("2026-02-28T23:59:59.000Z");
  });

  it("in an hour that comes twice is the first, in one that is left out the one after it", () => {
    expect(at("Europe/Berlin", "2026-10-25T02:30")).toBe("2026-10-25T00:30:00.000Z");
    expect(at("America/New_York", "2026-11-01T01:30")).toBe("2026-11-01T05:30:00.000Z");
    expect(at("Europe/Berlin", "2026-03-29T02:30")).toBe("2026-03-29T01:30:00.000Z");
    expect(at("America/New_York", "2026-03-08T02:30")).toBe("2026-03-08T07:30:00.000Z");
  });

  it("is none where nothing, or nonsense, was typed", () => {
    for (const text of ["", "yesterday", "2026-13-01T00:00"]) expect(at("UTC", text), text).toBeUndefined();
  });
});
