import { describe, expect, it } from "vitest";
import { checkPlan, consolidateCluster, evacuateHosts, explainPlan, makePlan, placeInstances, planFailover, rebalanceCluster, updateHosts, whatIfLost, whatIfPairsLost, type ClusterSnapshot, type Plan } from "@/server/planner";
import { fleet, host, instance } from "./support/fleet";

const order = { instance: instance("new", null) };

function everyPlan(snapshot: ClusterSnapshot): Plan[] {
  return [
    placeInstances(snapshot, [order]),
    rebalanceCluster(snapshot, { proposals: 200 }),
    consolidateCluster(snapshot, { tries: 2 }),
    evacuateHosts(snapshot, ["h1"]),
    updateHosts(snapshot, ["h1"], { atOnce: 3 }),
    planFailover(snapshot, ["h1"], { wake: true }),
  ];
}

/** A clear answer: no figure that is none, nothing that the judge finds, and a text. */
function clear(snapshot: ClusterSnapshot): Plan[] {
  const plans = everyPlan(snapshot);
  for (const plan of plans) {
    expect(`${plan.policy} ${JSON.stringify({ ...plan, leftOut: [] })}`).not.toMatch(/NaN|Infinity/);
    for (const figure of [plan.scoreBefore, plan.scoreAfter, plan.predicted.seconds, plan.predicted.gbMoved, plan.predicted.downtimeMs]) expect(Number.isFinite(figure)).toBe(true);
    expect(plan.summary.join("\n").length).toBeGreaterThan(10);
    // A figure that is none may be named as the fault of a host, and nowhere else.
    expect(explainPlan({ ...plan, leftOut: [] })).not.toMatch(/NaN|undefined|Infinity/);
    expect({ policy: plan.policy, findings: checkPlan(snapshot, plan, [order.instance]).findings }).toEqual({ policy: plan.policy, findings: [] });
  }
  for (const one of whatIfLost(snapshot)) expect(typeof one.safe).toBe("boolean");
  expect(whatIfPairsLost(snapshot).every((one) => one.safe || one.without !== null)).toBe(true);
  return plans;
}

describe("odd fleets get clear answers from every policy", () => {
  const some = [instance("a", "h1"), instance("b", "h2")];
  const rows: [string, ClusterSnapshot][] = [
    ["nothing at all", fleet([], [])],
    ["hosts without instances", fleet([host("h1"), host("h2")], [])],
    ["one host", fleet([host("h1")], [instance("a", "h1")])],
    ["hosts with no memory and no cores", fleet([host("h1", { memoryMiB: 0, systemMemoryMiB: 0, cpuCores: 0 }), host("h2", { memoryMiB: 0, systemMemoryMiB: 0 })], [])],
    ["the host's own memory is all there is", fleet([host("h1", { systemMemoryMiB: 17408 }), host("h2")], [instance("b", "h2")])],
    ["an instance bigger than any host", fleet([host("h1"), host("h2")], [instance("giant", "h1", { memoryMiB: 999_999, vcpus: 512 })])],
    ["every host cordoned", fleet([host("h1", { cordoned: true }), host("h2", { cordoned: true })], some)],
    ["every host in maintenance", fleet([host("h1", { maintenance: true }), host("h2", { maintenance: true })], some)],
    ["every host down", fleet([host("h1", { state: "down" }), host("h2", { state: "down" })], some)],
    ["every host asleep", fleet([host("h1", { state: "asleep" }), host("h2", { state: "asleep" })], [])],
    ["metrics that are no numbers", fleet([host("h1", { measuredCpuMillicores: Number.NaN }), host("h2", { memoryMiB: Number.NaN }), host("h3")], [...some, instance("c", "h3", { demand: { cpuMillicores: Number.NaN, cpuSpreadMillicores: 0, memoryMiB: 0 } }), instance("d", "h3")])],
    ["an instance of no size", fleet([host("h1"), host("h2")], [instance("zero", "h1", { vcpus: 0, memoryMiB: 0 })])],
    ["a policy of nothing", fleet([host("h1"), host("h2")], some, { policy: { cpuRatio: 0, memoryRatio: 0, migrationsPerHost: 0, migrationsAtOnce: 0, linkMbps: 0, startsPerHost: 0 } })],
    ["names that appear twice", fleet([host("h1"), host("h1"), host("h2")], [...some, instance("a", "h2")])],
    ["a group of strangers", fleet([host("h1"), host("h2")], some, { groups: [{ id: "g", kind: "apart", hard: true, scope: "rack", instanceIds: ["x", "a"] }], hostRules: [{ id: "r", kind: "only", hard: true, instanceIds: ["y"], hostIds: ["z"] }] })],
    ["a reserve larger than the cluster", fleet([host("h1"), host("h2")], some, { policy: { failoverReserveHosts: 9 } })],
    ["a history of rubbish", fleet([host("h1"), host("h2")], some, { history: { stepSeconds: 3600, endSeconds: 0, cpuMillicores: [Number.NaN, -5, Number.POSITIVE_INFINITY], memoryMiB: [] } })],
    ["a history of no time", fleet([host("h1"), host("h2")], some, { history: { stepSeconds: 0, endSeconds: 0, cpuMillicores: [1, 2] } })],
  ];
  it.each(rows)("%s", (_name, snapshot) => {
    clear(snapshot);
  });

  it("hosts and orders that nobody knows are named", () => {
    const snapshot = fleet([host("h1")], [instance("a", "h1")]);
    expect(evacuateHosts(snapshot, ["zz"]).leftOut[0]?.text).toBe("host zz is not in the snapshot, so it is not evacuated");
    expect(planFailover(snapshot, ["zz"]).leftOut[0]?.text).toBe("host zz is not in the snapshot, nothing to restart from it");
    expect(makePlan(snapshot, { policy: "evacuate", hostIds: ["zz"], atOnce: 1 }).leftOut[0]?.text).toBe("host zz is not in the snapshot, so it is not updated");
    expect(makePlan(snapshot, { policy: "place" }).summary).toEqual(["place: 0 of 0 orders have a place"]);
  });

  it("100,000 instances in one anti-affinity group, most of them placed against it", () => {
    const ids = Array.from({ length: 100_000 }, (_, index) => `i${index}`);
    const hosts = ["h1", "h2", "h3", "h4"].map((id) => host(id, { memoryMiB: 60_000_000, cpuCores: 60_000 }));
    const snapshot = fleet(hosts, ids.slice(0, 99_999).map((id, index) => instance(id, `h${1 + (index % 3)}`, { memoryMiB: 512, vcpus: 1 })), {
      groups: [{ id: "g", kind: "apart", hard: true, scope: "host", instanceIds: ids }],
    });
    const plan = placeInstances(snapshot, [{ instance: instance("i99999", null, { memoryMiB: 512 }) }]);
    expect(plan.actions.map((one) => one.toHostId)).toEqual(["h4"]);
    const next = placeInstances({ ...snapshot, instances: [...snapshot.instances.slice(1), instance("i99999", "h4")] }, [{ instance: instance("i0", null) }]);
    expect(next.refusals[0]?.rejections).toHaveLength(4);
    expect(next.refusals[0]?.rejections[0]?.text).toMatch(/i0 must be apart from i\d+ \(group g\), which is on h1/);
  });
});
