import { describe, expect, it } from "vitest";
import { parseSensors } from "@/server/drivers/power/ipmi";
import { assumedCurve, computeEnergy, inWindows, minutesLeft, wattsAt } from "@/server/fleet";

const curve = { watts: [100, 110, 120, 130, 140, 150, 160, 170, 180, 190, 200], asleepWatts: 5 };
const hosts = [{ hostId: "a", cores: 10, curve }, { hostId: "b", cores: 10, curve }];
/** An hour in which one host does all the work at 40 % and the other sleeps, or both share it. */
const hour = (asleep: boolean) => Array.from({ length: 60 }, (_, minute) => [
  { minuteMs: minute * 60_000, hostId: "a", watts: asleep ? 140 : 120, asleep: false, cpuFraction: asleep ? 0.4 : 0.2 },
  { minuteMs: minute * 60_000, hostId: "b", watts: asleep ? 5 : 120, asleep, cpuFraction: asleep ? null : 0.2 },
]).flat();

describe("energy", () => {
  it("is what was drawn, against the same work with every host awake, minus moves and wakes", () => {
    const slept = computeEnergy({ readings: hour(true), hosts, moves: [], wakes: [] });
    expect(slept.usedKwh).toBeCloseTo(0.145, 6);
    expect(slept.withoutSleepKwh).toBeCloseTo(0.24, 6);
    expect(slept.savedKwh).toBeCloseTo(0.095, 6);
    const charged = computeEnergy({ readings: hour(true), hosts, moves: [{ fromHostId: "a", toHostId: "b", seconds: 36 }], wakes: [{ hostId: "b", seconds: 36 }] });
    // Two hosts at one more core of ten for 36 s, and a boot at full power over idle: (10 + 10 + 100) W * 36 s.
    expect(charged.movesKwh).toBeCloseTo((120 * 36) / 3_600_000, 9);
    expect(charged.savedKwh).toBeCloseTo(slept.savedKwh - charged.movesKwh, 9);
  });

  it("saved nothing where nobody slept, and keeps measured figures as they are", () => {
    const awake = computeEnergy({ readings: hour(false).map((row) => ({ ...row, watts: row.watts + 17 })), hosts, moves: [], wakes: [] });
    expect(awake.savedKwh).toBe(0);
    expect(awake.usedKwh).toBeCloseTo((137 * 2) / 1_000, 6);
    expect(computeEnergy({ readings: [], hosts: [], moves: [], wakes: [] }).savedKwh).toBe(0);
  });

  it("goes along the curve", () => {
    expect([wattsAt(curve, 0), wattsAt(curve, 0.05), wattsAt(curve, 1), wattsAt(curve, 7)]).toEqual([100, 105, 200, 200]);
    expect(assumedCurve(32).watts).toHaveLength(11);
  });
});

describe("hours", () => {
  const night = [{ from: "22:00", to: "06:00", days: [1] }];
  it("pass midnight, and belong to the day on which they begin", () => {
    // Monday is day 1; 2026-11-23 is a Monday.
    expect(inWindows(night, "UTC", new Date("2026-11-23T23:00:00Z"))).toBe(true);
    expect(inWindows(night, "UTC", new Date("2026-11-24T05:59:00Z"))).toBe(true);
    expect(inWindows(night, "UTC", new Date("2026-11-24T23:00:00Z"))).toBe(false);
    expect(inWindows(night, "UTC", new Date("2026-11-23T05:00:00Z"))).toBe(false);
    expect(inWindows([{ from: "09:00", to: "18:00" }], "Asia/Tokyo", new Date("2026-11-23T01:00:00Z"))).toBe(true);
    expect(minutesLeft(night, "UTC", new Date("2026-11-24T05:30:00Z"))).toBe(30);
    expect(minutesLeft(night, "UTC", new Date("2026-11-24T12:00:00Z"))).toBeNull();
  });
});

describe("sensors", () => {
  it("worry when they are beyond a threshold, or announce a failure", () => {
    const text = ["Temp | 30h | ok | 7.1 | 41 degrees C", "Fan 3 | 33h | cr | 29.3 | 480 RPM", "PSU 2 | 40h | nc | 10.2 | 12 Volts", "Disk 4 | 80h | ok | 4.4 | Drive Present, Predictive Failure", "DIMM | 51h | ns | 8.1 | No Reading"].join("\n");
    expect(parseSensors(text)).toEqual([
      { sensor: "Fan 3", text: "480 RPM (critical)", severe: true },
      { sensor: "PSU 2", text: "12 Volts (beyond its threshold)", severe: false },
      { sensor: "Disk 4", text: "Drive Present, Predictive Failure", severe: true },
    ]);
  });
});
