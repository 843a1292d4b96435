import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { whatIfLost } from "@/server/planner";
import { PlacementEngine } from "@/server/planner/placement/placement-engine";
import { seededRandom } from "@/server/planner/random";
import { fitsExactly } from "./support/exact";
import { fleet, host, instance } from "./support/fleet";

describe("what if a host is lost", () => {
  it("never says safe where an exact solver finds no place", () => {
    let unsafe = 0;
    let safe = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 7 }),
        fc.array(fc.record({ memoryMiB: fc.constantFrom(2048, 3072, 4096, 6144), vcpus: fc.constantFrom(1, 2, 4), at: fc.nat(6) }), { minLength: 4, maxLength: 22 }),
        (hostCount, wanted) => {
          const hosts = Array.from({ length: hostCount }, (_, index) => host(`h${index}`));
          const room = hosts.map(() => 16384);
          const instances = wanted.flatMap((one, index) => {
            const at = one.at % hostCount;
            if (room[at]! < one.memoryMiB) return [];
            room[at]! -= one.memoryMiB;
            return [instance(`i${index}`, `h${at}`, { memoryMiB: one.memoryMiB, vcpus: one.vcpus })];
          });
          const snapshot = fleet(hosts, instances);
          for (const answer of whatIfLost(snapshot)) {
            if (answer.safe) {
              safe += 1;
              expect(fitsExactly(snapshot, [answer.hostId], null)).toBe(true);
            } else unsafe += 1;
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(safe).toBeGreaterThan(0);
    expect(unsafe).toBeGreaterThan(0);
  });
});

describe("placement for large fleets", () => {
  it("keeps its books, its groups and the reserve true through a thousand changes", () => {
    const hostCount = 40;
    const random = seededRandom(4);
    const hosts = {
      memoryMiB: new Float64Array(hostCount).fill(65536),
      vcpus: new Float64Array(hostCount).fill(64),
      zone: Int32Array.from({ length: hostCount }, (_, index) => index % 3),
    };
    const count = 600;
    const memory = Float64Array.from({ length: count }, () => 2048 * (1 + Math.floor(random() * 4)));
    const vcpus = Float64Array.from({ length: count }, () => 1 + Math.floor(random() * 4));
    const groupOf = Int32Array.from({ length: count }, (_, index) => (index % 3 === 0 ? Math.floor(index / 9) : -1));
    const engine = new PlacementEngine(hosts, memory, vcpus, groupOf, seededRandom(1));
    for (let step = 0; step < 1500; step += 1) {
      const one = Math.floor(random() * count);
      if (engine.hostOf[one]! >= 0) engine.remove(one);
      else engine.place(one);
    }
    const free = hosts.memoryMiB.slice();
    const seen = new Set<string>();
    const book = engine.book!;
    for (let one = 0; one < count; one += 1) {
      const at = engine.hostOf[one]!;
      expect(book.hostOf[one]).toBe(at);
      if (at < 0) continue;
      free[at]! -= memory[one]!;
      expect(book.backupOf[one]).not.toBe(at);
      expect(book.backupOf[one]).toBeGreaterThanOrEqual(0);
      if (groupOf[one]! < 0) continue;
      const key = `${groupOf[one]}@${at}`;
      expect(seen.has(key)).toBe(false);
      seen.add(key);
    }
    expect(Array.from(engine.freeMiB)).toEqual(Array.from(free));
    expect(book.unsafeInstances).toBe(0);
    for (let lost = 0; lost < hostCount; lost += 1) {
      const after = free.slice();
      for (let one = 0; one < count; one += 1) if (engine.hostOf[one] === lost) after[book.backupOf[one]!]! -= memory[one]!;
      for (const left of after) expect(left).toBeGreaterThanOrEqual(0);
    }
  });
});
