import { describe, expect, it } from "vitest";
import { checkPlan, placeInstances, type ClusterSnapshot, type Host, type Instance } from "@/server/planner";
import { fleet, host, instance, steps, STANDARD } from "./support/fleet";

const order = (id: string, change: Partial<Instance> = {}) => ({ instance: instance(id, null, change) });

describe("placing", () => {
  it("spreads by default and packs on demand", () => {
    const snapshot = fleet([host("h1"), host("h2")], [instance("a", "h1")]);
    expect(steps(placeInstances(snapshot, [order("b")]))).toEqual(["1 place b - -> h2"]);
    expect(steps(placeInstances(snapshot, [order("b")], { strategy: "pack" }))).toEqual(["1 place b - -> h1"]);
  });

  it("places a batch as a whole or not at all", () => {
    const snapshot = fleet([host("h1")], []);
    const orders = ["a", "b", "c", "d", "e"].map((id) => ({ ...order(id), batch: "g" }));
    const plan = placeInstances(snapshot, [...orders, order("single")]);
    expect(steps(plan)).toEqual(["1 place single - -> h1"]);
    expect(plan.refusals).toHaveLength(5);
    expect(steps(placeInstances(snapshot, orders.slice(0, 4)))).toHaveLength(4);
  });

  it("records why the other hosts were not taken", () => {
    const snapshot = fleet([host("h1"), host("h2", { cordoned: true }), host("h3")], [instance("a", "h3")]);
    const plan = placeInstances(snapshot, [order("b")]);
    expect(plan.rejected[0]?.rejections.map((one) => `${one.hostId} ${one.rule}`)).toEqual(["h2 cordoned", "h3 lower-score"]);
    expect(plan.actions[0]?.basedOn).toEqual({ instance: 1, host: 1 });
    expect(checkPlan(snapshot, plan, [instance("b", null)])).toEqual({ ok: true, findings: [] });
  });
});

describe("refusals name the rule, the numbers and the smallest change", () => {
  const big = { memoryMiB: 12288, vcpus: 4 };
  const rows: [string, Partial<Host>[], Instance[], Partial<Instance>, Parameters<typeof fleet>[2], string[], string][] = [
    ["asleep", [{ state: "asleep", wakeSeconds: 90 }], [], {}, {}, ["h1 host-state"], "wake h1 (90 s)"],
    ["down", [{ state: "down" }], [], {}, {}, ["h1 host-state"], "return host h1 to service"],
    ["down and in maintenance", [{ state: "down", maintenance: true }], [], {}, {}, ["h1 host-state"], "return host h1 to service"],
    ["cordoned", [{ cordoned: true }], [], {}, {}, ["h1 cordoned"], "lift the cordon from h1"],
    ["memory sold out", [{}], [instance("a", "h1", big)], { memoryMiB: 4608 }, {}, ["h1 overcommit"], "free 512 MiB on h1"],
    ["cpu ratio", [{}], [instance("a", "h1", { vcpus: 23 })], { vcpus: 5 }, {}, ["h1 overcommit"], "raise the cpu ratio from 3 to 3.5"],
    ["reachability", [{ networks: [] }], [], {}, {}, ["h1 reachability"], "connect h1 to network lan"],
    ["cpu model", [{}], [], { cpuModel: "x86-64-v4" }, {}, ["h1 cpu-model"], "add a host that offers the CPU model x86-64-v4"],
    ["bigger than any host", [{}], [], { memoryMiB: 99999 }, {}, ["h1 capacity"], "add a host with at least 2 cores and 99999 MiB for instances"],
    ["thin storage floor", [{}], [], {}, { storagePools: [{ id: "pool", capacityMiB: 5000, usedMiB: 4000, allocatedMiB: 0 }] }, ["h1 storage"], "free 24 MiB in storage pool pool"],
    ["anti-affinity", [{}], [instance("a", "h1")], {}, { groups: [{ id: "g", kind: "apart", hard: true, scope: "host", instanceIds: ["a", "new"] }] }, ["h1 anti-affinity"], "move a away from h1"],
    ["host rule", [{}], [], {}, { hostRules: [{ id: "r", kind: "never", hard: true, instanceIds: ["new"], hostIds: ["h1"] }] }, ["h1 host-rule"], "take new out of rule r"],
    ["reservations", [{}], [instance("a", "h1", { vcpus: 8, instanceClass: { ...STANDARD, cpuReservationMillicoresPerVcpu: 1000 } })], {}, {}, ["h1 reservation"], "free 200 reserved millicores on h1"],
    ["two at once", [{ state: "asleep" }], [instance("a", "h1", big)], { memoryMiB: 4608 }, {}, ["h1 host-state"], "wake h1 (120 s), and free 512 MiB on h1"],
    ["the cheaper host", [{}, { state: "asleep" }], [instance("a", "h1", big)], { memoryMiB: 4608 }, {}, ["h1 overcommit", "h2 host-state"], "wake h2 (120 s)"],
    ["failover reserve", [{}, {}, { state: "down" }], [instance("a", "h1", big), instance("b", "h2", { memoryMiB: 3072 })], {}, { policy: { failoverReserveHosts: 1 } }, ["h1 overcommit"], "return host h3 to service"],
  ];
  it.each(rows)("%s", (_name, hosts, instances, wanted, change, rules, smallest) => {
    const snapshot = fleet(hosts.map((one, index) => host(`h${index + 1}`, one)), instances, change);
    const plan = placeInstances(snapshot, [order("new", wanted)]);
    if (_name === "failover reserve") {
      // h2 has the room, but then nobody could take the instances of h1.
      expect(plan.refusals[0]?.rejections.map((one) => `${one.hostId} ${one.rule}`)).toContain("h2 failover-reserve");
    } else {
      expect(plan.refusals[0]?.rejections.map((one) => `${one.hostId} ${one.rule}`)).toEqual(rules);
    }
    expect(plan.refusals[0]?.smallestChange?.text).toBe(smallest);
    expect(plan.actions).toEqual([]);
  });

  it("offers a higher ratio in steps that a person would choose", () => {
    const snapshot = fleet([host("h1", { memoryMiB: 200_000 })], [instance("a", "h1", { vcpus: 8 }), instance("b", "h1", { vcpus: 8 }), instance("c", "h1", { vcpus: 8 })]);
    const refusal = placeInstances(snapshot, [order("new", { vcpus: 4 })]).refusals[0];
    expect(refusal?.rejections[0]).toMatchObject({ rule: "overcommit", needed: 4, available: 0, missing: 4, unit: "vCPUs" });
    expect(refusal?.smallestChange?.text).toBe("raise the cpu ratio from 3 to 3.5");
  });
});

describe("clear answers for odd fleets", () => {
  const empty: ClusterSnapshot = fleet([], []);
  it("an empty cluster", () => {
    const plan = placeInstances(empty, [order("a")]);
    expect(plan.refusals[0]?.text).toContain("the cluster has no hosts");
    expect(JSON.stringify(plan)).not.toMatch(/NaN|Infinity|null,null/);
  });
  it("a host with bad metrics is left out and named, and does not stop the rest", () => {
    const plan = placeInstances(fleet([host("bad", { memoryMiB: Number.NaN }), host("h1")], [instance("x", "bad")]), [order("a")]);
    expect(steps(plan)).toEqual(["1 place a - -> h1"]);
    expect(plan.leftOut.map((one) => one.id)).toEqual(["bad", "x"]);
  });
  it("a host with no memory", () => {
    const plan = placeInstances(fleet([host("h1", { memoryMiB: 0, systemMemoryMiB: 0, cpuCores: 0 })], []), [order("a")]);
    expect(plan.refusals[0]?.rejections[0]?.rule).toBe("capacity");
  });
});
