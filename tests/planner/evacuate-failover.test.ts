import { describe, expect, it } from "vitest";
import { checkPlan, evacuateHosts, planFailover, type Plan } from "@/server/planner";
import { fleet, host, instance, steps } from "./support/fleet";

describe("evacuating", () => {
  const snapshot = fleet(
    [host("h1"), host("h2"), host("h3")],
    [
      instance("a", "h1"),
      instance("b", "h1", { canMigrate: false }),
      instance("c", "h1", { wanted: "off", memoryMiB: 2048 }),
      instance("d", "h1", { memoryMiB: 2048 }),
    ],
  );

  it("moves live, restarts what cannot move, and takes the place of what is off along", () => {
    const plan = evacuateHosts(snapshot, ["h1"]);
    expect(steps(plan)).toEqual([
      "1 migrate a h1 -> h2",
      "1 stop b h1 -> h1",
      "1 place c h1 -> h2",
      "2 start b h1 -> h3",
      "2 migrate d h1 -> h3",
    ]);
    expect(plan.hostsFreed).toEqual(["h1"]);
    expect(plan.predicted.seconds).toBeGreaterThan(0);
    expect(checkPlan(snapshot, plan)).toEqual({ ok: true, findings: [] });
  });

  it("names blockers and moves the rest", () => {
    const tight = fleet([host("h1"), host("h2")], [instance("big", "h1", { memoryMiB: 12288 }), instance("small", "h1"), instance("x", "h2", { memoryMiB: 8192 })]);
    const plan = evacuateHosts(tight, ["h1"]);
    expect(steps(plan)).toEqual(["1 migrate small h1 -> h2"]);
    expect(plan.hostsFreed).toEqual([]);
    expect(plan.refusals.map((one) => one.instanceId)).toEqual(["big"]);
    expect(plan.summary.join("\n")).toContain("blockers: big");
  });

  it("keeps to the migrations that a host may carry at once", () => {
    const busy = fleet([host("h1"), host("h2")], ["a", "b", "c", "d"].map((id) => instance(id, "h1", { memoryMiB: 1024 })), { policy: { migrationsPerHost: 1 } });
    const plan = evacuateHosts(busy, ["h1"]);
    expect(plan.waves).toBe(4);
    expect(checkPlan(busy, plan).ok).toBe(true);
    const rushed: Plan = { ...plan, actions: plan.actions.map((one) => ({ ...one, wave: 1 })) };
    expect(checkPlan(busy, rushed).findings.map((one) => one.rule)).toContain("concurrency");
  });
});

describe("failover", () => {
  it("restarts by priority and dependency, and says honestly what does not fit", () => {
    const snapshot = fleet(
      [host("h1"), host("h2")],
      [
        instance("low", "h1", { memoryMiB: 8192 }),
        instance("db", "h1", { priority: 5, memoryMiB: 8192 }),
        instance("app", "h1", { priority: 9, startAfter: ["db"] }),
        instance("off", "h1", { wanted: "off", memoryMiB: 1024 }),
      ],
    );
    const plan = planFailover(snapshot, ["h1"]);
    expect(steps(plan)).toEqual(["1 start db h1 -> h2", "1 place off h1 -> h2", "2 start app h1 -> h2"]);
    expect(plan.refusals.map((one) => one.instanceId)).toEqual(["low"]);
    expect(plan.refusals[0]?.smallestChange?.text).toBe("return host h1 to service");
    expect(plan.summary.join("\n")).toContain("best effort");
    expect(checkPlan(snapshot, plan)).toEqual({ ok: true, findings: [] });
  });
});

describe("the judge finds what is planted", () => {
  const snapshot = fleet([host("h1"), host("h2")], [instance("a", "h1", { memoryMiB: 10240 }), instance("b", "h2", { memoryMiB: 10240 })]);
  const plan = evacuateHosts(fleet([host("h1"), host("h2")], [instance("a", "h1", { memoryMiB: 10240 })]), ["h1"]);
  it("overfilled target", () => {
    expect(checkPlan(snapshot, plan).findings.map((one) => one.rule)).toContain("overcommit");
  });
  it("changed generation", () => {
    const changed = { ...snapshot, instances: snapshot.instances.map((one) => ({ ...one, generation: 2 })) };
    expect(checkPlan(changed, plan).findings.map((one) => one.rule)).toContain("stale");
  });
  it("swap in one wave that would need both memories twice", () => {
    const swap = { ...plan, actions: [...plan.actions, { ...plan.actions[0]!, instanceId: "b", fromHostId: "h2", toHostId: "h1" }] };
    expect(checkPlan(snapshot, swap).findings.filter((one) => one.rule === "overcommit").length).toBeGreaterThan(0);
  });
});
