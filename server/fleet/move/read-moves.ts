import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { selectMoveFacts, upsertDirtyRate, type MoveFacts } from "./store";

export type { MoveFacts };

/** Older moves matter to no cooldown. */
const OLDEST_MS = 24 * 3_600_000;

/** What was moved of late in a cluster, and how fast its guests write: what further moves depend on. */
export function readMoveFacts(context: Context, clusterId: string): Promise<MoveFacts> {
  const now = context.clock.now();
  return inTransaction(context, (tx) => selectMoveFacts(tx, clusterId, now, new Date(now.getTime() - OLDEST_MS)), { readOnly: true });
}

/** How fast a guest writes its memory, MiB/s, as its host has just measured it. */
export function noteDirtyRate(tx: Transaction, context: Context, instanceId: string, mibPerSecond: number): Promise<void> {
  return upsertDirtyRate(tx, instanceId, mibPerSecond, context.clock.now());
}
