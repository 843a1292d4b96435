import { describe, expect, it } from "vitest";
import { checkPlan, estimateCorrelation, placeInstances, type Instance, type Plan } from "@/server/planner";
import { contentionPart } from "@/server/planner/constraints/contention";
import { upperTail, zOf } from "@/server/planner/demand/normal";
import { buildModel } from "@/server/planner/model/model";
import { seededRandom } from "@/server/planner/random";
import { fleet, host, instance } from "./support/fleet";

const busy = (id: string, hostId: string | null): Instance => instance(id, hostId, { vcpus: 2, memoryMiB: 512, demand: { cpuMillicores: 500, cpuSpreadMillicores: 250, memoryMiB: 512 } });

describe("overcommit by risk", () => {
  it("the normal tail is that of the tables, and its inverse", () => {
    expect(upperTail(0)).toBeCloseTo(0.5, 6);
    expect(upperTail(1.6449)).toBeCloseTo(0.05, 5);
    expect(upperTail(-1)).toBeCloseTo(0.841345, 5);
    for (const part of [0.001, 0.01, 0.3, 0.9]) expect(upperTail(zOf(part))).toBeCloseTo(part, 6);
  });

  it("takes as many as the risk allows, where the ratio would take more, and says what would be too much", () => {
    const orders = Array.from({ length: 14 }, (_, index) => ({ instance: busy(`i${String(index).padStart(2, "0")}`, null) }));
    const count = (maxContentionPart: number | undefined): Plan => placeInstances(fleet([host("h1")], [], { policy: { maxContentionPart, cpuRatio: 4 } }), orders);
    expect(count(undefined).actions).toHaveLength(14);
    const loose = count(0.2).actions.length;
    const strict = count(0.01).actions.length;
    expect(strict).toBeLessThan(loose);
    expect(strict).toBeGreaterThan(6);
    const refusal = count(0.01).refusals[0];
    expect(refusal?.rejections[0]).toMatchObject({ rule: "contention", unit: "% of minutes", available: 1 });
    expect(refusal?.rejections[0]?.text).toMatch(/h1 would be wanted beyond its 8 cores in [\d.]+ % of minutes \([\d.]+ \+- [\d.]+ cores expected\), 1 % are allowed/);
    expect(refusal?.smallestChange?.text).toMatch(/allow contention in [\d.]+ % of minutes instead of 1 %/);
  });

  it("is what chance does: drawn demands exceed the cores about as often as foretold", () => {
    const correlation = 0.3;
    const guests = Array.from({ length: 12 }, (_, index) => busy(`i${index}`, "h1"));
    const model = buildModel(fleet([host("h1")], guests, { policy: { demandCorrelation: correlation } }));
    const extra = buildModel(fleet([host("h1")], [...guests, busy("new", null)], { policy: { demandCorrelation: correlation } }));
    const foretold = contentionPart(extra, 12, 0);
    const random = seededRandom(3);
    const draw = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let over = 0;
    const minutes = 40_000;
    for (let minute = 0; minute < minutes; minute += 1) {
      const common = draw();
      let sum = 0;
      for (let guest = 0; guest < 13; guest += 1) sum += 500 + 250 * (Math.sqrt(correlation) * common + Math.sqrt(1 - correlation) * draw());
      if (sum > 8000) over += 1;
    }
    expect(model.instances).toHaveLength(12);
    expect(Math.abs(over / minutes - foretold)).toBeLessThan(0.01);
  });

  it("correlation is read from samples", () => {
    const random = seededRandom(8);
    const alone = Array.from({ length: 20 }, () => Array.from({ length: 400 }, () => random()));
    expect(estimateCorrelation(alone)).toBeLessThan(0.03);
    const common = Array.from({ length: 400 }, () => random());
    expect(estimateCorrelation(alone.map((row) => row.map((value, t) => value + (common[t] ?? 0))))).toBeCloseTo(0.5, 1);
    expect(estimateCorrelation([[1, 2]])).toBe(0);
    expect(estimateCorrelation([[1, 1], [2, 2]])).toBe(0);
  });

  it("the judge knows the risk too", () => {
    const snapshot = fleet([host("h1")], Array.from({ length: 11 }, (_, index) => busy(`i${index}`, "h1")), { policy: { cpuRatio: 4 } });
    const plan = placeInstances(snapshot, [{ instance: busy("new", null) }]);
    expect(checkPlan(snapshot, plan, [busy("new", null)]).ok).toBe(true);
    const strict = { ...snapshot, policy: { ...snapshot.policy, maxContentionPart: 0.01 } };
    expect(checkPlan(strict, plan, [busy("new", null)]).findings.map((one) => one.rule)).toContain("contention");
  });
});
