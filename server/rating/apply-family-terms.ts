import { lineOf, MS_PER_HOUR, newestOf, priced, type RatedGroup, type TaxOf } from "./build-lines";
import type { PriceVersion, RatedLine } from "./types";

/** All resources of one kind together: included amounts and tiers are theirs. */
export interface Family {
  readonly key: string;
  readonly groups: readonly RatedGroup[];
  readonly lines: readonly RatedLine[];
  /** What discounts may still take off. */
  leftMicros: bigint;
}

/** Puts groups of one kind together and applies what counts over all of them. */
export function rateFamilies(groups: readonly RatedGroup[], taxOf: TaxOf): Family[] {
  const families = new Map<string, RatedGroup[]>();
  for (const rated of groups) {
    const list = families.get(rated.group.family);
    if (list) list.push(rated);
    else families.set(rated.group.family, [rated]);
  }
  return [...families].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, members]) => rateFamily(key, members, taxOf));
}

function rateFamily(key: string, members: readonly RatedGroup[], taxOf: TaxOf): Family {
  const shares = members.flatMap((member) => [...member.group.shares.values()]);
  const terms = newestOf(shares.map((share) => share.price));
  let left = members.reduce((sum, member) => sum + member.netMicros, 0n);
  const lines: RatedLine[] = [];
  const includedUnitMs = BigInt(terms.includedUnitHours ?? 0) * MS_PER_HOUR;
  const tiers = terms.tiers ?? [];
  if (includedUnitMs === 0n && tiers.length === 0) return { key, groups: members, lines, leftMicros: left };

  const open = shares.reduce((sum, share) => sum + share.unitMs - share.coveredUnitMs, 0n);
  const first = members[0];
  const of = { meter: terms.meter, flavorId: terms.flavorId, storageClass: first?.group.sample.storageClass ?? null, priceVersionId: terms.id, microsPerHour: terms.microsPerHour };
  const tax = taxOf(terms.taxCategory);
  const included = open < includedUnitMs ? open : includedUnitMs;
  if (included > 0n) {
    const off = clamp(priced(included, terms.microsPerHour), left);
    lines.push(lineOf("included", `included:${key}`, -off, tax, { ...of, quantityUnitMs: included }));
    left -= off;
  }
  if (tiers.length > 0) {
    const change = tierChange(open - included, terms);
    const amount = change < -left ? -left : change;
    if (amount !== 0n) lines.push(lineOf("tier", `tier:${key}`, amount, tax, { ...of, quantityUnitMs: open - included }));
    left += amount;
  }
  return { key, groups: members, lines, leftMicros: left };
}

/** What tiers make of the price: the difference to all of it at the version's own price. Each tier is graduated: it counts from its own beginning. */
function tierChange(unitMs: bigint, terms: PriceVersion): bigint {
  const tiers = terms.tiers ?? [];
  return tiers.reduce((sum, tier, index) => {
    const from = BigInt(tier.fromUnitHours) * MS_PER_HOUR;
    const next = tiers[index + 1];
    const to = next ? BigInt(next.fromUnitHours) * MS_PER_HOUR : unitMs;
    const within = (unitMs < to ? unitMs : to) - from;
    return within <= 0n ? sum : sum + priced(within, tier.microsPerHour) - priced(within, terms.microsPerHour);
  }, 0n);
}

function clamp(amount: bigint, most: bigint): bigint {
  return amount > most ? (most < 0n ? 0n : most) : amount;
}
