import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { closeEndedRuns, closeRunsOfHost, cutResizedRuns, extendRuns, meterHeld, openRuns, writeSamples } from "./store";
import type { HostUsageFact, SampleCounter } from "./types";

/**
 * Turns what hosts were seen to run into usage windows: ends, cuts, confirms and opens them, in this order, so that no
 * two ever overlap. Safe to repeat with the same facts. Pass the observations of one pass together: an instance that
 * left one host and is seen on another is then one run.
 */
export async function meterObservations(tx: Transaction, context: Context, facts: readonly HostUsageFact[]): Promise<void> {
  if (facts.length === 0) return;
  await closeEndedRuns(tx, context, facts);
  await cutResizedRuns(tx, context, facts);
  await extendRuns(tx, context, facts);
  await openRuns(tx, context, facts);
}

/** A host is known dead: what it ran is billed to its last word (null: to what was confirmed) and not beyond. */
export async function closeHostUsage(tx: Transaction, context: Context, input: { readonly hostId: string; readonly lastWord: Date | null }): Promise<void> {
  await closeRunsOfHost(tx, context, input.hostId, input.lastWord, "host-lost");
}

/** Volumes and addresses, up to `now`. Call it every minute or so, and after a purge. */
export async function meterHeldResources(tx: Transaction, context: Context, now: Date): Promise<void> {
  await meterHeld(tx, context, now);
}

/** Counters of running domains, about once a minute; the rates between two readings become samples. */
export async function recordSamples(tx: Transaction, counters: readonly SampleCounter[]): Promise<void> {
  if (counters.length > 0) await writeSamples(tx, counters);
}
