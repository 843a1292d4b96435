import { describe, expect, it } from "vitest";
import type { FleetSnapshot } from "@/server/fleet";
import type { ClusterSnapshot, Host, Instance } from "@/server/planner/types";
import { learnMargin } from "@/server/reconcilers/rebalance-clusters";
import { findHot, planRelief } from "@/server/reconcilers/steer/relieve-hosts";
import type { SteeringView } from "@/server/reconcilers/steer/view";

const CORES = 16;

interface Guest { readonly id: string; hostId: string; readonly vcpus: number; readonly wants: number; movedSeconds?: number }

/** A seeded generator (mulberry32): the days must be the same at every run. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The steering view of a fleet whose guests were measured with some noise. */
function viewOf(hosts: readonly string[], guests: readonly Guest[], nowSeconds: number, aggressiveness: number, random: () => number, noise: number, margin = 0.1): SteeringView {
  const plannerHosts: Host[] = hosts.map((id) => ({ id, name: id, generation: 1, state: "up", cordoned: false, maintenance: false, cpuCores: CORES, memoryMiB: 65_536, systemMemoryMiB: 0, cpuModels: [], storagePools: [], networks: [] }));
  const demand = new Map(guests.map((guest) => {
    const mean = guest.wants * (1 + (random() - 0.5) * noise);
    return [guest.id, { instanceId: guest.id, cpuMillicores: mean, cpuSpreadMillicores: guest.wants * noise * 0.3, recentCpuMillicores: guest.wants * (1 + (random() - 0.5) * noise * 2), stealMillicores: 0, memoryUsedMiB: 512, minutes: 6 }];
  }));
  const instances: Instance[] = guests.map((guest) => ({
    id: guest.id, name: guest.id, generation: 1, vcpus: guest.vcpus, memoryMiB: 1_024,
    instanceClass: { name: "standard", cpuReservationMillicoresPerVcpu: 100, cpuLimitMillicoresPerVcpu: 1_000, cpuSharesPerVcpu: 1_024, memoryReservationRatio: 1, memorySharesPerMiB: 1 },
    wanted: "on", hostId: guest.hostId, cpuModel: null, disks: [], networks: [], canMigrate: true,
    demand: { cpuMillicores: demand.get(guest.id)!.cpuMillicores, cpuSpreadMillicores: 0, memoryMiB: 1_024 },
    ...(guest.movedSeconds === undefined ? {} : { lastMovedSeconds: guest.movedSeconds }),
  }));
  const planner: ClusterSnapshot = {
    clusterId: "cls_1", generation: 1, takenAtSeconds: nowSeconds, hosts: plannerHosts, instances, groups: [], hostRules: [], storagePools: [],
    policy: { cpuRatio: 4, memoryRatio: 1, storageRatio: 2, storageFloorMiB: 0, failoverReserveHosts: 1, cooldownSeconds: 1_800, migrationsPerHost: 2, migrationsAtOnce: 16, linkMbps: 10_000 },
  };
  const snapshot = {
    cluster: { id: "cls_1" }, names: new Map(), waiting: [], migrations: [],
    hosts: new Map(hosts.map((id) => [id, { id, name: id, state: "up", cores: CORES, maintenance: false }])),
    allocations: new Map(guests.map((guest) => [guest.id, { instanceId: guest.id, hostId: guest.hostId }])),
    instances: new Map(guests.map((guest) => [guest.id, { id: guest.id, name: guest.id, vcpus: guest.vcpus, observation: { state: "running" } }])),
  } as unknown as FleetSnapshot;
  const loads = new Map(hosts.map((id) => {
    const here = guests.filter((guest) => guest.hostId === id);
    const sum = (of: "cpuMillicores" | "recentCpuMillicores") => here.reduce((total, guest) => total + demand.get(guest.id)![of], 0);
    return [id, { hostId: id, name: id, capacityMillicores: CORES * 1_000, demandMillicores: sum("cpuMillicores"), recentMillicores: sum("recentCpuMillicores"), stealMillicores: 0, instances: here.length, measured: true }];
  }));
  return {
    automation: { aggressiveness, predictionMargin: margin, movesPerHour: 12, movesPerHostPerHour: 4 } as SteeringView["automation"],
    snapshot, planner, demand, consents: new Map(), loads, asleep: [],
    moves: { lastMoved: new Map(), lastHour: 0, lastHourOf: new Map(), dirtyMiBPerSecond: new Map() },
  };
}

/** Lives through days of decisions every ten minutes; answers when something moved. */
function live(guests: Guest[], days: number, aggressiveness: number, noise: number, seed: number): { moves: { day: number; id: string; from: string; to: string }[] } {
  const random = chance(seed);
  const hosts = ["h1", "h2", "h3", "h4"];
  const moves: { day: number; id: string; from: string; to: string }[] = [];
  for (let step = 0; step < days * 144; step++) {
    const nowSeconds = 1_800_000_000 + step * 600;
    const view = viewOf(hosts, guests, nowSeconds, aggressiveness, random, noise);
    const relief = planRelief(view, findHot(view), 12);
    for (const action of relief?.plan.actions ?? []) {
      const guest = guests.find((one) => one.id === action.instanceId)!;
      moves.push({ day: step / 144, id: guest.id, from: guest.hostId, to: action.toHostId });
      guest.hostId = action.toHostId;
      guest.movedSeconds = nowSeconds;
    }
  }
  return { moves };
}

const evenly = (count: number, wants: number): Guest[] => Array.from({ length: count }, (_, index) => ({ id: `v${index}`, hostId: `h${(index % 4) + 1}`, vcpus: 4, wants }));

describe("relief of hot hosts", () => {
  it("moves what cools the hottest host, and says by how much", () => {
    const guests = [...evenly(8, 1_000), ...Array.from({ length: 4 }, (_, index) => ({ id: `hot${index}`, hostId: "h1", vcpus: 4, wants: 3_600 }))];
    const view = viewOf(["h1", "h2", "h3", "h4"], guests, 1_800_000_000, 3, chance(1), 0);
    const hot = findHot(view);
    expect(hot.map((load) => load.hostId)).toEqual(["h1"]);
    const relief = planRelief(view, hot, 12)!;
    expect(relief.plan.actions.length).toBeGreaterThan(0);
    expect(relief.plan.actions.length).toBeLessThanOrEqual(4);
    expect(relief.plan.actions.every((action) => action.fromHostId === "h1" && action.toHostId !== "h1")).toBe(true);
    expect(relief.gainFraction).toBeGreaterThan(0.2);
    expect(relief.reason.text).toMatch(/the hottest host comes from 1\d\d % to/);
    expect(planRelief(view, hot, 0)).toBeNull();
  });

  it("leaves a fleet alone in which nobody is hot, and one in which moving helps nobody", () => {
    const calm = viewOf(["h1", "h2", "h3", "h4"], evenly(16, 1_500), 1_800_000_000, 3, chance(2), 0.2);
    expect(findHot(calm)).toEqual([]);
    const full = viewOf(["h1", "h2", "h3", "h4"], evenly(16, 3_900), 1_800_000_000, 3, chance(3), 0.02);
    expect(findHot(full).length).toBe(4);
    expect(planRelief(full, findHot(full), 12)).toBeNull();
  });

  it("makes no move in thirty days of flat load with noise, at any temper", () => {
    for (const aggressiveness of [1, 3, 5]) expect(live(evenly(16, 2_200), 30, aggressiveness, 0.2, aggressiveness).moves).toEqual([]);
  });

  it("moves once and then no more when the load is flat but uneven", () => {
    const guests = [...evenly(8, 1_000), ...Array.from({ length: 4 }, (_, index) => ({ id: `hot${index}`, hostId: "h1", vcpus: 4, wants: 3_600 }))];
    const { moves } = live(guests, 30, 3, 0.2, 7);
    expect(moves.length).toBeGreaterThan(0);
    expect(moves.length).toBeLessThanOrEqual(4);
    expect(Math.max(...moves.map((move) => move.day))).toBeLessThan(0.5);
    const seen = new Set(moves.map((move) => move.id));
    expect(seen.size).toBe(moves.length);
  });

  it("asks for more of a move where its predictions were wrong", () => {
    let margin = 0.1;
    margin = learnMargin(margin, 0.4);
    expect(margin).toBe(0.4);
    const guests = [...evenly(4, 1_000), ...Array.from({ length: 4 }, (_, index) => ({ id: `hot${index}`, hostId: "h1", vcpus: 4, wants: 3_500 }))];
    const sure = viewOf(["h1", "h2", "h3", "h4"], guests, 1_800_000_000, 3, chance(1), 0, 0.1);
    const unsure = viewOf(["h1", "h2", "h3", "h4"], guests, 1_800_000_000, 3, chance(1), 0, 1);
    expect(planRelief(sure, findHot(sure), 1)).not.toBeNull();
    expect(planRelief(unsure, findHot(unsure), 1)).toBeNull();
    for (let step = 0; step < 60; step++) margin = learnMargin(margin, 0.01);
    expect(margin).toBe(0.05);
  });
});
