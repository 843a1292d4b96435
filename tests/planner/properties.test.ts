import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkPlan,
  consolidateCluster,
  evacuateHosts,
  placeInstances,
  planFailover,
  rebalanceCluster,
  type ClusterSnapshot,
  type HostState,
  type Instance,
  type Plan,
} from "@/server/planner";
import { fleets } from "./support/arbitrary";
import { fleet, host, instance, STANDARD } from "./support/fleet";

const order = (index: number, memoryMiB = 4096) => ({ instance: instance(`new${index}`, null, { memoryMiB }) });

/** The fleet as it is when a plan was carried out. */
function carriedOut(snapshot: ClusterSnapshot, plan: Plan): ClusterSnapshot {
  const place = new Map(plan.actions.flatMap((one) => (one.instanceId === null || one.op === "stop" ? [] : [[one.instanceId, one.toHostId] as const])));
  const power = new Map<string, HostState>();
  for (const one of plan.actions) if (one.instanceId === null) power.set(one.toHostId, one.op === "power-off" ? "asleep" : "up");
  return {
    ...snapshot,
    hosts: snapshot.hosts.map((one) => ({ ...one, state: power.get(one.id) ?? one.state, ...(power.has(one.id) ? { stateSinceSeconds: snapshot.takenAtSeconds } : {}) })),
    instances: snapshot.instances.map((one) => ({ ...one, hostId: place.get(one.id) ?? one.hostId })),
  };
}

function ok(snapshot: ClusterSnapshot, plan: Plan, fresh: Instance[] = []): void {
  expect(checkPlan(snapshot, plan, fresh).findings).toEqual([]);
  expect(JSON.stringify(plan)).not.toContain("NaN");
  for (const number of [plan.scoreBefore, plan.scoreAfter, plan.predicted.seconds, plan.predicted.gbMoved]) expect(Number.isFinite(number)).toBe(true);
}

describe("no plan breaks a constraint, whatever the fleet", () => {
  it("place", () => {
    fc.assert(
      fc.property(fleets, fc.array(fc.constantFrom(1024, 4096, 16384), { maxLength: 5 }), (snapshot, sizes) => {
        const orders = sizes.map((size, index) => order(index, size));
        const plan = placeInstances(snapshot, orders);
        // With the reserve on, a fleet that breaks it already takes nothing.
        ok(snapshot, plan, orders.map((one) => one.instance));
        expect(plan.actions.length + plan.refusals.length).toBe(orders.length);
        for (const refusal of plan.refusals) expect(refusal.text.length).toBeGreaterThan(10);
      }),
      { numRuns: 150 },
    );
  });

  it("evacuate and failover", () => {
    fc.assert(
      fc.property(fleets, (snapshot) => {
        ok(snapshot, evacuateHosts(snapshot, ["h0"]));
        const failover = planFailover(snapshot, ["h0"]);
        ok(snapshot, failover);
        expect(failover.actions.length + failover.refusals.length).toBe(snapshot.instances.filter((one) => one.hostId === "h0").length);
      }),
      { numRuns: 150 },
    );
  });

  it("rebalance and consolidate", () => {
    fc.assert(
      fc.property(fleets, (snapshot) => {
        const rebalanced = rebalanceCluster(snapshot, { proposals: 2000 });
        ok(snapshot, rebalanced);
        expect(rebalanced.scoreAfter).toBeLessThanOrEqual(rebalanced.scoreBefore + 1e-9);
        ok(snapshot, consolidateCluster(snapshot, { tries: 4 }));
      }),
      { numRuns: 60 },
    );
  });
});

describe("the same question, the same answer", () => {
  it("same seed, same plan", () => {
    fc.assert(
      fc.property(fleets, fc.integer(), (snapshot, seed) => {
        expect(rebalanceCluster(snapshot, { seed, proposals: 500 })).toEqual(rebalanceCluster(snapshot, { seed, proposals: 500 }));
        expect(consolidateCluster(snapshot, { seed, tries: 2 })).toEqual(consolidateCluster(snapshot, { seed, tries: 2 }));
      }),
      { numRuns: 30 },
    );
  });

  it("other names for hosts and instances change nothing, with any policy", () => {
    fc.assert(
      fc.property(fleets, (snapshot) => {
        const rename = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll(/\b(h|i)(\d+)\b/g, "$1ost-$2")) as T;
        const plans = (of: ClusterSnapshot, first: string): Plan[] => [
          placeInstances(of, [order(1), order(2)]),
          evacuateHosts(of, [first]),
          planFailover(of, [first], { wake: true }),
          rebalanceCluster(of, { proposals: 200 }),
          consolidateCluster(of, { tries: 2 }),
        ];
        const steps = (plan: Plan): unknown[] => plan.actions.map((one) => [one.op, one.instanceId, one.fromHostId, one.toHostId, one.wave]);
        expect(plans(rename(snapshot), "host-0").map(steps)).toEqual(rename(plans(snapshot, "h0").map(steps)));
      }),
      { numRuns: 60 },
    );
  });

  it("a second evacuation finds nothing to do; a second consolidation may free more, and never wakes what the first put to sleep", () => {
    fc.assert(
      fc.property(fleets, (snapshot) => {
        const emptied = evacuateHosts(snapshot, ["h0"]);
        const again = evacuateHosts(carriedOut(snapshot, emptied), ["h0"]);
        expect(again.actions).toEqual([]);
        expect(again.refusals.map((one) => one.instanceId)).toEqual(emptied.refusals.map((one) => one.instanceId));
        const calm = { ...snapshot, policy: { ...snapshot.policy, cooldownSeconds: 0 } };
        const slept = consolidateCluster(calm, { tries: 4 });
        const second = consolidateCluster(carriedOut(calm, slept), { tries: 4 });
        for (const one of second.actions) if (one.op === "power-on") expect(slept.hostsFreed).not.toContain(one.toHostId);
        expect(checkPlan(carriedOut(calm, slept), second).findings).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("a group that has to stay together goes to a host that has room for all of it, though another is better for its first", () => {
    const together = fleet(
      [host("h0"), host("h1", { memoryMiB: 9216 }), host("h2", { cpuCores: 32, memoryMiB: 33792 })],
      [instance("a", "h0", { memoryMiB: 6144 }), instance("b", "h0", { memoryMiB: 6144 }), instance("c", "h2", { memoryMiB: 18432, vcpus: 28 })],
      { groups: [{ id: "g", kind: "together", hard: true, scope: "host", instanceIds: ["a", "b"] }] },
    );
    const plan = evacuateHosts(together, ["h0"]);
    expect(plan.refusals).toEqual([]);
    expect(plan.actions.map((one) => one.toHostId)).toEqual(["h2", "h2"]);
    ok(together, plan);
    // Alone, the first of them would have gone to the other host.
    expect(evacuateHosts({ ...together, groups: [], instances: together.instances.filter((one) => one.id !== "b") }, ["h0"]).actions.map((one) => one.toHostId)).toEqual(["h1"]);
  });

  it("nothing is left to do after a rebalance", () => {
    const before = fleet(
      [host("h1"), host("h2"), host("h3")],
      Array.from({ length: 6 }, (_, index) => instance(`i${index}`, "h1", { memoryMiB: 2048, vcpus: 2 })),
    );
    const plan = rebalanceCluster(before, { proposals: 5000 });
    expect(plan.actions).toHaveLength(4);
    const place = new Map(plan.actions.map((one) => [one.instanceId, one.toHostId]));
    const after = { ...before, instances: before.instances.map((one) => ({ ...one, hostId: place.get(one.id) ?? one.hostId })) };
    for (const seed of [1, 2, 3]) expect(rebalanceCluster(after, { seed, proposals: 5000 }).actions).toEqual([]);
  });
});

describe("a planted bug in each constraint is caught", () => {
  const calm = fleet([host("h1"), host("h2")], [instance("a", "h1")]);
  const plan = evacuateHosts(calm, ["h1"]);
  const two = instance("b", "h2");
  const rows: [string, ClusterSnapshot][] = [
    ["host-state", { ...calm, hosts: [host("h1"), host("h2", { state: "asleep" })] }],
    ["maintenance", { ...calm, hosts: [host("h1"), host("h2", { maintenance: true })] }],
    ["cordoned", { ...calm, hosts: [host("h1"), host("h2", { cordoned: true })] }],
    ["capacity", { ...calm, hosts: [host("h1"), host("h2", { cpuCores: 1 })] }],
    ["cpu-model", fleet([host("h1"), host("h2", { cpuModels: [] })], [instance("a", "h1", { cpuModel: "x86-64-v3" })])],
    ["reachability", { ...calm, hosts: [host("h1"), host("h2", { storagePools: [] })] }],
    ["host-rule", { ...calm, hostRules: [{ id: "r", kind: "only", hard: true, instanceIds: ["a"], hostIds: ["h1"] }] }],
    ["anti-affinity", { ...calm, instances: [...calm.instances, two], groups: [{ id: "g", kind: "apart", hard: true, scope: "host", instanceIds: ["a", "b"] }] }],
    ["affinity", { ...calm, instances: [...calm.instances, instance("c", "h1")], groups: [{ id: "g", kind: "together", hard: true, scope: "host", instanceIds: ["a", "c"] }] }],
    ["reservation", { ...calm, instances: [...calm.instances, instance("b", "h2", { vcpus: 8, instanceClass: { ...STANDARD, cpuReservationMillicoresPerVcpu: 1000 } })] }],
    ["overcommit", { ...calm, instances: [...calm.instances, instance("b", "h2", { memoryMiB: 16000 })] }],
    ["not-migratable", { ...calm, instances: [instance("a", "h1", { canMigrate: false })] }],
    ["stale", { ...calm, hosts: [host("h1"), host("h2", { generation: 2 })] }],
    ["unknown", { ...calm, hosts: [host("h1")] }],
    ["order", { ...calm, instances: [instance("a", "h2")] }],
  ];
  it.each(rows)("%s", (rule, snapshot) => {
    expect(checkPlan(calm, plan).ok).toBe(true);
    expect(checkPlan(snapshot, plan).findings.map((one) => one.rule)).toContain(rule);
  });

  it("a sleep that is not certified", () => {
    const snapshot = fleet([host("h1"), host("h2"), host("h3")], [instance("a", "h1"), instance("b", "h2")]);
    const sleep = consolidateCluster(snapshot);
    expect(sleep.hostsFreed.length).toBeGreaterThan(0);
    expect(checkPlan(snapshot, sleep).findings).toEqual([]);
    const forged: Plan = { ...sleep, certificate: { ...sleep.certificate!, backups: [], cases: [] } };
    expect(checkPlan(snapshot, forged).findings.map((one) => one.rule)).toContain("certificate");
  });
});

describe("large and odd", () => {
  it("100,000 instances in one group that must stay apart get a clear answer", () => {
    const ids = Array.from({ length: 100_000 }, (_, index) => `i${index}`);
    const snapshot = fleet([host("h1"), host("h2")], [instance("i0", "h1"), instance("i1", "h2")], {
      groups: [{ id: "g", kind: "apart", hard: true, scope: "host", instanceIds: ids }],
    });
    const plan = placeInstances(snapshot, [{ instance: instance("i2", null) }]);
    expect(plan.refusals[0]?.rejections.map((one) => one.rule)).toEqual(["anti-affinity", "anti-affinity"]);
  });

  it("every host cordoned", () => {
    const plan = placeInstances(fleet([host("h1", { cordoned: true }), host("h2", { cordoned: true })], []), [{ instance: instance("a", null) }]);
    expect(plan.refusals[0]?.smallestChange?.text).toBe("lift the cordon from h1");
  });
});
