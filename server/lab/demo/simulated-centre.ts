import { createHash } from "node:crypto";
import { remoteWorld, simulatedDriver } from "@/server/drivers/hypervisor/simulated";
import type { DataCentre } from "./data-centre";

const HOSTS = ["h1", "h2", "h3"];
const GUEST_MEMORY_MIB = 1536;
const POOL = { name: "berth", path: "/srv/berth" };
const IMAGE = { volume: "simulated-base.qcow2", sizeMiB: 64 };

/** Arguments of the world's own process (server/drivers/hypervisor/simulated/main.ts). */
export function worldArguments(port: number): readonly string[] {
  return [
    "--port", String(port), "--hosts", HOSTS.join(","), "--cores", "2", "--memory-mib", String(GUEST_MEMORY_MIB), "--migration-mibs", "200",
    "--pool", `${POOL.name}=${POOL.path}:100`, "--image", `${POOL.name}/${IMAGE.volume}:qcow2:${IMAGE.sizeMiB}`,
    // A power cycle of a simulated server is shorter than a real one's minutes; long enough to be seen.
    "--host-boot-ms", "4000",
  ];
}

/** The same story on hosts that exist in one process only: for machines where libvirt cannot run. */
export function simulatedCentre(port: number): DataCentre {
  const server = `127.0.0.1:${port}`;
  const world = remoteWorld(`http://${server}`);
  return {
    hypervisor: "simulated",
    driver: simulatedDriver(),
    cpuModel: "qemu64",
    pool: POOL,
    network: { cidr: "10.88.0.0/24", gateway: "10.88.0.254", firstAddress: "10.88.0.100", lastAddress: "10.88.0.250", bridge: "br0" },
    processEnv: {},
    up: () => Promise.resolve(`${HOSTS.length} simulated hosts; guests, disks and screens are simulated too`),
    down: () => world.close(),
    hosts: () => HOSTS.map((name) => ({ name, uri: `simulated://${name}@${server}`, managementAddress: "127.0.0.1", power: { kind: "simulated", hostName: `${name}@${server}` }, systemMemoryMiB: 0 })),
    images: () =>
      Promise.resolve([
        {
          name: "Simulated guest",
          description: "Boots on simulated hosts only",
          volume: IMAGE.volume,
          format: "qcow2",
          virtualSizeMiB: IMAGE.sizeMiB,
          sizeBytes: IMAGE.sizeMiB * 2 ** 20,
          sha256: createHash("sha256").update(IMAGE.volume).digest("hex"),
          boot: { kind: "disk" },
        },
      ]),
    crash: async (host) => void (await world.call("crash", host, {})),
    wake: async (host) => void (await world.call("wake", host, {})),
    runs: async () => (await world.call("runs", "", {})).map((run) => ({ instanceId: run.instanceId, host: run.host, startedAtMs: run.startMs, endedAtMs: run.endMs })),
    remains: async () => {
      const status = await world.call("status", "", {});
      return { guests: status.hosts.flatMap((host) => host.domains.map((domain) => domain.instanceId)), volumes: status.volumes.map((volume) => volume.name) };
    },
    ping: () => null,
  };
}
