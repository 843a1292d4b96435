import { describe, expect, it } from "vitest";
import { compareFigures, computeEnergy } from "@/server/fleet";
import { recomputeEnergy } from "@/server/fleet/power/verify-energy";
import { rhythmOf } from "@/server/reconcilers/rehearse/course";
import { nextAt } from "@/server/reconcilers/rehearse/play-orders";

const HALF_HOUR_SECONDS = 1_800;

describe("a downloaded energy report", () => {
  const curve = { watts: Array.from({ length: 11 }, (_, step) => 100 + step * 10), asleepWatts: 5 };
  const inputs = { hosts: ["a", "b"].map((hostId) => ({ hostId, name: hostId, cores: 10, curve })), moves: [{ fromHostId: "b", toHostId: "a", seconds: 6 }], wakes: [{ hostId: "b", seconds: 90 }], electricityMicrosPerKwh: 250_000, carbonGramsPerKwh: 400 };
  const readings = Array.from({ length: 60 }, (_, minute) => [{ minuteMs: minute * 60_000, hostId: "a", watts: 140, asleep: false, cpuFraction: 0.4 }, { minuteMs: minute * 60_000, hostId: "b", watts: 5, asleep: true, cpuFraction: null }]).flat();
  const energy = computeEnergy({ readings, ...inputs });
  const file = (change: Record<string, unknown> = {}): string => JSON.stringify({ format: "berth-energy-1", report: { from: "2026-01-01T12:00:00.000Z", to: "2026-01-02T12:00:00.000Z", ...energy, savedMicros: Math.round(energy.savedKwh * 250_000), currency: "EUR", savedCarbonGrams: energy.savedKwh * 400, ...change }, inputs, readings });

  it("comes to the same when it is computed again, and says where it does not", () => {
    expect(recomputeEnergy(file()).differences).toEqual([]);
    expect(recomputeEnergy(file({ savedKwh: energy.savedKwh + 0.01 })).differences).toEqual([expect.stringMatching(/^savedKwh: the file says/)]);
    expect(() => recomputeEnergy(JSON.stringify({ format: "something else" }))).toThrow();
  });
});

describe("what a rehearsal goes by", () => {
  it("follows the habit of the day, and nothing where less than a day is known", () => {
    // Two days: 1,000 from noon to midnight, 500 otherwise.
    const days = Array.from({ length: 96 }, (_, slot) => (slot % 48 >= 24 ? 1_000 : 500));
    const rhythm = rhythmOf({ endSeconds: 2 * 86_400, cpuMillicores: days }, 2 * 86_400_000 + 6 * 3_600_000);
    expect(rhythm.days).toBe(2);
    expect(rhythm.factorAt(2 * 86_400_000 + 7 * 3_600_000)).toBe(1);
    expect(rhythm.factorAt(2 * 86_400_000 + 14 * 3_600_000)).toBe(2);
    const young = rhythmOf({ endSeconds: 86_400, cpuMillicores: Array.from({ length: 48 }, (_, slot) => (slot > 40 ? 900 : null)) }, 86_400_000);
    expect([young.days, young.factorAt(86_400_000 + 3_600_000)]).toEqual([0, 1]);
    expect(rhythmOf({ endSeconds: days.length * HALF_HOUR_SECONDS, cpuMillicores: days.map(() => null) }, 0).factorAt(5)).toBe(1);
  });

  it("finds the next time of day by the clocks of the cluster", () => {
    const at = Date.UTC(2026, 5, 1, 1, 30);
    expect(nextAt("Asia/Tokyo", "09:00", at)).toBe(Date.UTC(2026, 5, 2, 0, 0));
    expect(nextAt("UTC", "09:00", at)).toBe(Date.UTC(2026, 5, 1, 9, 0));
  });

  it("agrees within the bound that was stated, and leaves open what was not measured", () => {
    const foretold = [{ figure: "moves", unit: "count", value: 4, bound: 1 }, { figure: "sleeps", unit: "count", value: 2, bound: 0 }, { figure: "usedKwh", unit: "kwh", value: 1, bound: 0.1 }] as const;
    expect(compareFigures(foretold, { moves: 5, sleeps: 1, usedKwh: null }).map((one) => one.agrees)).toEqual([true, false, null]);
  });
});
