import { describe, expect, it } from "vitest";
import type { DomainObservation } from "@/server/drivers/hypervisor/types";
import { judge, type Side } from "@/server/reconcilers/migrate/settle";
import { consequence } from "@/server/reconcilers/observe/host-liveness";
import { isBraked } from "@/server/reconcilers/fence-hosts";
import { Turns } from "@/server/reconcilers/observe/turns";
import { mayBecome, type HostState } from "@/server/fleet/host/state";
import type { ClusterRow, HostRow } from "@/server/fleet";

const domain = (state: DomainObservation["state"], reason: DomainObservation["reason"] = "started"): Side => ({ kind: "domain", domain: { state, reason, epoch: 1, instanceId: "ins_1" } as DomainObservation });
const nothing: Side = { kind: "nothing" };
const silent: Side = { kind: "silent" };
const dead: Side = { kind: "dead" };

describe("where a guest is after an interrupted migration", () => {
  it.each([
    ["it never left", domain("running"), nothing, "stayed"],
    ["it never left, and the other side is silent", domain("running"), silent, "stayed"],
    ["it goes on", domain("running", "migrating"), domain("paused", "migrating"), "goes-on"],
    ["it arrived", nothing, domain("running"), "moved"],
    ["it arrived, and the source shows a definition", domain("stopped", "migrated-out"), domain("running"), "moved"],
    ["nobody has it", nothing, nothing, "stayed"],
    ["the source died before the switch", dead, domain("paused", "migrating"), "discard-target"],
    ["the source died after the switch", dead, domain("running"), "moved"],
    ["the source died and the target has nothing", dead, nothing, "stayed"],
    ["the target died after the switch", nothing, dead, "moved"],
    ["both died", dead, dead, "stayed"],
    ["the source is silent", silent, domain("running"), "unknown"],
    ["the source is dead and the target silent", dead, silent, "unknown"],
    ["it pauses for the switch, and the target is silent", domain("paused"), silent, "unknown"],
  ] as const)("%s", (_, source, target, verdict) => {
    expect(judge(source, target)).toBe(verdict);
  });

  it("never says moved or stayed while a side that could run it is silent", () => {
    for (const state of ["paused", "stopped", "crashed"] as const) expect(judge(domain(state), silent)).toBe("unknown");
    expect(judge(nothing, silent)).toBe("unknown");
    for (const target of [nothing, silent, dead, domain("running")]) expect(judge(silent, target)).toBe("unknown");
  });
});

describe("what a heartbeat leads to", () => {
  const cluster = { suspectAfterSeconds: 3 } as ClusterRow;
  const host = (state: HostState, changedMs = 0) => ({ state, stateChangedAt: new Date(changedMs) }) as HostRow;
  const silentFor = (state: HostState, ms: number) => consequence({ host: host(state), cluster, answeredAskedAt: null, silentSince: new Date(0) }, ms);

  it("suspects only after the allowed silence, and only who was in service", () => {
    expect(silentFor("up", 2_999)).toBe(null);
    expect(silentFor("up", 3_000)).toBe("suspect");
    expect(silentFor("returning", 3_000)).toBe("suspect");
    for (const state of ["suspect", "unreachable", "fencing", "fenced", "asleep"] as const) expect(silentFor(state, 60_000)).toBe(null);
  });

  it("does not take an answer from before its death for a sign of life", () => {
    const answered = (askedMs: number) => consequence({ host: host("fenced", 1_000), cluster, answeredAskedAt: new Date(askedMs), silentSince: null }, 2_000);
    expect(answered(900)).toBe(null);
    expect(answered(1_000)).toBe(null);
    expect(answered(1_100)).toBe("returning");
  });
});

describe("the brake on fencing", () => {
  const hosts = (states: readonly HostState[]) => states.map((state) => ({ state }) as HostRow);
  const braked = (states: readonly HostState[]) => isBraked({ fenceBrakeFraction: 0.34 }, hosts(states), hosts(states).filter((host) => ["suspect", "unreachable", "fencing"].includes(host.state)));

  it("lets one host be fenced, however small the cluster", () => {
    expect(braked(["suspect"])).toBe(false);
    expect(braked(["suspect", "up"])).toBe(false);
  });
  it("holds when more than the allowed part is silent at once", () => {
    expect(braked(["suspect", "suspect", "up"])).toBe(true);
    expect(braked(["suspect", "suspect", "up", "up", "up", "up"])).toBe(false);
  });
  it("does not count those that are known dead", () => {
    expect(braked(["fenced", "fenced", "suspect", "up"])).toBe(false);
  });
});

describe("the table of host states", () => {
  const states: HostState[] = ["enrolling", "up", "suspect", "unreachable", "fencing", "fenced", "returning", "asleep", "quarantined", "retired"];
  it("has an exit from every state but the last", () => {
    for (const state of states) expect(states.some((to) => mayBecome(state, to)), state).toBe(state !== "retired");
  });
  it("never lets a dead host be up without being cleaned", () => {
    expect(mayBecome("fenced", "up")).toBe(false);
    expect(mayBecome("asleep", "up")).toBe(false);
  });
});

describe("turns", () => {
  it("come once a period for each key, at different moments, and not at once for a new key", () => {
    const turns = new Turns(10_000);
    const keys = Array.from({ length: 200 }, (_, index) => `hst_${index}`);
    expect(keys.filter((key) => turns.due(key, 0))).toEqual([]);
    const perSecond = Array.from({ length: 10 }, (_, second) => keys.filter((key) => turns.due(key, (second + 1) * 1_000)).length);
    expect(perSecond.reduce((sum, count) => sum + count, 0)).toBe(200);
    expect(Math.max(...perSecond)).toBeLessThan(60);
  });
});
