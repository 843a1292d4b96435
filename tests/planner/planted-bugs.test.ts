import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { checkPlan, consolidateCluster, evacuateHosts, placeInstances, planFailover, rebalanceCluster, updateHosts, type ClusterSnapshot, type Finding, type Instance, type Plan } from "@/server/planner";
import { ADMISSION } from "@/server/planner/constraints/failover-reserve";
import { PLACE_RULES } from "@/server/planner/constraints";
import { MOVE_RULES } from "@/server/planner/constraints/movable";
import { SLEEP_RULES } from "@/server/planner/consolidate/choose-sleepers";
import { fleets } from "./support/arbitrary";
import { instance } from "./support/fleet";

/** A few hundred fleets, the same every time; sound code passes all of them, and each planted bug must fail on one. */
const FLEETS = fc.sample(fleets, { seed: 7, numRuns: 250 });

const orders = (snapshot: ClusterSnapshot): Instance[] =>
  [4096, 16384, 2048, 1024].map((memoryMiB, index) =>
    instance(`new${index}`, null, {
      memoryMiB,
      vcpus: index === 3 ? 12 : 2,
      cpuModel: index === 0 ? "x86-64-v3" : null,
      disks: index === 3 ? [] : index === 2 ? [{ storagePoolId: "pool", sizeMiB: 1_200_000 }] : [{ storagePoolId: "pool", sizeMiB: 600_000 }],
      demand: { cpuMillicores: 1500, cpuSpreadMillicores: 600, memoryMiB },
      hostId: null,
      networks: snapshot.hosts.length % 2 === 0 ? ["lan"] : [],
    }),
  );

/** Every policy on one fleet, with the orders that the plan is about. */
function* plansOf(snapshot: ClusterSnapshot): Generator<{ plan: Plan; fresh: Instance[] }> {
  const fresh = orders(snapshot);
  yield { plan: placeInstances(snapshot, fresh.map((one) => ({ instance: one }))), fresh };
  yield { plan: evacuateHosts(snapshot, ["h0"]), fresh: [] };
  yield { plan: updateHosts(snapshot, ["h0", "h1", "h2"], { atOnce: 2 }), fresh: [] };
  yield { plan: planFailover(snapshot, ["h0"], { wake: true }), fresh: [] };
  yield { plan: rebalanceCluster(snapshot, { proposals: 300 }), fresh: [] };
  yield { plan: rebalanceCluster(snapshot, { proposals: 300, score: "static", maxMoves: 6 }), fresh: [] };
  yield { plan: consolidateCluster(snapshot, { tries: 2 }), fresh: [] };
}

/** The first fleet and policy for which the judge names the rule; null if it never does. */
function caught(rule: Finding["rule"]): string | null {
  for (const [index, snapshot] of FLEETS.entries()) {
    for (const { plan, fresh } of plansOf(snapshot)) {
      if (checkPlan(snapshot, plan, fresh).findings.some((one) => one.rule === rule)) return `${plan.policy} on fleet ${index}`;
    }
  }
  return null;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the judge and the planner know the rules apart", () => {
  it("sound code passes every fleet, with every policy", () => {
    let actions = 0;
    for (const snapshot of FLEETS) {
      for (const { plan, fresh } of plansOf(snapshot)) {
        actions += plan.actions.length;
        expect({ policy: plan.policy, findings: checkPlan(snapshot, plan, fresh).findings }).toEqual({ policy: plan.policy, findings: [] });
      }
    }
    expect(actions).toBeGreaterThan(1000);
  });

  it.each(PLACE_RULES.map((one) => one.rule))("a planner that forgets %s is caught", (rule) => {
    const constraint = PLACE_RULES.find((one) => one.rule === rule)!;
    vi.spyOn(constraint, "admits").mockReturnValue(true);
    expect(caught(rule)).not.toBeNull();
  });

  it.each([
    ["cannotMigrate", "not-migratable"],
    ["dirtiesTooFast", "bandwidth"],
    ["inCooldown", "cooldown"],
    ["withoutConsent", "consent"],
  ] as const)("a planner that forgets %s is caught", (name, rule) => {
    vi.spyOn(MOVE_RULES, name).mockReturnValue(null);
    expect(caught(rule)).not.toBeNull();
  });

  it("a planner that admits against the failover reserve is caught", () => {
    vi.spyOn(ADMISSION, "reserveBrokenBy").mockReturnValue(null);
    expect(caught("failover-reserve")).not.toBeNull();
  });

  it("a planner that switches hosts on and off as it likes is caught", () => {
    vi.spyOn(SLEEP_RULES, "whyStaysAwake").mockReturnValue(null);
    expect(caught("power-cycle")).not.toBeNull();
  });

  it("a planner that does not look ahead is caught", () => {
    vi.spyOn(SLEEP_RULES, "shortageOf").mockReturnValue(null);
    expect(caught("forecast")).not.toBeNull();
  });
});
