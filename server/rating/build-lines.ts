import { divideHalfEven } from "./money";
import { priceKey, type Piece } from "./split-usage";
import type { LineKind, PriceVersion, RatedLine, TaxCategory } from "./types";

export const MS_PER_HOUR = 3_600_000n;
export const BASIS_POINTS = 10_000n;

/** All use of one resource at one price, before it is divided. */
export interface Share {
  readonly price: PriceVersion;
  unitMs: bigint;
  coveredUnitMs: bigint;
  /** What is neither covered nor fixed in its place. */
  movableUnitMs: bigint;
  /** Uncovered unit-milliseconds x (10000 - movable discount), for each discount that lowers them. */
  readonly eligible: Map<number, bigint>;
  readonly windowIds: string[];
}

/** All use of one resource of one kind in the period: increments, minimum and cap are its. */
export interface Group {
  readonly key: string;
  readonly family: string;
  readonly sample: Piece["window"];
  readonly shares: Map<string, Share>;
}

/** Sums pieces into groups of a resource and shares of a price. */
export function groupPieces(pieces: readonly Piece[]): Group[] {
  const groups = new Map<string, Group>();
  for (const piece of pieces) {
    const { window, price } = piece;
    const family = priceKey(window.meter, window.flavorId, window.storageClass ?? null);
    const key = `${window.meter}:${window.resourceId}:${window.flavorId ?? ""}:${window.storageClass ?? ""}`;
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { key, family, sample: window, shares: new Map() }));
    let share = group.shares.get(price.id);
    if (!share) group.shares.set(price.id, (share = { price, unitMs: 0n, coveredUnitMs: 0n, movableUnitMs: 0n, eligible: new Map(), windowIds: [] }));
    const open = piece.unitMs - piece.coveredUnitMs;
    const movable = window.movable === true;
    share.unitMs += BigInt(piece.unitMs);
    share.coveredUnitMs += BigInt(piece.coveredUnitMs);
    if (movable) share.movableUnitMs += BigInt(open);
    const weight = BigInt(open) * (BASIS_POINTS - (movable ? BigInt(price.movableDiscountBasisPoints ?? 0) : 0n));
    for (const index of piece.discounts) share.eligible.set(index, (share.eligible.get(index) ?? 0n) + weight);
    if (share.windowIds.at(-1) !== window.id) share.windowIds.push(window.id);
  }
  return [...groups.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** The version whose terms hold for the period: the newest in use. */
export function newestOf(prices: Iterable<PriceVersion>): PriceVersion {
  let newest: PriceVersion | null = null;
  for (const price of prices) if (!newest || price.validFromMs > newest.validFromMs) newest = price;
  if (!newest) throw new RangeError("a group without a price");
  return newest;
}

export function priced(unitMs: bigint, microsPerHour: number): bigint {
  return divideHalfEven(unitMs * BigInt(microsPerHour), MS_PER_HOUR);
}

/** What stands in every line of a group, and of what it is made. */
export type TaxOf = (category: TaxCategory | undefined) => number;

export function lineOf(kind: LineKind, key: string, amountMicros: bigint, taxRateBasisPoints: number, rest: Partial<RatedLine> = {}): RatedLine {
  return {
    key, kind, meter: null, resourceId: null, instanceId: null, flavorId: null, storageClass: null, priceVersionId: null, reference: null, microsPerHour: null, quantityUnitMs: 0n, amountMicros, taxRateBasisPoints, windowIds: [], ...rest,
  };
}

/** A group with its lines and what they come to, for the discounts that follow. */
export interface RatedGroup {
  readonly group: Group;
  readonly lines: RatedLine[];
  readonly netMicros: bigint;
  readonly taxRateBasisPoints: number;
}

/**
 * Rates one resource: its use at each price, less what commitments cover and what consent to be moved takes off, in whole
 * increments, at least the minimum, at most the cap. Each amount is divided once, half to even.
 */
export function rateGroup(group: Group, taxOf: TaxOf): RatedGroup {
  const { sample, shares } = group;
  const terms = newestOf([...shares.values()].map((share) => share.price));
  const tax = taxOf(terms.taxCategory);
  const of = { meter: sample.meter, resourceId: sample.resourceId, instanceId: sample.instanceId, flavorId: sample.flavorId, storageClass: sample.storageClass ?? null };
  const lines: RatedLine[] = [];
  let open = 0n;
  for (const share of [...shares.values()].toSorted((a, b) => (a.price.id < b.price.id ? -1 : 1))) {
    const key = `${sample.meter}:${sample.resourceId}:${share.price.id}`;
    const at = { ...of, priceVersionId: share.price.id, microsPerHour: share.price.microsPerHour };
    lines.push(lineOf("usage", key, priced(share.unitMs, share.price.microsPerHour), tax, { ...at, quantityUnitMs: share.unitMs, windowIds: share.windowIds }));
    if (share.coveredUnitMs > 0n) lines.push(lineOf("commitment-coverage", `coverage:${key}`, -priced(share.coveredUnitMs, share.price.microsPerHour), tax, { ...at, quantityUnitMs: share.coveredUnitMs }));
    const off = BigInt(share.price.movableDiscountBasisPoints ?? 0);
    if (off > 0n && share.movableUnitMs > 0n) {
      lines.push(lineOf("movable-discount", `movable:${key}`, -divideHalfEven(share.movableUnitMs * BigInt(share.price.microsPerHour) * off, MS_PER_HOUR * BASIS_POINTS), tax, { ...at, quantityUnitMs: share.movableUnitMs }));
    }
    open += share.unitMs - share.coveredUnitMs;
  }
  const at = { ...of, priceVersionId: terms.id, microsPerHour: terms.microsPerHour };
  const increment = BigInt(terms.incrementSeconds ?? 1) * 1_000n;
  const extra = increment > 1_000n && open > 0n ? (increment - (open % increment)) % increment : 0n;
  if (extra > 0n) {
    // Whole increments at the terms' price: what the use itself comes to is part of that, so both are divided as one.
    const last = shares.get(terms.id)?.unitMs ?? 0n;
    lines.push(lineOf("increment", `increment:${group.key}`, priced(last + extra, terms.microsPerHour) - priced(last, terms.microsPerHour), tax, { ...at, quantityUnitMs: extra }));
  }
  let net = lines.reduce((sum, line) => sum + line.amountMicros, 0n);
  const leastBySeconds = priced(BigInt(terms.minimumSeconds ?? 0) * 1_000n, terms.microsPerHour);
  const leastByAmount = BigInt(terms.minimumMicros ?? 0);
  const least = leastBySeconds > leastByAmount ? leastBySeconds : leastByAmount;
  if (open > 0n && net < least) {
    lines.push(lineOf("minimum", `minimum:${group.key}`, least - net, tax, at));
    net = least;
  }
  if (terms.monthlyCapMicros !== undefined && terms.monthlyCapMicros !== null && net > BigInt(terms.monthlyCapMicros)) {
    lines.push(lineOf("cap", `cap:${group.key}`, BigInt(terms.monthlyCapMicros) - net, tax, at));
    net = BigInt(terms.monthlyCapMicros);
  }
  return { group, lines, netMicros: net, taxRateBasisPoints: tax };
}
