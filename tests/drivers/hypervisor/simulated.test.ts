import { createWorld, remoteWorld, serveWorld, simulatedDriver, type World } from "@/server/drivers/hypervisor/simulated";
import type { WorldOptions } from "@/server/drivers/hypervisor/simulated";
import type { ContractWorld } from "./contract";
import { hypervisorContract } from "./contract";

/** Wall-clock time, with everything ten times faster than the defaults. */
const options: WorldOptions = {
  hosts: 2,
  images: [{ pool: "shared", name: "golden", format: "qcow2", capacityMiB: 64 }],
  timings: { startMs: 30, destroyMs: 10, guestBootMs: 200, guestShutdownMs: 100, unreachableMs: 300, migrationSwitchMs: 10, migrationSetupMs: 30 },
};

function contractWorld(world: World, driver: ContractWorld["driver"], suffix: string, close: () => Promise<void>): ContractWorld {
  const endpoint = (name: string): ContractWorld["deadEndpoint"] => ({ hostId: `hst_${name}`, uri: `simulated://${name}${suffix}`, managementAddress: "127.0.0.1" });
  return {
    driver,
    hosts: [endpoint("h1"), endpoint("h2")],
    pool: "shared",
    boot: { kind: "disk", firmware: "bios" },
    base: { volume: "golden", format: "qcow2", capacityMiB: 64 },
    cpuModel: "qemu64",
    bridge: "br0",
    memoryMiB: 128,
    bootMs: 5_000,
    tight: { pool: "shared", fill: async () => world.fillPool("shared", 0), free: async () => world.fillPool("shared", null), guestWrites: null, virsh: null },
    deadEndpoint: endpoint("h9"),
    close,
  };
}

hypervisorContract("simulated, in this process", async () => {
  const world = createWorld(options);
  return contractWorld(world, simulatedDriver(world), "", async () => world.close());
});

hypervisorContract("simulated, behind another process's door", async () => {
  const world = createWorld(options);
  const served = await serveWorld(world, { port: 0 });
  const port = remoteWorld(served.url);
  return contractWorld(world, simulatedDriver(), `@${served.address}`, async () => {
    await port.close();
    await served.close();
  });
});
