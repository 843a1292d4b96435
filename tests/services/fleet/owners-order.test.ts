import { describe, expect, it } from "vitest";
import { inOwnersOrder } from "@/server/fleet";

const candidate = (name: string, organizationId: string, priority: number) => ({ name, organizationId, priority });
const order = (...candidates: readonly ReturnType<typeof candidate>[]) => inOwnersOrder(candidates, (one) => one).map((one) => one.name);

describe("what comes first, of those that want a place or a start", () => {
  it("is what matters most to its owner; equals keep their order", () => {
    expect(order(candidate("low", "a", 50), candidate("one", "a", 100), candidate("two", "a", 100), candidate("high", "a", 150))).toEqual(["high", "one", "two", "low"]);
  });

  it("takes no turn from another organization, whatever it calls its machines", () => {
    expect(order(candidate("b-low", "b", 50), candidate("a-one", "a", 150), candidate("b-high", "b", 100), candidate("a-two", "a", 150))).toEqual(["b-high", "a-one", "b-low", "a-two"]);
  });
});
