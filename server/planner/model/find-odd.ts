import type { Host, Instance } from "../types";

const isAmount = (value: number): boolean => Number.isFinite(value) && value >= 0;

/** Says what is odd about a host's figures, or null. An odd host is left out of every decision. */
export function findOddHost(host: Host): string | null {
  const figures: [string, number][] = [
    ["cpuCores", host.cpuCores],
    ["memoryMiB", host.memoryMiB],
    ["systemMemoryMiB", host.systemMemoryMiB],
  ];
  if (host.wakeSeconds !== undefined) figures.push(["wakeSeconds", host.wakeSeconds]);
  if (host.linkMbps !== undefined) figures.push(["linkMbps", host.linkMbps]);
  if (host.measuredCpuMillicores !== undefined) figures.push(["measuredCpuMillicores", host.measuredCpuMillicores]);
  const bad = figures.find(([, value]) => !isAmount(value));
  if (bad !== undefined) return `host ${host.id}: ${bad[0]} is ${String(bad[1])}, not an amount; repair its metrics`;
  if (host.power !== undefined && (host.power.watts.length !== 11 || !host.power.watts.every(isAmount))) {
    return `host ${host.id}: its power curve needs 11 amounts of watts (0 %, 10 % ... 100 % busy)`;
  }
  return null;
}

/** The usual case without making lists: large snapshots ask this a hundred thousand times. */
function isSound(instance: Instance): boolean {
  const { instanceClass: promise, demand } = instance;
  return (
    isAmount(instance.vcpus) &&
    isAmount(instance.memoryMiB) &&
    isAmount(promise.cpuReservationMillicoresPerVcpu) &&
    isAmount(promise.cpuLimitMillicoresPerVcpu) &&
    isAmount(promise.memoryReservationRatio) &&
    promise.memoryReservationRatio <= 1 &&
    (demand === undefined || (isAmount(demand.cpuMillicores) && isAmount(demand.cpuSpreadMillicores))) &&
    (instance.dirtyMiBPerSecond === undefined || isAmount(instance.dirtyMiBPerSecond)) &&
    instance.disks.length === 0
  );
}

/** Says what is odd about an instance's figures, or null. */
export function findOddInstance(instance: Instance): string | null {
  if (isSound(instance)) return null;
  const promise = instance.instanceClass;
  const figures: [string, number][] = [
    ["vcpus", instance.vcpus],
    ["memoryMiB", instance.memoryMiB],
    ["cpuReservationMillicoresPerVcpu", promise.cpuReservationMillicoresPerVcpu],
    ["cpuLimitMillicoresPerVcpu", promise.cpuLimitMillicoresPerVcpu],
    ["memoryReservationRatio", promise.memoryReservationRatio],
    ["demand.cpuMillicores", instance.demand?.cpuMillicores ?? 0],
    ["demand.cpuSpreadMillicores", instance.demand?.cpuSpreadMillicores ?? 0],
    ["dirtyMiBPerSecond", instance.dirtyMiBPerSecond ?? 0],
  ];
  for (const disk of instance.disks) figures.push([`disk in ${disk.storagePoolId}`, disk.sizeMiB]);
  const bad = figures.find(([, value]) => !isAmount(value));
  if (bad !== undefined) return `instance ${instance.id}: ${bad[0]} is ${String(bad[1])}, not an amount; repair its record`;
  if (promise.memoryReservationRatio > 1) {
    return `instance ${instance.id}: memoryReservationRatio is ${promise.memoryReservationRatio}, more than the whole of its memory`;
  }
  return null;
}
