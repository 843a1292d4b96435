import { describe, expect, it } from "vitest";
import { buildModel } from "@/server/planner/model/model";
import { orderMoves } from "@/server/planner/order-moves";
import { fleet, host, instance } from "./support/fleet";

describe("an order of moves", () => {
  it("ends when a circle cannot be opened, although its smallest member fits on two other hosts", () => {
    const full = { cpuCores: 64, memoryMiB: 10_000, systemMemoryMiB: 0 };
    const small = { cpuCores: 64, memoryMiB: 300, systemMemoryMiB: 0 };
    const snapshot = fleet(
      [host("a", full), host("b", full), host("c", small), host("d", small)],
      [
        instance("x", "a", { memoryMiB: 9_800, vcpus: 1 }),
        instance("s", "a", { memoryMiB: 200, vcpus: 1 }),
        instance("y", "b", { memoryMiB: 9_900, vcpus: 1 }),
      ],
    );
    const model = buildModel(snapshot);
    // x and y want each other's place, s wants to follow x: nothing of it can be done by parking s.
    const { moves, dropped } = orderMoves(model, new Map([[0, 1], [1, 1], [2, 0]]), Number.POSITIVE_INFINITY);
    expect(moves.length).toBeLessThanOrEqual(3);
    expect(dropped.length).toBeGreaterThan(0);
  });
});
