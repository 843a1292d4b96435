import type { SlaOutage } from "./types";

/** Share of the month's charge that is given back, by the share of the month that the machine was down: hundredths of a percent. */
const STEPS: readonly { readonly downAbovePartsPerMillion: number; readonly creditBasisPoints: number }[] = [
  { downAbovePartsPerMillion: 50_000, creditBasisPoints: 10_000 },
  { downAbovePartsPerMillion: 10_000, creditBasisPoints: 2_500 },
  { downAbovePartsPerMillion: 1_000, creditBasisPoints: 1_000 },
];

/** Milliseconds of outages, each counted once where they overlap. */
export function downtimeMs(outages: readonly SlaOutage[]): number {
  let total = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const outage of outages.toSorted((a, b) => a.fromMs - b.fromMs)) {
    total += Math.max(0, outage.toMs - Math.max(outage.fromMs, end));
    end = Math.max(end, outage.toMs);
  }
  return total;
}

/** 99.9 % of a month is promised: below it a tenth of the machine's charge comes back, below 99 % a quarter, below 95 % all of it. */
export function creditBasisPoints(downMs: number, periodMs: number): number {
  const partsPerMillion = (downMs / periodMs) * 1_000_000;
  return STEPS.find((step) => partsPerMillion > step.downAbovePartsPerMillion)?.creditBasisPoints ?? 0;
}

/** What it is worth, micros, rounded down. */
export function creditMicros(chargedMicros: number, basisPoints: number): number {
  return Number((BigInt(chargedMicros) * BigInt(basisPoints)) / 10_000n);
}
