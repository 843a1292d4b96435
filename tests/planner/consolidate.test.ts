import { describe, expect, it } from "vitest";
import { checkPlan, consolidateCluster, forecastNeed, type ClusterHistory, type ClusterSnapshot, type Host, type Plan } from "@/server/planner";
import { drainGreedily } from "@/server/planner/consolidate/drain-greedily";
import { PREDICTORS } from "@/server/planner/demand/predictors-by-name";
import { seasonalProfile, seasonalSum } from "@/server/planner/demand/seasonal";
import { buildModel } from "@/server/planner/model/model";
import { fleet, host, instance, steps } from "./support/fleet";

const HOUR = 3600;
const DAY = 24 * HOUR;
/** A Monday at midnight, UTC. */
const MONDAY = 1_760_313_600;

/** Three weeks of an office: by day much, by night and at weekends little. */
function office(until: number, day: number, night: number): number[] {
  return Array.from({ length: 21 * 24 }, (_, index) => {
    const start = until - (21 * 24 - index) * HOUR;
    const hour = Math.floor((start % DAY) / HOUR);
    const weekday = Math.floor((start - MONDAY) / DAY + 7000) % 7;
    return weekday < 5 && hour >= 9 && hour < 18 ? day : night;
  });
}

const memory = (until: number, dayMiB: number, nightMiB: number): ClusterHistory => ({
  stepSeconds: HOUR,
  endSeconds: until,
  cpuMillicores: office(until, 4_000, 1_000),
  memoryMiB: office(until, dayMiB, nightMiB),
});

function at(now: number, hosts: Host[], change: Partial<ClusterSnapshot> = {}): ClusterSnapshot {
  const instances = ["a", "b", "c"].map((id) => instance(id, "h1", { memoryMiB: 2048 }));
  return { ...fleet(hosts, instances), takenAtSeconds: now, ...change };
}

const powers = (plan: Plan): string[] => steps(plan).filter((one) => one.includes("power"));

describe("the habit of a day and a week", () => {
  const end = MONDAY;
  it("knows hours and weekdays apart, and says so", () => {
    const profile = seasonalProfile({ stepSeconds: HOUR, endSeconds: end, cpuMillicores: office(end, 100, 10) });
    expect(profile.shape).toBe("week");
    expect(profile.at(MONDAY + 10 * HOUR).mean).toBeGreaterThan(85);
    expect(profile.at(MONDAY + 3 * HOUR).mean).toBeCloseTo(10, 5);
    expect(profile.at(MONDAY + 5 * DAY + 10 * HOUR).mean).toBeLessThan(40);
    const days = seasonalProfile({ stepSeconds: HOUR, endSeconds: end, cpuMillicores: office(end, 100, 10).slice(-5 * 24) });
    expect(days.shape).toBe("day");
    expect(seasonalProfile({ stepSeconds: HOUR, endSeconds: end, cpuMillicores: [1, 2, 3] }).shape).toBe("flat");
    expect(seasonalProfile({ stepSeconds: HOUR, endSeconds: end, cpuMillicores: [] }).at(0)).toEqual({ mean: 0, spread: 0 });
    expect(seasonalProfile({ stepSeconds: HOUR, endSeconds: end, cpuMillicores: [Number.NaN, 5, -1] }).at(0).mean).toBe(5);
  });

  it("stands among the predictors behind one interface, and sees a peak that the last hours do not show", () => {
    const rows = [Float64Array.from({ length: 7 * 24 }, (_, t) => (t % 24 === 9 ? 50 : 1))];
    // The window ends at midnight; the next twelve hours hold a nine o'clock.
    expect(seasonalSum(24, 12).peak(rows)).toBeCloseTo(50, 5);
    expect(seasonalSum(24, 6).peak(rows)).toBeCloseTo(1, 5);
    for (const predictor of Object.values(PREDICTORS)) {
      expect(predictor.peak([])).toBe(0);
      expect(Number.isFinite(predictor.peak([Float64Array.from([1, 2, 3])]))).toBe(true);
    }
  });

  it("adds up the histories of instances where the cluster has none of its own", () => {
    const history = { stepSeconds: HOUR, endSeconds: MONDAY, cpuMillicores: Array.from({ length: 72 }, () => 500) };
    const snapshot = at(MONDAY, [host("h1")]);
    const both = { ...snapshot, instances: snapshot.instances.map((one) => ({ ...one, history })) };
    expect(forecastNeed(both, MONDAY, MONDAY + HOUR).cpuMillicores).toBeCloseTo(1500, 5);
  });
});

describe("a night and a morning", () => {
  const both = (change: Partial<Host> = {}): Host[] => [host("h1"), host("h2", change), host("h3", change)];
  const evening = MONDAY + 20 * HOUR;

  it("at night hosts sleep, with a certificate that the judge accepts", () => {
    const snapshot = at(evening, both(), { history: memory(evening, 26_000, 6_000) });
    const plan = consolidateCluster(snapshot);
    expect(powers(plan)).toEqual(["1 power-off - - -> h2", "1 power-off - - -> h3"]);
    expect(plan.certificate?.asleepHostIds).toEqual(["h2", "h3"]);
    expect(checkPlan(snapshot, plan)).toEqual({ ok: true, findings: [] });
  });

  it("a sleep that the morning would cut short is not begun, and the reason is given", () => {
    const dawn = MONDAY + DAY + 8 * HOUR + 1800;
    const snapshot = at(dawn, both(), { history: memory(dawn, 26_000, 6_000) });
    const plan = consolidateCluster(snapshot);
    // One of the two is enough for the morning; the other may go on sleeping through it.
    expect(powers(plan)).toHaveLength(1);
    expect(plan.leftOut.map((one) => one.text).join()).toMatch(/stays awake: \d+ MiB are expected in 1800 s/);
    expect(plan.leftOut.flatMap((one) => one.words ?? [])).toContainEqual({ code: "awake-for-memory", params: { host: expect.any(String) as string, neededMiB: expect.any(Number) as number, inSeconds: 1_800, awakeMiB: expect.any(Number) as number } });
    expect(checkPlan(snapshot, plan).ok).toBe(true);
    const greedy: Plan = { ...consolidateCluster({ ...snapshot, history: undefined }) };
    expect(checkPlan(snapshot, greedy).findings.map((one) => one.rule)).toContain("forecast");
  });

  it("hosts are switched on before the morning, by their wake time and no sooner than needed", () => {
    const asleep = (now: number): ClusterSnapshot =>
      at(now, [host("h1"), host("h2", { state: "asleep", wakeSeconds: 240, stateSinceSeconds: now - 40_000 }), host("h3", { state: "asleep", wakeSeconds: 600, stateSinceSeconds: now - 40_000 })], { history: memory(now, 26_000, 6_000) });
    const nine = MONDAY + DAY + 9 * HOUR;
    expect(powers(consolidateCluster(asleep(nine - 1200)))).toEqual([]);
    // Ten minutes of waking and five of lead: the slow one is not asked at 08:51, when the quick one would do.
    const plan = consolidateCluster(asleep(nine - 500));
    expect(powers(plan)).toEqual(["1 power-on - - -> h2"]);
    expect(plan.actions[0]?.reason).toMatch(/h2 is switched on: \d+ MiB are expected in 500 s, the hosts that are awake carry 16384/);
    expect(plan.actions[0]?.predicted.seconds).toBe(240);
    expect(checkPlan(asleep(nine - 500), plan).ok).toBe(true);
  });

  it("a week in steps of ten minutes: never short of memory, at most one sleep in eight hours, and it does sleep", () => {
    const hosts = Array.from({ length: 5 }, (_, index) => host(`h${index}`, { wakeSeconds: 300 }));
    const slept = new Map<string, number[]>();
    let asleepSteps = 0;
    let waking = new Map<string, number>();
    const start = MONDAY + 7 * DAY;
    for (let now = start; now < start + 3 * DAY; now += 600) {
      const hour = Math.floor((now % DAY) / HOUR);
      const wanted = hour >= 9 && hour < 18 ? 50_000 : 8_000;
      waking = new Map([...waking].filter(([id, ready]) => {
        if (ready > now) return true;
        const one = hosts.find((other) => other.id === id)!;
        Object.assign(one, { state: "up", stateSinceSeconds: ready });
        return false;
      }));
      const up = hosts.filter((one) => one.state === "up");
      expect(up.length * 16384).toBeGreaterThanOrEqual(wanted);
      const snapshot = at(now, hosts.map((one) => ({ ...one })), { instances: [instance("a", up[0]!.id)], history: memory(now, 50_000, 8_000) });
      const plan = consolidateCluster(snapshot, { tries: 2 });
      expect(checkPlan(snapshot, plan).findings).toEqual([]);
      for (const action of plan.actions) {
        const one = hosts.find((other) => other.id === action.toHostId)!;
        if (action.op === "power-off") {
          Object.assign(one, { state: "asleep", stateSinceSeconds: now, lastSleptSeconds: now });
          slept.set(one.id, [...(slept.get(one.id) ?? []), now]);
        }
        if (action.op === "power-on") {
          Object.assign(one, { state: "waking", stateSinceSeconds: now });
          waking.set(one.id, now + 300);
        }
      }
      asleepSteps += hosts.filter((one) => one.state === "asleep").length;
    }
    for (const times of slept.values()) times.forEach((one, index) => expect(one - (times[index - 1] ?? -Infinity)).toBeGreaterThanOrEqual(28_800));
    // 15 hours of 24 could be slept by three hosts that the night does not need.
    expect(asleepSteps).toBeGreaterThan(3 * 3 * 12 * 6);
  });
});

describe("what keeps a host awake", () => {
  const night = MONDAY + 22 * HOUR;
  const idle = (change: Partial<Host>, policy: Partial<ClusterSnapshot["policy"]> = {}): ClusterSnapshot => {
    const base = at(night, [host("h1"), host("h2", change), host("h3")]);
    return { ...base, policy: { ...base.policy, ...policy } };
  };
  it("a short time awake, and a sleep not long ago", () => {
    expect(powers(consolidateCluster(idle({}))).sort()).toEqual(["1 power-off - - -> h2", "1 power-off - - -> h3"]);
    const young = consolidateCluster(idle({ stateSinceSeconds: night - 60 }, { minAwakeSeconds: 900 }));
    expect(powers(young).join()).not.toContain("h2");
    expect(young.leftOut[0]?.text).toBe("h2 woke 60 s ago and stays awake for at least 900 s");
    expect(young.leftOut[0]?.words).toEqual([{ code: "awake-young", params: { host: "h2", awakeSeconds: 60, leastSeconds: 900 } }]);
    const again = consolidateCluster(idle({ lastSleptSeconds: night - 7 * HOUR }));
    expect(again.leftOut[0]?.text).toBe("h2 was put to sleep 25200 s ago and sleeps at most once in 28800 s");
    expect(powers(consolidateCluster(idle({ lastSleptSeconds: night - 7 * HOUR }, { powerCycleSeconds: 3600 })))).toHaveLength(2);
  });

  it("a drain that takes more energy than the sleep saves", () => {
    const slow = fleet([host("h1"), host("h2", { linkMbps: 20 })], [instance("a", "h1"), instance("b", "h2", { memoryMiB: 8192, dirtyMiBPerSecond: 1 })], { policy: { horizonSeconds: 1800, minAsleepSeconds: 1800 } });
    const plan = consolidateCluster(slow, { certify: false });
    expect(plan.actions).toEqual([]);
    expect(plan.leftOut.map((one) => one.text).join()).toMatch(/stays awake: 1800 s of sleep save \d+ kJ, emptying it takes \d+ kJ/);
  });

  it("a certificate that would be false without it: nothing is moved in vain", () => {
    // Two hosts, each nearly full: emptying one fills the other, and then nobody could take over.
    const tight = fleet([host("h1"), host("h2")], [instance("a", "h1", { memoryMiB: 8000 }), instance("b", "h2", { memoryMiB: 8000 })]);
    const plan = consolidateCluster(tight);
    expect(plan.actions).toEqual([]);
    expect(plan.leftOut.map((one) => one.text)).toEqual(["h2 stays awake: with it asleep, the loss of h1 would not be survived"]);
    expect(plan.leftOut[0]?.words).toEqual([{ code: "awake-for-loss", params: { host: "h2", lost: "h1" } }]);
  });

  it("sleepers are woken when the certificate does not hold any more", () => {
    const broken = fleet([host("h1"), host("h2"), host("s1", { state: "asleep" })], [instance("a", "h1", { memoryMiB: 12288 }), instance("b", "h2", { memoryMiB: 12288 })]);
    const plan = consolidateCluster(broken);
    expect(powers(plan)).toEqual(["1 power-on - - -> s1"]);
    expect(plan.actions[0]?.reason).toBe("s1 is switched on: with it asleep, the loss of h1 would not be survived");
    expect(checkPlan(broken, plan).findings).toEqual([]);
  });
});

describe("the plain greedy drain", () => {
  it("is the base to compare with: it frees hosts", () => {
    const model = buildModel(fleet([host("h1"), host("h2"), host("h3")], [instance("a", "h1"), instance("b", "h2"), instance("c", "h3", { memoryMiB: 8192 })]));
    expect(drainGreedily(model, [0, 1, 2]).freed.length).toBe(2);
  });
});
