import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { selectNotRunning, selectObserved, selectUnsettled, type ObservedRow, type UnsettledRow } from "./store";

export type { ObservedRow, UnsettledRow };

/** What was last observed of every instance that is not purged, in few fields; for the loop that compares it with hosts' words. */
export async function readObserved(tx: Transaction, _context: Context): Promise<ReadonlyMap<string, ObservedRow>> {
  return new Map((await selectObserved(tx)).map((row) => [row.instanceId, row]));
}

/** Instances that converge should look at: desired and observed differ, or volumes wait. Places are not compared here. */
export async function listUnsettled(tx: Transaction, _context: Context): Promise<UnsettledRow[]> {
  return selectUnsettled(tx);
}

/** Instances of a cluster that should run and are not seen running, oldest first: among them are those that want a place. */
export async function listNotRunning(tx: Transaction, _context: Context, clusterId: string): Promise<string[]> {
  return selectNotRunning(tx, clusterId);
}
