import { Problem } from "@/server/platform/errors";
import { RESOURCES, type Amounts, type Claim, type LimitEffect, type Quota, type Resource } from "./types";

const UNITS: Readonly<Record<Resource, string>> = {
  instances: "instances",
  vcpus: "vCPUs",
  memoryMiB: "MiB of memory",
  storageGiB: "GiB of storage",
  publicAddresses: "public addresses",
  snapshots: "snapshots",
};

/** Every resource named, 0 where the claim is silent. Throws on anything that is no whole number from 0 up. */
export function toAmounts(claim: Claim): Amounts {
  const amounts = { instances: 0, vcpus: 0, memoryMiB: 0, storageGiB: 0, publicAddresses: 0, snapshots: 0 };
  for (const resource of RESOURCES) {
    const value = claim[resource] ?? 0;
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`A quota amount must be a whole number from 0 up; ${resource} is ${value}.`);
    amounts[resource] = value;
  }
  return amounts;
}

export function sumOf(claims: readonly Amounts[]): Amounts {
  const sum = toAmounts({});
  return claims.reduce((total, claim) => ({
    instances: total.instances + claim.instances, vcpus: total.vcpus + claim.vcpus, memoryMiB: total.memoryMiB + claim.memoryMiB,
    storageGiB: total.storageGiB + claim.storageGiB, publicAddresses: total.publicAddresses + claim.publicAddresses, snapshots: total.snapshots + claim.snapshots,
  }), sum);
}

/** Of claims in their order, those that still fit when the ones before them were admitted; by position. */
export function admissible(quota: Quota, claims: readonly Claim[]): ReadonlySet<number> {
  let sum = toAmounts({});
  const fits = new Set<number>();
  for (const [index, claim] of claims.entries()) {
    const next = sumOf([sum, toAmounts(claim)]);
    if (exceeding(quota, next).length > 0) continue;
    sum = next;
    fits.add(index);
  }
  return fits;
}

export function isNothing(claim: Claim): boolean {
  return RESOURCES.every((resource) => (claim[resource] ?? 0) === 0);
}

/** Resources of a claim that do not fit into what is left, in the fixed order of RESOURCES. */
export function exceeding(quota: Quota, claim: Claim): Resource[] {
  return RESOURCES.filter((resource) => (claim[resource] ?? 0) > quota.resources[resource].left);
}

/** The refusal that a person reads: which limits, what is used, what was asked. */
export function quotaExceeded(quota: Quota, claim: Claim): Problem {
  const refused = exceeding(quota, claim).map((resource) => {
    const { limit, committed, held } = quota.resources[resource];
    return { resource, limit, used: committed + held, asked: claim[resource] ?? 0 };
  });
  const sentences = refused.map(({ resource, limit, used, asked }) => `${asked} ${UNITS[resource]} asked for, but ${used} of ${limit} are in use`);
  return new Problem(
    "quota-exceeded",
    `This does not fit into the organization's quota: ${sentences.join("; ")}. Choose a smaller size, free what is not needed, or ask for a higher limit.`,
    { resources: refused },
  );
}

/** What new limits would mean, resource by resource; only those that change. */
export function effectOfLimits(quota: Quota, limits: Claim): LimitEffect[] {
  return RESOURCES.flatMap((resource) => {
    const { limit, committed, held } = quota.resources[resource];
    const limitAfter = limits[resource] ?? limit;
    if (limitAfter === limit) return [];
    const used = committed + held;
    return [{ resource, limitBefore: limit, limitAfter, used, leftAfter: Math.max(0, limitAfter - used), overBy: Math.max(0, used - limitAfter) }];
  });
}
