import { afterAll } from "vitest";
import { createWorld } from "@/server/drivers/hypervisor/simulated";
import { simulatedPower } from "@/server/drivers/power/simulated";
import { powerContract } from "./contract";

const world = createWorld({ hosts: 2 });
world.bmc("h2", { reachable: false });
const connect = (hostName: string) => simulatedPower(world).connect({ kind: "simulated", hostName });
afterAll(() => world.close());

powerContract(() => ({
  device: connect("h1"),
  refused: null,
  dead: connect("h2"),
  truth: () => Promise.resolve(world.status().hosts.find((host) => host.name === "h1")?.phase === "off" ? "off" : "on"),
}));
