import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { meterHeld, ownRecords, type HeldUse } from "./held";
import { advanceWatermarks, closeEndedRuns, closeRunsOfHost, cutChangedRuns, extendRuns, openRuns, writeFacts } from "./store";
import type { HostUsageFact } from "./types";

/**
 * Turns what hosts were seen to run into usage windows: ends, cuts, confirms and opens them, in this order, so that no
 * two ever overlap. The same facts again, and a host's older word after a newer one, change nothing. Pass the observations of one pass together: an instance that
 * left one host and is seen on another is then one run.
 */
export async function meterObservations(tx: Transaction, context: Context, facts: readonly HostUsageFact[]): Promise<void> {
  if (facts.length === 0) return;
  const heard = await advanceWatermarks(tx, facts);
  const news = facts.filter((fact) => heard.has(fact.hostId));
  if (news.length === 0) return;
  await closeEndedRuns(tx, context, news);
  await cutChangedRuns(tx, context, news);
  await extendRuns(tx, news);
  const { carried } = await openRuns(tx, context, news);
  if (carried) {
    await cutChangedRuns(tx, context, news);
    await openRuns(tx, context, news);
  }
  await writeFacts(tx, news);
}

/** A host is known dead: what it ran is billed to its last word (null: to what was confirmed) and not beyond. */
export async function closeHostUsage(tx: Transaction, context: Context, input: { readonly hostId: string; readonly lastWord: Date | null }): Promise<void> {
  await closeRunsOfHost(tx, context, input.hostId, input.lastWord, "host-lost");
}

/** Volumes, addresses and images, up to `now`. Call it every minute or so, and after a purge. */
export async function meterHeldResources(tx: Transaction, context: Context, now: Date): Promise<void> {
  await meterHeld(tx, context, now, ownRecords());
}

/** Use that another area knows of (desktops in use, snapshots): from when, and until when it is confirmed or over. Safe to repeat. */
export async function meterHeldUse(tx: Transaction, context: Context, now: Date, held: readonly HeldUse[]): Promise<void> {
  if (held.length > 0) await meterHeld(tx, context, now, held);
}
