import type { FlavorClass, FlavorGuarantees } from "./types";

/**
 * What each class promises. Dedicated: every vCPU is a core of its own. Standard: a quarter of a core for each vCPU, the
 * share that is left when a cluster sells four vCPUs a core (its default ratio), and all of the memory. Burstable: a
 * tenth of a core and half of the memory are guaranteed, the rest is there when neighbours leave it.
 */
const PROMISES: Readonly<Record<FlavorClass, { readonly cpuReservationPerVcpu: number; readonly capped: boolean; readonly shares: number; readonly memoryFraction: number }>> = {
  dedicated: { cpuReservationPerVcpu: 1000, capped: true, shares: 2048, memoryFraction: 1 },
  standard: { cpuReservationPerVcpu: 250, capped: false, shares: 1024, memoryFraction: 1 },
  burstable: { cpuReservationPerVcpu: 100, capped: false, shares: 512, memoryFraction: 0.5 },
};

export function classDefaults(flavorClass: FlavorClass, size: { readonly vcpus: number; readonly memoryMiB: number }): FlavorGuarantees {
  const promise = PROMISES[flavorClass];
  return {
    cpuReservationMillicores: promise.cpuReservationPerVcpu * size.vcpus,
    cpuLimitMillicores: promise.capped ? 1000 * size.vcpus : null,
    cpuShares: promise.shares,
    memoryReservationMiB: Math.ceil(size.memoryMiB * promise.memoryFraction),
  };
}
