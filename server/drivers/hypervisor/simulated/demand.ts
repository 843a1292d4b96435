import type { GuestProfile } from "./types";

const DAY_MS = 86_400_000;

/** Wanted CPU at one moment, as a fraction of all vCPUs. */
export function demandAt(profile: GuestProfile, atMs: number): number {
  const angle = 2 * Math.PI * (atMs / DAY_MS + profile.dailyPhase);
  const inPeriod = positiveFraction(atMs / profile.burstPeriodMs + profile.burstPhase);
  const burst = inPeriod < profile.burstDuty ? profile.burstFraction : 0;
  return Math.min(1, profile.baseFraction + (profile.dailyFraction * (1 + Math.sin(angle))) / 2 + burst);
}

/**
 * The integral of `demandAt` over [fromMs, toMs], in milliseconds of all vCPUs. Closed form, so that a host looked
 * at once an hour costs as much as one looked at every second.
 */
export function demandBetween(profile: GuestProfile, fromMs: number, toMs: number): number {
  const spanMs = toMs - fromMs;
  if (spanMs <= 0) return 0;
  const base = profile.baseFraction * spanMs;
  const omega = (2 * Math.PI) / DAY_MS;
  const phase = 2 * Math.PI * profile.dailyPhase;
  const sine = (Math.cos(omega * fromMs + phase) - Math.cos(omega * toMs + phase)) / omega;
  const daily = (profile.dailyFraction * (spanMs + sine)) / 2;
  const burst = profile.burstFraction === 0 ? 0 : profile.burstFraction * (dutyUntil(profile, toMs) - dutyUntil(profile, fromMs));
  return Math.min(spanMs, base + daily + burst);
}

/** Milliseconds of the square wave's high part from its origin until `atMs`. */
function dutyUntil(profile: GuestProfile, atMs: number): number {
  const periods = atMs / profile.burstPeriodMs + profile.burstPhase;
  const whole = Math.floor(periods);
  return (whole * profile.burstDuty + Math.min(periods - whole, profile.burstDuty)) * profile.burstPeriodMs;
}

function positiveFraction(value: number): number {
  return value - Math.floor(value);
}

export interface CpuClaim {
  /** Wanted, in any unit. */
  readonly wanted: number;
  /** Weight under contention. */
  readonly shares: number;
}

/**
 * Divides `capacity` as a fair-share scheduler does: everybody gets what they want if it fits; otherwise shares
 * decide, and what a modest one leaves goes to the others (water-filling). Sum of the result <= capacity.
 */
export function shareCpu(claims: readonly CpuClaim[], capacity: number): number[] {
  const granted = claims.map(() => 0);
  let total = 0;
  for (const claim of claims) total += claim.wanted;
  if (total <= capacity) return claims.map((claim) => claim.wanted);
  let open = claims.map((_, index) => index);
  let left = capacity;
  while (open.length > 0) {
    let weight = 0;
    for (const index of open) weight += claims[index]?.shares ?? 0;
    if (weight <= 0) break;
    const satisfied = open.filter((index) => {
      const claim = claims[index];
      return claim !== undefined && claim.wanted <= (left * claim.shares) / weight;
    });
    if (satisfied.length === 0) {
      for (const index of open) granted[index] = (left * (claims[index]?.shares ?? 0)) / weight;
      break;
    }
    for (const index of satisfied) {
      granted[index] = claims[index]?.wanted ?? 0;
      left -= granted[index] ?? 0;
    }
    const done = new Set(satisfied);
    open = open.filter((index) => !done.has(index));
  }
  return granted;
}
