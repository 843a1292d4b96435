import type { LedgerKind } from "./types";

/** Which way each kind goes: what is owed grows (1), shrinks (-1), or one entry of a pair does either (0). */
const DIRECTION: Readonly<Record<LedgerKind, 1 | -1 | 0>> = {
  invoice: 1, refund: 1, dispute: 1, payment: -1, "dispute-won": -1, "credit-note": -1, void: -1, "write-off": -1, "balance-applied": 0,
};

/** Why this amount cannot be of this kind; null when it can. */
export function wrongAmount(kind: LedgerKind, amountMinor: number): string | null {
  if (!Number.isSafeInteger(amountMinor) || amountMinor === 0) return "an amount is a whole number of the currency's smallest coins, and not zero";
  const direction = DIRECTION[kind];
  if (direction === 1 && amountMinor < 0) return "this kind raises what is owed, so its amount is positive";
  if (direction === -1 && amountMinor > 0) return "this kind settles what is owed, so its amount is negative";
  return null;
}
