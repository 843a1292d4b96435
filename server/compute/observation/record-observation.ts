import { announce } from "@/server/platform/wake";
import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import type { ObservationChange, ObservationInput } from "../types";
import { upsertObservations } from "./store";

/**
 * Writes what hosts said, in bulk. A row that is older than what is known, in time or in fencing epoch, is skipped, so
 * that a late answer never undoes a newer one. Answers the changes of state, and tells open screens of each.
 */
export async function recordObservation(tx: Transaction, context: Context, rows: readonly ObservationInput[]): Promise<ObservationChange[]> {
  if (rows.length === 0) return [];
  context.logger.trace({ rows: rows.length }, "recording observations");
  const changes = await upsertObservations(tx, rows);
  for (const { organizationId, instanceId } of changes) await announce(tx, { organizationId, topic: "instance", id: instanceId });
  return changes;
}
