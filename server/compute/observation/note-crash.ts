import type { Transaction } from "@/server/platform/transaction";
import { countCrash } from "./store";

export interface Crash {
  readonly instanceId: string;
  /** The desired generation that crashed; another one begins to count anew. */
  readonly generation: number;
  /** Of the allocation; the word of an older life of the machine counts nothing. */
  readonly epoch: number;
  /** When its host was asked and said so; the same moment is counted once. */
  readonly crashedAt: Date;
  /** A crash that comes this long after the first of its stretch begins a new one. */
  readonly windowMs: number;
}

/** Counts a crash of the guest. Safe to repeat; false when it was counted before, or is no longer so. */
export async function noteCrash(tx: Transaction, crash: Crash): Promise<boolean> {
  return countCrash(tx, crash);
}
