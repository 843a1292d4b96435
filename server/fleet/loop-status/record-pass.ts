import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { allStatuses, upsertPass, type PassRecord } from "./store";

/** Says how a loop's pass went, in one statement by itself; for the operator's page only, nothing is decided by it. */
export function recordPass(context: Context, pass: PassRecord): Promise<void> {
  return upsertPass(context.db, pass, context.clock.now());
}

export interface LoopView {
  readonly name: string;
  readonly worker: string;
  readonly lastStartedAt: Date;
  readonly lastFinishedAt: Date | null;
  readonly lastDurationMs: number | null;
  readonly lastError: string | null;
  readonly lastErrorAt: Date | null;
  readonly backlog: number;
  readonly runs: number;
  readonly failures: number;
  /** True while a worker holds the lease on it. */
  readonly alive: boolean;
}

/** The last pass of every loop. */
export function listLoops(context: Context): Promise<LoopView[]> {
  return inTransaction(context, async (tx) => {
    const rows = await allStatuses(tx);
    const now = context.clock.nowMs();
    return rows.map(({ status, leaseExpiresAt }) => ({
      name: status.name,
      worker: status.worker,
      lastStartedAt: status.lastStartedAt,
      lastFinishedAt: status.lastFinishedAt,
      lastDurationMs: status.lastDurationMs,
      lastError: status.lastError,
      lastErrorAt: status.lastErrorAt,
      backlog: status.backlog,
      runs: status.runs,
      failures: status.failures,
      alive: leaseExpiresAt !== null && leaseExpiresAt.getTime() > now,
    }));
  });
}
