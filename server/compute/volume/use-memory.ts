import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { claimMemory, releaseMemory, retireMemory } from "./store";

/**
 * Claims a whole memory image for one use under a fencing epoch; false when it is not whole, was used before, or is to be removed. Write
 * this before the host is asked: after a crash nobody can know whether the guest went on from it, and over disks that
 * have moved on it would destroy them.
 */
export async function useMemory(tx: Transaction, _context: Context, input: { readonly volumeId: string; readonly epoch: number }): Promise<boolean> {
  return claimMemory(tx, input.volumeId, input.epoch);
}

/** The host is known not to have used it: it may be used again. */
export async function giveBackMemory(tx: Transaction, _context: Context, input: { readonly volumeId: string; readonly epoch: number }): Promise<void> {
  await releaseMemory(tx, input.volumeId, input.epoch);
}

/** Memory images of an instance are to be removed: it has run since, or shall start afresh. Answers how many. */
export async function dropMemory(tx: Transaction, _context: Context, instanceId: string): Promise<number> {
  return retireMemory(tx, instanceId);
}
