import type { Foretold, Receipt, RehearsalResult, RehearsalRow } from "./types";

/** Counting further would cost time and tell nobody more. */
export const HEADROOM_COUNTED = 200;

/** What was stored of a rehearsal, as it was written by `notePlayed`. */
export function resultOf(row: Pick<RehearsalRow, "result">): RehearsalResult | null {
  // Written by this area from the same type; jsonb keeps it as it was.
  return row.result as RehearsalResult | null;
}

export function receiptOf(row: Pick<RehearsalRow, "measured">): Receipt | null {
  return row.measured as Receipt | null;
}

/** What was foretold beside what was measured; a figure that could not be measured neither agrees nor disagrees. Pure. */
export function compareFigures(foretold: readonly Foretold[], measured: Readonly<Record<string, number | null>>): Receipt["figures"] {
  return foretold.map((one) => {
    const value = measured[one.figure] ?? null;
    return { ...one, measured: value, agrees: value === null ? null : Math.abs(value - one.value) <= one.bound };
  });
}
