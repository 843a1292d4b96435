import { seededRandom, type Random } from "@/server/platform/random";

/** Everything that can go wrong in a seed. */
export const FAULTS = ["kill", "freeze", "crash", "panic", "partition", "hang", "slow", "lie", "bmc-silent", "bmc-lies", "replies", "database", "statements", "clock", "wakes", "full", "island", "link"] as const;
export type Fault = (typeof FAULTS)[number];

export interface PlannedFault {
  readonly atMs: number;
  readonly kind: Fault;
  /** Which host or worker, by position; the position is taken modulo how many there are. */
  readonly which: number;
  readonly forMs: number;
  /** 0..1, for whatever else the fault has to choose. */
  readonly draw: number;
}

const BETWEEN_MS = 2_800;
const SHORTEST_MS = 500;
const LONGEST_MS = 8_000;

export function pick<T>(chance: Random, items: readonly T[]): T {
  const item = items[Math.floor(chance.float() * items.length)];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}

/** The faults of one seed, in the order of their time. */
export function planFaults(chance: Random, kinds: readonly Fault[], lengthMs: number): PlannedFault[] {
  const planned: PlannedFault[] = [];
  if (kinds.length === 0) return planned;
  // A seed has its own mix: all kinds at once would hide what two of them do together.
  const drawn = kinds.filter((kind) => kind !== "link");
  if (drawn.length === 0) return planned;
  const mix = drawn.filter(() => chance.float() < 0.4);
  const used = mix.length > 0 ? mix : [pick(chance, drawn)];
  for (let atMs = chance.float() * BETWEEN_MS; atMs < lengthMs; atMs += 200 + chance.float() * BETWEEN_MS) {
    planned.push({ atMs, kind: pick(chance, used), which: Math.floor(chance.float() * 1_000), forMs: SHORTEST_MS + chance.float() * (LONGEST_MS - SHORTEST_MS), draw: chance.float() });
  }
  return planned;
}

/** Chance of its own for the links: a draw more from the seed's would make every known seed another one. */
const LINK_STREAM = 0x6c696e6b;
/** Part of the seeds in which links are cut. */
const LINK_PART = 0.3;

/** The link between two hosts alone is cut and mended; `which` and `draw` choose the two. */
export function planLinkCuts(seed: number, kinds: readonly Fault[], lengthMs: number): PlannedFault[] {
  if (!kinds.includes("link")) return [];
  const chance = seededRandom((seed ^ LINK_STREAM) >>> 0);
  if (kinds.length > 1 && chance.float() >= LINK_PART) return [];
  const planned: PlannedFault[] = [];
  for (let atMs = chance.float() * BETWEEN_MS; atMs < lengthMs; atMs += 200 + chance.float() * BETWEEN_MS * 2) {
    planned.push({ atMs, kind: "link", which: Math.floor(chance.float() * 1_000), forMs: SHORTEST_MS + chance.float() * (LONGEST_MS - SHORTEST_MS), draw: chance.float() });
  }
  return planned;
}
