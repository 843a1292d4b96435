import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { balanceScore, checkPlan, rebalanceCluster, trackImbalance, type ClusterSnapshot, type Plan } from "@/server/planner";
import { seededRandom } from "@/server/planner/random";
import { fleets } from "./support/arbitrary";
import { fleet, host, instance } from "./support/fleet";

const PROPOSALS = 1500;

/** The fleet after a plan, an hour later. */
function after(snapshot: ClusterSnapshot, plan: Plan, seconds = 0): ClusterSnapshot {
  const place = new Map(plan.actions.map((one) => [one.instanceId, one.toHostId]));
  return {
    ...snapshot,
    takenAtSeconds: snapshot.takenAtSeconds + seconds,
    instances: snapshot.instances.map((one) => (place.has(one.id) ? { ...one, hostId: place.get(one.id)!, lastMovedSeconds: snapshot.takenAtSeconds } : one)),
  };
}

const lopsided = (): ClusterSnapshot =>
  fleet([host("h1"), host("h2"), host("h3")], Array.from({ length: 6 }, (_, index) => instance(`i${index}`, "h1", { memoryMiB: 2048, vcpus: 2 })));

describe("a balance that lasts", () => {
  it("waits until an imbalance has lasted, and says how long still", () => {
    const held = lopsided();
    held.policy = { ...held.policy, imbalanceThreshold: 0.2, imbalanceHoldSeconds: 600 };
    expect(balanceScore(held)).toBeGreaterThan(0.2);
    expect(rebalanceCluster(held).actions).toEqual([]);
    expect(rebalanceCluster({ ...held, imbalancedSinceSeconds: held.takenAtSeconds - 60 }).summary[0]).toMatch(/uneven for 60 s, moves are made after 600 s/);
    expect(rebalanceCluster({ ...held, imbalancedSinceSeconds: held.takenAtSeconds - 600 }, { proposals: PROPOSALS }).actions).toHaveLength(4);
    const calm = { ...held, policy: { ...held.policy, imbalanceThreshold: 5 } };
    expect(rebalanceCluster(calm).summary[0]).toContain("even enough");
  });

  it("an imbalance that breaks off starts again", () => {
    expect(trackImbalance(null, 0.5, 0.3, 100)).toBe(100);
    expect(trackImbalance(100, 0.5, 0.3, 160)).toBe(100);
    expect(trackImbalance(100, 0.3, 0.3, 220)).toBeNull();
    expect(trackImbalance(100, Number.NaN, 0.3, 220)).toBeNull();
  });

  it("a second run on its own result makes no move, whatever the fleet", () => {
    let moves = 0;
    fc.assert(
      fc.property(fleets, fc.constantFrom(1, 2, 3), (snapshot, seed) => {
        const free = { ...snapshot, history: undefined, policy: { ...snapshot.policy, cooldownSeconds: 0 } };
        const plan = rebalanceCluster(free, { seed, proposals: 400 });
        moves += plan.actions.length;
        const again = rebalanceCluster(after(free, plan), { seed, proposals: 400 });
        expect(again.actions.map((one) => one.reason)).toEqual([]);
      }),
      { numRuns: 120 },
    );
    expect(moves).toBeGreaterThan(15);
  });

  it("thirty days of flat, noisy load: it settles and stays", () => {
    const random = seededRandom(5);
    const base = Array.from({ length: 60 }, () => 200 + random() * 800);
    let snapshot = fleet(
      Array.from({ length: 8 }, (_, index) => host(`h${index}`, { cpuCores: 16, memoryMiB: 66_560 })),
      base.map((_, index) => instance(`i${index}`, `h${Math.floor(random() * 4)}`, { memoryMiB: 1024 * (1 + (index % 4)), vcpus: 2 })),
      { policy: { cooldownSeconds: 0 } },
    );
    const movesOfDay: number[] = [];
    for (let day = 0; day < 30; day += 1) {
      let moves = 0;
      for (let hour = 0; hour < 24; hour += 2) {
        // What a forecast from the last samples looks like: the true level, a tenth more or less.
        snapshot = { ...snapshot, instances: snapshot.instances.map((one, index) => ({ ...one, demand: { cpuMillicores: base[index]! * (0.9 + 0.2 * random()), cpuSpreadMillicores: 80, memoryMiB: one.memoryMiB } })) };
        const plan = rebalanceCluster(snapshot, { proposals: 400 });
        moves += plan.actions.length;
        snapshot = after(snapshot, plan, 2 * 3600);
      }
      movesOfDay.push(moves);
    }
    expect(movesOfDay[0]).toBeGreaterThan(10);
    expect(movesOfDay.slice(1).reduce((sum, one) => sum + one, 0)).toBe(0);
  });
});

describe("moves that do not pay", () => {
  it("are not made, and are named with their figures", () => {
    const heavy = fleet(
      [host("h1", { memoryMiB: 132_096, linkMbps: 100 }), host("h2", { memoryMiB: 132_096, linkMbps: 100 })],
      [instance("big", "h1", { memoryMiB: 65_536, vcpus: 1, dirtyMiBPerSecond: 8 }), instance("light", "h1", { memoryMiB: 32_768, vcpus: 1, wanted: "off" })],
      { policy: { horizonSeconds: 600 } },
    );
    const plan = rebalanceCluster(heavy, { proposals: PROPOSALS });
    expect(plan.actions.filter((one) => one.instanceId === "big")).toEqual([]);
    const wide: ClusterSnapshot = { ...heavy, hosts: heavy.hosts.map((one) => ({ ...one, linkMbps: 100_000 })), policy: { ...heavy.policy, horizonSeconds: 86_400 } };
    expect(rebalanceCluster(wide, { proposals: PROPOSALS }).actions.length).toBeGreaterThan(0);
    const both = { ...heavy, instances: heavy.instances.map((one) => ({ ...one, wanted: "on" as const })) };
    const none = rebalanceCluster(both, { proposals: PROPOSALS });
    expect(none.actions).toEqual([]);
    expect(none.rejected.flatMap((one) => one.rejections).find((one) => one.rule === "cost")?.text).toMatch(/would cost [\d.]+ core-seconds and gain [\d.]+ over the horizon/);
  });

  it("a host that is wanted beyond its cores is relieved even where the copy is dear", () => {
    const demand = { cpuMillicores: 4000, cpuSpreadMillicores: 500, memoryMiB: 4096 };
    const hot = fleet([host("h1"), host("h2")], ["a", "b", "c"].map((id) => instance(id, "h1", { vcpus: 4, demand })), { policy: { linkMbps: 1_000, horizonSeconds: 3600 } });
    expect(rebalanceCluster(hot, { proposals: PROPOSALS }).actions.length).toBeGreaterThan(0);
  });
});

describe("a plan that can be stopped anywhere", () => {
  it("shows the score after each move, the best first, and why not elsewhere", () => {
    const snapshot = lopsided();
    const plan = rebalanceCluster(snapshot, { proposals: PROPOSALS });
    expect(plan.scoreCurve).toHaveLength(plan.actions.length);
    expect(plan.scoreCurve.at(-1)).toBeCloseTo(plan.scoreAfter, 6);
    for (let index = 1; index <= plan.actions.length; index += 1) {
      const part = { ...plan, actions: plan.actions.slice(0, index) };
      expect(balanceScore(after(snapshot, part))).toBeCloseTo(plan.scoreCurve[index - 1]!, 6);
      expect(checkPlan(snapshot, part).ok).toBe(true);
    }
    expect(new Set(plan.rejected.map((one) => one.instanceId))).toEqual(new Set(plan.actions.map((one) => one.instanceId)));
    expect(plan.rejected[0]?.rejections[0]?.text).toMatch(/the score would end at/);
  });

  it("guests that dirty memory faster than the link copies are left, or moved post-copy if the policy says so", () => {
    const busy = lopsided();
    busy.instances = busy.instances.map((one) => ({ ...one, dirtyMiBPerSecond: 2_000 }));
    const left = rebalanceCluster(busy, { proposals: PROPOSALS });
    expect(left.actions).toEqual([]);
    expect(left.leftOut[0]?.text).toMatch(/i0 writes 2000 MiB\/s of memory, the link copies 1192 MiB\/s/);
    expect(left.leftOut[0]?.words).toEqual([{ code: "dirties-too-fast", params: { instance: "i0", dirtyMiBPerSecond: 2_000, linkMiBPerSecond: 1_192 } }]);
    const postCopy = { ...busy, policy: { ...busy.policy, postCopy: true } };
    const plan = rebalanceCluster(postCopy, { proposals: PROPOSALS });
    expect(plan.actions.length).toBe(4);
    expect(plan.actions[0]?.reason).toContain("post-copy");
    expect(checkPlan(postCopy, plan).ok).toBe(true);
    expect(checkPlan(busy, plan).findings.map((one) => one.rule)).toContain("bandwidth");
  });
});
