import type { Instance } from "./types";
import { demandOf } from "./model/model";

export interface Entitlement {
  instanceId: string;
  cpuMillicores: number;
}

/** Rounds are bounded by the number of instances, since each round but the last satisfies at least one. */
interface Claim {
  instance: Instance;
  floor: number;
  ceiling: number;
  shares: number;
}

/**
 * What each instance on one host deserves of its CPU now: at least its reservation (as far as it wants that much), at most its
 * demand and limit, and what is left between them by shares. The idea is DRS's: divide the host among its instances as if each
 * were asked, and give back what one does not want to those who do.
 */
export function computeEntitlements(instances: readonly Instance[], hostCpuMillicores: number): Entitlement[] {
  const claims: Claim[] = instances.map((instance) => {
    const ceiling = demandOf(instance);
    const reserved = instance.vcpus * instance.instanceClass.cpuReservationMillicoresPerVcpu;
    return { instance, floor: Math.min(reserved, ceiling), ceiling, shares: instance.vcpus * instance.instanceClass.cpuSharesPerVcpu };
  });
  const given = new Map(claims.map((claim) => [claim, claim.floor]));
  let left = hostCpuMillicores - claims.reduce((sum, claim) => sum + claim.floor, 0);
  let open = claims.filter((claim) => claim.ceiling > claim.floor && claim.shares > 0);
  while (left > 1e-9 && open.length > 0) {
    const shares = open.reduce((sum, claim) => sum + claim.shares, 0);
    const part = left / shares;
    const sated = open.filter((claim) => claim.ceiling - (given.get(claim) ?? 0) <= part * claim.shares);
    if (sated.length === 0) {
      for (const claim of open) given.set(claim, (given.get(claim) ?? 0) + part * claim.shares);
      break;
    }
    for (const claim of sated) {
      left -= claim.ceiling - (given.get(claim) ?? 0);
      given.set(claim, claim.ceiling);
    }
    open = open.filter((claim) => !sated.includes(claim));
  }
  return claims.map((claim) => ({ instanceId: claim.instance.id, cpuMillicores: given.get(claim) ?? 0 }));
}
