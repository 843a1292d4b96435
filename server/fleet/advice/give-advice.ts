import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { textOf, wordsOf, type Said } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import type { AdviceRow } from "../types";
import { adviceIn, insertAdvice, lockAdvice, lockOpenAdvice, writeAdvice } from "./store";

export interface Advised {
  readonly clusterId: string;
  readonly kind: AdviceRow["kind"];
  readonly hostId: string | null;
  readonly reason: Said;
  readonly plan: Record<string, unknown>;
  readonly basedOnGeneration: number;
}

/** Puts a plan before the operator; one that is open is renewed, and says since when it has stood. */
export async function giveAdvice(tx: Transaction, context: Context, advised: Advised): Promise<void> {
  const now = context.clock.now();
  const reason = textOf(advised.reason);
  const reasonWords = wordsOf(advised.reason);
  const open = await lockOpenAdvice(tx, advised);
  if (open) {
    await writeAdvice(tx, open.id, { reason, reasonWords, plan: advised.plan, basedOnGeneration: advised.basedOnGeneration, confirmedAt: now });
    if (open.reason === reason) return;
  } else {
    await insertAdvice(tx, { id: mintId("advice", context), ...advised, reason, reasonWords, state: "open", createdAt: now, confirmedAt: now, decidedAt: null, decidedBy: null });
  }
  await announce(tx, { organizationId: null, topic: "cluster", id: advised.clusterId });
}

/** What was advised is no longer so. */
export async function withdrawAdvice(tx: Transaction, context: Context, which: { readonly clusterId: string; readonly kind: AdviceRow["kind"]; readonly hostId: string | null }): Promise<void> {
  const open = await lockOpenAdvice(tx, which);
  if (!open) return;
  await writeAdvice(tx, open.id, { state: "outdated", decidedAt: context.clock.now() });
  await announce(tx, { organizationId: null, topic: "cluster", id: which.clusterId });
}

/** What operators have said yes to and no loop has carried out yet. */
export function readAccepted(context: Context): Promise<AdviceRow[]> {
  return inTransaction(context, (tx) => adviceIn(tx, ["accepted"]), { readOnly: true });
}

/** The loop has begun what the operator accepted (or found that it does not hold any more). */
export async function settleAdvice(tx: Transaction, context: Context, adviceId: string, state: "applied" | "outdated"): Promise<void> {
  const row = await lockAdvice(tx, adviceId);
  if (row?.state !== "accepted") return;
  await writeAdvice(tx, adviceId, { state });
  await announce(tx, { organizationId: null, topic: "cluster", id: row.clusterId });
}
