import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import type { DesiredInstance } from "../types";
import { selectDesiredById, selectDesiredOfCluster, selectGeneration, selectPurgeDue } from "./store";

/** Everything that is asked for in a cluster and not purged, with what was observed of it; five statements in all. */
export async function listInstancesForCluster(tx: Transaction, context: Context, clusterId: string): Promise<DesiredInstance[]> {
  const rows = await selectDesiredOfCluster(tx, clusterId);
  context.logger.trace({ clusterId, instances: rows.length }, "read desired instances");
  return rows;
}

/** The same of one instance; null when it does not exist or is purged. */
export async function getInstanceForConverge(tx: Transaction, _context: Context, instanceId: string): Promise<DesiredInstance | null> {
  return (await selectDesiredById(tx, [instanceId]))[0] ?? null;
}

/** The generation of what is asked for now; null when the instance does not exist or is purged. */
export function readGeneration(tx: Transaction, _context: Context, instanceId: string): Promise<number | null> {
  return selectGeneration(tx, instanceId);
}

/** The same as `getInstanceForConverge` of some instances; those that do not exist or are purged are left out. */
export async function getInstancesForConverge(tx: Transaction, _context: Context, instanceIds: readonly string[]): Promise<DesiredInstance[]> {
  return instanceIds.length === 0 ? [] : selectDesiredById(tx, instanceIds);
}

/** Instances whose time in the trash is over, oldest first, at most `limit`. */
export async function listPurgeDue(tx: Transaction, context: Context, limit = 100): Promise<string[]> {
  return selectPurgeDue(tx, context.clock.now(), limit);
}
