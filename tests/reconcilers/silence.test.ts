import { describe, expect, it } from "vitest";
import type { FleetSnapshot } from "@/server/fleet";
import { mayStartAgain } from "@/server/reconcilers/fence/switch-on-again";
import type { PollResult } from "@/server/reconcilers/observe/poll";
import { newestOfEach } from "@/server/reconcilers/observe-hosts";
import { guestsOfTurn } from "@/server/reconcilers/steer/measure-writes";

const HOUR_MS = 3_600_000;
const fencing = (method: "power" | "lease" | "vouched", code: string, confirmedMs: number) => ({ state: "confirmed" as const, method, reasonWords: [{ code, params: {} }], confirmedAt: new Date(confirmedMs) });

describe("a host that was fenced", () => {
  it("is started again when we switched it off because it was silent, and not twice within an hour", () => {
    const now = 10 * HOUR_MS;
    expect(mayStartAgain([fencing("power", "host-silent-for", now)], now)).toBe(true);
    expect(mayStartAgain([fencing("power", "host-silent-for", now), fencing("power", "host-silent-for", now - 2 * HOUR_MS)], now)).toBe(true);
    expect(mayStartAgain([fencing("power", "host-silent-for", now), fencing("power", "host-silent-for", now - HOUR_MS / 2)], now)).toBe(false);
  });

  it("stays off when it lost its power by itself, or died by its lease or on somebody's word", () => {
    expect(mayStartAgain([], 0)).toBe(false);
    expect(mayStartAgain([fencing("power", "host-controller-off", 0)], 0)).toBe(false);
    expect(mayStartAgain([fencing("lease", "host-silent-for", 0)], 0)).toBe(false);
    expect(mayStartAgain([fencing("vouched", "host-silent-for", 0)], 0)).toBe(false);
    // An older one of ours says nothing about this one.
    expect(mayStartAgain([fencing("power", "host-controller-off", HOUR_MS), fencing("power", "host-silent-for", 0)], HOUR_MS)).toBe(false);
  });
});

describe("answers of one pass", () => {
  it("count once for each host, the newest", () => {
    const answer = (hostId: string, askedMs: number): PollResult => ({ hostId, askedAt: new Date(askedMs), observation: null, clockSkewMs: null, silent: false, error: null });
    const kept = newestOfEach([answer("a", 1), answer("b", 5), answer("a", 3), answer("b", 2)]);
    expect(kept.map((one) => [one.hostId, one.askedAt.getTime()])).toEqual([["a", 3], ["b", 5]]);
  });
});

describe("whose memory writes are measured", () => {
  it("is one running guest a host and turn, each in its turn, and none that moves", () => {
    const rows = [["i1", "h1"], ["i2", "h1"], ["i3", "h2"], ["i4", "h2"], ["i5", "h3"]] as const;
    const snapshot = {
      hosts: new Map([["h1", { state: "up" }], ["h2", { state: "up" }], ["h3", { state: "suspect" }]]),
      allocations: new Map(rows.map(([instanceId, hostId]) => [instanceId, { instanceId, hostId }])),
      instances: new Map(rows.map(([id, hostId]) => [id, { observation: { state: "running", hostId } }])),
      migrations: [{ instanceId: "i4" }],
    } as unknown as FleetSnapshot;
    expect(guestsOfTurn(snapshot, 0)).toEqual([{ hostId: "h1", instanceId: "i1" }, { hostId: "h2", instanceId: "i3" }]);
    expect(guestsOfTurn(snapshot, 1).map((one) => one.instanceId)).toEqual(["i2", "i3"]);
  });
});
