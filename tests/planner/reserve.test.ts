import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SleepGuard, whatIfLost, whatIfPairsLost, type ClusterSnapshot, type Host, type Instance, type ReserveProof } from "@/server/planner";
import { Ledger } from "@/server/planner/check/ledger";
import { verifyProof } from "@/server/planner/check/verify-proof";
import { buildModel } from "@/server/planner/model/model";
import { seededRandom } from "@/server/planner/random";
import { inventFleet } from "@/server/planner/read/invent-fleet";
import { proveReserve, sleepersOf, writeProof } from "@/server/planner/reserve/prove-reserve";
import { fitsExactly } from "./support/exact";
import { fleets } from "./support/arbitrary";
import { fleet, host, instance } from "./support/fleet";

function prove(snapshot: ClusterSnapshot, losses: number): ReserveProof | null {
  const model = buildModel(snapshot);
  const proof = proveReserve(model, losses, sleepersOf(model));
  return proof.unsurvived === null ? writeProof(proof) : null;
}

const faults = (snapshot: ClusterSnapshot, proof: ReserveProof): string[] => verifyProof(new Ledger(snapshot, []), proof);

/** Plain fleets where only room counts, so that an exact solver can be asked. */
function roomy(hostCount: number, seed: number, asleep: number, fill: number): ClusterSnapshot {
  const random = seededRandom(seed);
  const hosts = Array.from({ length: hostCount }, (_, index): Host => host(`h${index}`, { state: index < asleep ? "asleep" : "up", cpuCores: 64 }));
  const instances: Instance[] = [];
  hosts.forEach((one, index) => {
    let left = one.state === "up" ? 16384 * fill : 0;
    while (left >= 1024) {
      const memoryMiB = Math.min(left, 1024 * (1 + Math.floor(random() * 6)));
      if (random() < 0.85) instances.push(instance(`i${index}-${instances.length}`, one.id, { memoryMiB: Math.floor(memoryMiB), vcpus: 1 }));
      left -= memoryMiB;
    }
  });
  return fleet(hosts, instances);
}

describe("any N hosts may fail", () => {
  it("is only said with a proof that the judge accepts, whatever the rules", () => {
    let proved = 0;
    fc.assert(
      fc.property(fleets, fc.constantFrom(1, 2, 3), (snapshot, losses) => {
        const proof = prove(snapshot, losses);
        if (proof === null) return;
        proved += proof.backups.length;
        expect(faults(snapshot, proof)).toEqual([]);
      }),
      { numRuns: 200 },
    );
    expect(proved).toBeGreaterThan(20);
  });

  it("is never said where an exact solver finds a loss that is not survived: one host, pairs, a sleeper that does not wake", () => {
    let yes = 0;
    let no = 0;
    for (let seed = 9; seed <= 21; seed += 1) {
      const snapshot = roomy(4 + (seed % 4), seed, seed % 3, 0.3 + (seed % 5) * 0.1);
      const losses = 1 + (seed % 2);
      const awake = snapshot.hosts.filter((one) => one.state === "up").map((one) => one.id);
      const sleepers = snapshot.hosts.filter((one) => one.state === "asleep").map((one) => one.id);
      if (prove(snapshot, losses) === null) {
        no += 1;
        continue;
      }
      yes += 1;
      for (const a of awake) {
        for (const b of losses === 1 ? [a] : awake.filter((one) => one > a)) {
          for (const broken of [null, ...sleepers]) expect(fitsExactly(snapshot, [a, b], broken)).toBe(true);
        }
      }
    }
    expect(yes).toBeGreaterThan(3);
    expect(no).toBeGreaterThan(1);
  });

  it("holds against the exact solver on 50 hosts, for pairs too", () => {
    const snapshot = roomy(50, 5, 0, 0.95);
    const pairs = whatIfPairsLost(snapshot, 12, 3);
    expect(pairs).toHaveLength(12);
    for (const { hostIds, safe } of pairs) if (safe) expect(fitsExactly(snapshot, hostIds, null)).toBe(true);
    expect(new Set(pairs.map((one) => one.hostIds.join())).size).toBe(12);
    const single = whatIfLost(snapshot);
    expect(single).toHaveLength(50);
    for (const { hostId, safe } of single.filter((_, index) => index % 6 === 0)) if (safe) expect(fitsExactly(snapshot, [hostId], null)).toBe(true);
  });

  it("is proved for pairs on 500 hosts without spelling 125,000 of them out, and the judge agrees", () => {
    const snapshot = inventFleet(500, 8, 3);
    const sleeping = { ...snapshot, hosts: [...snapshot.hosts, ...Array.from({ length: 5 }, (_, index) => ({ ...snapshot.hosts[0]!, id: `s${index}`, state: "asleep" as const }))] };
    const proof = prove(sleeping, 2);
    expect(proof).not.toBeNull();
    expect(proof!.cases).toEqual([]);
    expect(proof!.backups.every((one) => one.hostIds.length <= 3)).toBe(true);
    expect(faults(sleeping, proof!)).toEqual([]);
  });

  it("a forged proof is seen through", () => {
    const snapshot = fleet([host("h1"), host("h2"), host("h3", { state: "asleep" }), host("h4", { state: "asleep" })], [instance("a", "h1", { memoryMiB: 10240 }), instance("b", "h2", { memoryMiB: 10240 })]);
    const proof = prove(snapshot, 1)!;
    expect(faults(snapshot, proof)).toEqual([]);
    const without = { ...proof, backups: proof.backups.slice(1) };
    expect(faults(snapshot, without).join()).toContain("nothing says what happens when");
    // One sleeper is not enough: it may not wake.
    const leaning = { ...proof, backups: proof.backups.map((one) => ({ ...one, hostIds: ["h3"] })) };
    expect(faults(snapshot, leaning)).not.toEqual([]);
    const crowded = { ...proof, backups: [{ instanceId: "a", hostIds: ["h2"] }, { instanceId: "b", hostIds: ["h1"] }] };
    expect(faults(snapshot, crowded).join()).toContain("the worst loss would put 20480 MiB");
    expect(faults({ ...snapshot, hosts: [...snapshot.hosts, host("h5", { state: "asleep" })] }, proof).join()).toContain("h5 sleeps and is not named");
  });
});

describe("the guard of a certificate", () => {
  const sleepers = ["h6", "h7"];
  const start = (reserve: number): ClusterSnapshot =>
    fleet(
      Array.from({ length: 8 }, (_, index) => host(`h${index}`, { cpuCores: 64, state: sleepers.includes(`h${index}`) ? "asleep" : "up", wakeSeconds: 60 + index })),
      Array.from({ length: 12 }, (_, index) => instance(`i${index}`, `h${index % 6}`, { memoryMiB: 2048, vcpus: 1 })),
      { policy: { failoverReserveHosts: reserve }, groups: [{ id: "g", kind: "apart", hard: true, scope: "host", instanceIds: ["i0", "i1", "i2", "n3", "n4"] }] },
    );

  it.each([1, 2])("is never false, through a few hundred changes, with a reserve of %i", (reserve) => {
    const snapshot = start(reserve);
    const guard = new SleepGuard(snapshot);
    const random = seededRandom(reserve);
    const now = new Map(snapshot.instances.map((one) => [one.id, one]));
    const states = new Map(snapshot.hosts.map((one) => [one.id, one.state]));
    let held = 0;
    let broken = 0;
    for (let step = 0; step < 250; step += 1) {
      const id = `${random() < 0.5 ? "i" : "n"}${Math.floor(random() * 12)}`;
      const at = `h${Math.floor(random() * 6)}`;
      let answer;
      if (random() < 0.3) {
        now.delete(id);
        answer = guard.remove(id);
      } else {
        const one = instance(id, at, { memoryMiB: 1024 * (1 + Math.floor(random() * 4)), vcpus: 1 });
        const taken = [...now.values()].filter((other) => other.id !== id && other.hostId === at).reduce((sum, other) => sum + other.memoryMiB, one.memoryMiB);
        const meets = ["i0", "i1", "i2", "n3", "n4"].includes(id) && [...now.values()].some((other) => other.id !== id && other.hostId === at && ["i0", "i1", "i2", "n3", "n4"].includes(other.id));
        if (taken > 16384 || meets) continue;
        now.set(id, one);
        answer = guard.put(one);
      }
      if (random() < 0.1) {
        states.set("h7", states.get("h7") === "asleep" ? "up" : "asleep");
        answer = guard.setHostState("h7", states.get("h7")!);
      }
      const certificate = guard.certificate();
      expect(certificate !== null).toBe(answer.holds);
      if (certificate === null) {
        broken += 1;
        continue;
      }
      held += 1;
      const present = { ...snapshot, hosts: snapshot.hosts.map((one) => ({ ...one, state: states.get(one.id)! })), instances: [...now.values()] };
      expect(verifyProof(new Ledger(present, []), certificate)).toEqual([]);
    }
    expect(held).toBeGreaterThan(100);
    expect(held + broken).toBeGreaterThan(150);
  });

  it("a change touches a handful of backups, not all", () => {
    const snapshot = inventFleet(300, 8, 2);
    const guard = new SleepGuard({ ...snapshot, hosts: snapshot.hosts.concat(["s1", "s2", "s3"].map((id) => ({ ...snapshot.hosts[3]!, id, state: "asleep" as const }))) });
    const before = new Map(guard.certificate()!.backups.map((one) => [one.instanceId, one.hostIds.join()]));
    expect(guard.put({ ...snapshot.instances[0]!, id: "new", hostId: snapshot.hosts[5]!.id }).holds).toBe(true);
    const changed = guard.certificate()!.backups.filter((one) => before.get(one.instanceId) !== one.hostIds.join());
    expect(changed.length).toBeLessThan(40);
  });

  it("an older certificate is taken over, and what it says stays", () => {
    const first = new SleepGuard(start(1));
    const certificate = first.certificate()!;
    expect(new SleepGuard(start(1), certificate).certificate()).toEqual(certificate);
  });

  it("names the hosts to wake before the certificate would turn false", () => {
    const full = fleet(
      ["h1", "h2"].map((id) => host(id)).concat(["s1", "s2"].map((id, index) => host(id, { state: "asleep", wakeSeconds: 90 - index }))),
      [instance("a", "h1", { memoryMiB: 12288 }), instance("b", "h2", { memoryMiB: 12288 })],
    );
    const guard = new SleepGuard(full);
    expect(guard.answer().holds).toBe(true);
    // With only one sleeper left, its failure and the loss of h1 at once leave "a" without a place.
    expect(guard.setHostState("s1", "down")).toEqual({ holds: false, uncoveredInstanceIds: ["a", "b"] });
    expect(guard.wakesNeeded()).toEqual({ hostIds: ["s2"], enough: true });
    expect(guard.answer().holds).toBe(false);
    expect(guard.setHostState("s2", "up").holds).toBe(true);
    expect(() => guard.put(instance("c", "nowhere"))).toThrow("has no host nowhere");
  });
});
