import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import type { DecisionRow } from "../types";
import { plansWithMoves } from "./store";

/** A plan of several moves whose effect nobody has looked at yet. */
export interface UnmeasuredPlan {
  readonly decision: DecisionRow;
  readonly openMoves: number;
  readonly doneMoves: number;
  /** When the last of its moves ended; null while none has. */
  readonly lastEndedAt: Date | null;
  /** Seconds and milliseconds that its moves were predicted to take and took, summed over those that are done. */
  readonly movedSeconds: number;
  readonly downtimeMs: number;
}

const OLDEST_MS = 24 * 3_600_000;

/** Plans of one kind of the last day that wait for their effect to be measured. */
export function readUnmeasuredPlans(context: Context, clusterId: string, kind: "rebalance" | "consolidate"): Promise<UnmeasuredPlan[]> {
  const since = new Date(context.clock.nowMs() - OLDEST_MS);
  return inTransaction(context, (tx) => plansWithMoves(tx, clusterId, kind, since), { readOnly: true });
}
