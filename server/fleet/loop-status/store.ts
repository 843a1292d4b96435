import { asc, eq, sql } from "drizzle-orm";
import { loopLease, loopStatus } from "@/db/schema/loops";
import type { Transaction } from "@/server/platform/transaction";

export interface PassRecord {
  readonly name: string;
  readonly worker: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly backlog: number;
  readonly error: string | null;
  /** Passes that this record stands for, itself included. */
  readonly passes: number;
}

export async function upsertPass(tx: Pick<Transaction, "insert">, pass: PassRecord, at: Date): Promise<void> {
  const failed = pass.error === null ? {} : { lastError: pass.error.slice(0, 2_000), lastErrorAt: at };
  const said = { worker: pass.worker, lastStartedAt: pass.startedAt, lastFinishedAt: at, lastDurationMs: Math.round(pass.durationMs), backlog: pass.backlog, ...failed };
  await tx
    .insert(loopStatus)
    .values({ name: pass.name, runs: pass.passes, failures: pass.error === null ? 0 : 1, ...said })
    .onConflictDoUpdate({ target: loopStatus.name, set: { ...said, runs: sql`${loopStatus.runs} + ${pass.passes}`, failures: sql`${loopStatus.failures} + ${pass.error === null ? 0 : 1}` } });
}

export function allStatuses(tx: Transaction) {
  return tx
    .select({ status: loopStatus, holder: loopLease.holder, leaseEpoch: loopLease.epoch, leaseExpiresAt: loopLease.expiresAt })
    .from(loopStatus)
    .leftJoin(loopLease, eq(loopLease.name, loopStatus.name))
    .orderBy(asc(loopStatus.name));
}
