import type { ClusterSnapshot } from "../types";
import { seededRandom } from "../random";
import { FILE_POLICY, plainHost, plainInstance } from "./read-cluster-json";

/** Sizes on sale and how often they are bought: weight, vCPUs, MiB. */
const SIZES: readonly [number, number, number][] = [
  [30, 2, 4096],
  [20, 4, 8192],
  [15, 1, 2048],
  [12, 2, 8192],
  [12, 4, 16384],
  [8, 8, 16384],
  [3, 8, 32768],
];

/** An invented fleet: three host sizes in four zones, instances thrown at random onto hosts with room. Same seed, same fleet. */
export function inventFleet(hostCount: number, perHost: number, seed: number): ClusterSnapshot {
  const random = seededRandom(seed);
  const weights = SIZES.reduce((sum, [weight]) => sum + weight, 0);
  const hosts = Array.from({ length: hostCount }, (_, index) => ({
    ...plainHost(`n${String(index).padStart(5, "0")}`, index % 4 === 3 ? 262144 : 131072, 2048, index % 4 === 3 ? 24 : 16),
    failureDomains: { zone: `z${index % 4}` },
  }));
  const left = hosts.map((host) => ({ memory: host.memoryMiB - host.systemMemoryMiB, vcpus: host.cpuCores * FILE_POLICY.cpuRatio }));
  const instances = Array.from({ length: hostCount * perHost }, (_, index) => {
    let draw = random() * weights;
    const size = SIZES.find(([weight]) => (draw -= weight) < 0);
    const [, vcpus = 2, memoryMiB = 4096] = size ?? [];
    let hostId: string | null = null;
    for (let tries = 0; tries < 50 && hostId === null; tries += 1) {
      const at = Math.floor(random() * hostCount);
      const room = left[at];
      if (room === undefined || room.memory < memoryMiB || room.vcpus < vcpus) continue;
      room.memory -= memoryMiB;
      room.vcpus -= vcpus;
      hostId = hosts[at]?.id ?? null;
    }
    return plainInstance(`v${String(index).padStart(6, "0")}`, vcpus, memoryMiB, hostId);
  });
  return {
    clusterId: "invented",
    generation: 0,
    takenAtSeconds: 0,
    hosts,
    instances: instances.filter((one) => one.hostId !== null),
    groups: [],
    hostRules: [],
    storagePools: [],
    policy: FILE_POLICY,
  };
}
