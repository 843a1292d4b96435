import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServedWorld, World } from "@/server/drivers/hypervisor/simulated";
import { createWorld, serveWorld, VirtualClock } from "@/server/drivers/hypervisor/simulated";
import { simulatedPower } from "@/server/drivers/power/simulated";
import { powerContract } from "./contract";

const truthOf = async (world: World): Promise<"on" | "off"> => (world.status().hosts[0]?.phase === "off" ? "off" : "on");

describe("simulated, in this process", () => {
  const world = createWorld({ hosts: 2 });
  world.bmc("h2", { reachable: false });
  const connect = (hostName: string) => simulatedPower(world).connect({ kind: "simulated", hostName });
  powerContract(() => ({ device: connect("h1"), refused: null, dead: connect("h2"), truth: () => truthOf(world) }));
});

describe("simulated, behind another process's door", () => {
  const world = createWorld({ hosts: 2 });
  world.bmc("h1", { answersEarly: true });
  let served: ServedWorld;
  beforeAll(async () => {
    served = await serveWorld(world, { port: 0 });
  });
  afterAll(() => served.close());
  const connect = (hostName: string) => simulatedPower().connect({ kind: "simulated", hostName });
  powerContract(() => ({ device: connect(`h1@${served.address}`), refused: null, dead: connect("h1@127.0.0.1:1"), truth: () => truthOf(world) }));
});

describe("controllers that cannot be believed", () => {
  it("an early answer is not taken for the deed", async () => {
    const clock = new VirtualClock();
    const world = createWorld({ clock, hosts: 1, timings: { powerOffMs: 1_500 } });
    world.bmc("h1", { answersEarly: true });
    const before = clock.nowMs();
    await clock.drive(simulatedPower(world).connect({ kind: "simulated", hostName: "h1" }).off());
    expect(await truthOf(world)).toBe("off");
    expect(clock.nowMs() - before).toBeGreaterThanOrEqual(1_500);
  });

  it("one that says off while the machine runs shows what fencing by word alone would risk", async () => {
    const world = createWorld({ hosts: 1 });
    world.bmc("h1", { liesOff: true });
    const device = simulatedPower(world).connect({ kind: "simulated", hostName: "h1" });
    await device.off();
    expect(await device.status()).toBe("off");
    expect(await truthOf(world)).toBe("on");
  });
});
