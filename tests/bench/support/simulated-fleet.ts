import { createWorld, instantTimings, serveWorld, simulatedDriver, type World } from "@/server/drivers/hypervisor/simulated";
import { hostId, instanceId } from "./fleet-ids";

/** The simulated hosts in a process of their own, so that what the worker needs is measured without them. */
async function main(): Promise<void> {
  const [hostCount = 0, instanceCount = 0] = process.argv.slice(2).map(Number);
  const world = createWorld({ seed: 3, hosts: Array.from({ length: hostCount }, (_, index) => ({ name: `h${index}`, cores: 64, memoryMiB: 262_144 })), pools: [{ name: "shared", path: "/pool", capacityGiB: 1_000_000, shared: true }], images: [{ pool: "shared", name: "tiny.qcow2", format: "qcow2", capacityMiB: 64 }], timings: instantTimings });
  await fillWorld(world, hostCount, instanceCount);
  const served = await serveWorld(world, { port: 0 });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ address: served.address });
}

async function fillWorld(world: World, hostCount: number, instanceCount: number): Promise<void> {
  const driver = simulatedDriver(world);
  const hosts = Array.from({ length: hostCount }, (_, index) => driver.connect({ hostId: hostId(index), uri: `simulated://h${index}`, managementAddress: `h${index}` }));
  for (let index = 0; index < instanceCount; index++) {
    const host = hosts[index % hostCount];
    if (!host) continue;
    const id = instanceId(index);
    await host.ensureVolume({ pool: "shared", name: `${id}.qcow2`, format: "qcow2", capacityMiB: 1_024, backing: { volume: "tiny.qcow2", format: "qcow2" } });
    await host.startDomain({ instanceId: id, uuid: id, title: id, epoch: 1, vcpus: 1, maxVcpus: 4, memoryMiB: 1_024, maxMemoryMiB: 4_096, cpu: { model: "x86-64-v2", shares: 1_024, limitMillicores: null }, boot: { kind: "disk", firmware: "bios" }, disks: [{ target: "vda", pool: "shared", volume: `${id}.qcow2`, format: "qcow2", readOnly: false }], nics: [] });
  }
}

await main();
