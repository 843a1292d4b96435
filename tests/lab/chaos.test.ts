import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { judgeLook, type Sighting } from "@/server/lab/chaos/judge-look";
import { planRound, QUICK_PACE } from "@/server/lab/chaos/plan-round";
import { runChaos } from "@/server/lab/chaos/run-chaos";
import { FAULT_KINDS } from "@/server/lab/chaos/types";
import { parseWatched } from "@/server/lab/chaos/watch-journal";
import { createTestDatabase } from "../support/database";
import { whyNoLab } from "./throw-away-lab";

const disk = { id: "1:7", path: "/var/lib/libvirt/berth/vol.qcow2", writable: true, writeLocked: true };
const sighting = (change: Partial<Sighting>): Sighting => ({ host: "h1", pid: 10, startTicks: 100, instance: "ins_a", incoming: false, disks: [disk], ...change });

describe("the judge of a look", () => {
  const kinds = (...sightings: Sighting[]) => judgeLook(sightings).map((breach) => breach.kind);

  it("finds one instance that runs twice, and one disk with two writers", () => {
    expect(kinds(sighting({}))).toEqual([]);
    expect(kinds(sighting({}), sighting({ host: "h2", pid: 11, startTicks: 200 }))).toEqual(["ran-twice", "two-writers"]);
    expect(kinds(sighting({}), sighting({ host: "h2", pid: 11, startTicks: 200, instance: "ins_b" }))).toEqual(["two-writers"]);
    expect(kinds(sighting({}), sighting({ host: "h2", pid: 11, startTicks: 200, disks: [] }))).toEqual(["ran-twice"]);
  });

  it("lets a migration's target stand beside its source, and not both write", () => {
    const target = (change: Partial<Sighting>) => sighting({ host: "h2", pid: 11, startTicks: 200, incoming: true, ...change });
    expect(kinds(sighting({}), target({ disks: [{ ...disk, writeLocked: false }] }))).toEqual([]);
    expect(kinds(sighting({ disks: [{ ...disk, writeLocked: false }] }), target({}))).toEqual([]);
    expect(kinds(sighting({}), target({}))).toEqual(["two-writers"]);
    // What came in earlier is a machine like any other: a younger start beside it is a second run.
    expect(kinds(sighting({ incoming: true }), sighting({ host: "h2", pid: 11, startTicks: 200 }))).toEqual(["ran-twice", "two-writers"]);
  });

  it("lets many read one image", () => {
    const base = { id: "1:8", path: "/var/lib/libvirt/berth/tiny.qcow2", writable: false, writeLocked: false };
    expect(kinds(sighting({ disks: [base] }), sighting({ pid: 11, instance: "ins_b", disks: [base] }))).toEqual([]);
  });
});

describe("a round's plan", () => {
  it("is the same for the same seed, strikes a host once, and every kind of fault comes up", () => {
    const hosts = ["h1", "h2", "h3"];
    expect(planRound(7, hosts, QUICK_PACE)).toEqual(planRound(7, hosts, QUICK_PACE));
    const plans = Array.from({ length: 100 }, (_, seed) => planRound(seed, hosts, QUICK_PACE));
    expect(new Set(plans.flatMap((plan) => plan.faults.map((fault) => fault.kind)))).toEqual(new Set(FAULT_KINDS));
    for (const plan of plans) {
      const struck = plan.faults.flatMap((fault) => fault.host ?? []);
      expect(new Set(struck).size).toBe(struck.length);
    }
  });

  it("is read back from a journal whose last line is torn", () => {
    const line = { event: "seen", key: "1.2", host: "h1", pid: 1, instance: "ins_a", incoming: false, startedAtMs: 5, atMs: 6 };
    expect(parseWatched(`${JSON.stringify(line)}\n{"event":"go`).runs).toEqual([{ key: "1.2", instance: "ins_a", host: "h1", incoming: false, startedAtMs: 5, lastSeenMs: null }]);
  });
});

const reason = await whyNoLab();

/** A hanging libvirtd, a loss of power, a partition during moves, a killed worker. `npm run chaos` plays as many others as one likes. */
const SEEDS = [28, 17, 30, 48];

describe.skipIf(reason !== null)(`chaos on real hosts${reason ? ` (skipped: ${reason})` : ""}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-chaos-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("never lets a machine run twice, and everything wanted runs again", async () => {
    const database = await createTestDatabase();
    try {
      const report = await runChaos({ directory, databaseUrls: database.url, workers: 1, seeds: SEEDS, pace: QUICK_PACE, boundMs: 240_000, guests: 3, log: () => undefined });
      const told = JSON.stringify(report.rounds.map((round) => [round.seed, round.history]));
      expect(report.broken, told).toEqual([]);
      expect(report.rounds).toHaveLength(SEEDS.length);
      expect(report.mostLocked).toBeGreaterThan(0);
    } finally {
      await database.close();
    }
  }, 900_000);
});
