import { seededRandom, type Random } from "@/server/platform/random";
import { DEED_KINDS, FAULT_KINDS, type Deed, type Fault, type FaultKind, type RoundPlan } from "./types";

export interface Pace {
  /** Deeds and faults begin within this. */
  readonly withinMs: number;
  /** How long a fault that nobody has to fence for lasts at most. */
  readonly shortFaultMs: number;
  /** How long a lost host is kept away at most while its machines restart elsewhere. */
  readonly lossMs: number;
}

export const PACE: Pace = { withinMs: 4_000, shortFaultMs: 12_000, lossMs: 45_000 };
/** For tests: the same faults, begun and mended sooner. */
export const QUICK_PACE: Pace = { withinMs: 1_000, shortFaultMs: 4_000, lossMs: 30_000 };

/** A second fault in a third of the rounds; a hasty end in a fifth of the losses. */
const SECOND_FAULT = 1 / 3;
const HASTY = 0.2;

const LOSSES: readonly FaultKind[] = ["power-loss", "dead-with-controller", "silent-and-frozen"];

function pickOf<T>(random: Random, list: readonly T[]): T {
  const one = list[Math.floor(random.float() * list.length)];
  if (one === undefined) throw new Error("Nothing can be picked from an empty list.");
  return one;
}

/** What happens in one round; the same seed gives the same plan. Pure. */
export function planRound(seed: number, hosts: readonly string[], pace: Pace): RoundPlan {
  const random = seededRandom(seed);
  const faults: Fault[] = [];
  const struck = new Set<string>();
  const count = random.float() < SECOND_FAULT ? 2 : 1;
  for (let index = 0; index < count; index++) {
    const kind = pickOf(random, FAULT_KINDS);
    const free = hosts.filter((host) => !struck.has(host));
    const host = kind === "worker-kill" ? null : pickOf(random, free);
    if (host !== null) struck.add(host);
    const hasty = random.float() < HASTY;
    const forMs = LOSSES.includes(kind) && !hasty ? pace.lossMs : 1_000 + Math.round(random.float() * (pace.shortFaultMs - 1_000));
    faults.push({ kind, host, atMs: Math.round(random.float() * pace.withinMs), forMs, hasty });
  }
  const deeds: Deed[] = Array.from({ length: 1 + Math.floor(random.float() * 3) }, () => ({ kind: pickOf(random, DEED_KINDS), atMs: Math.round(random.float() * pace.withinMs), pick: random.float() }));
  return { seed, faults, deeds };
}

export function isLoss(kind: FaultKind): boolean {
  return LOSSES.includes(kind);
}
