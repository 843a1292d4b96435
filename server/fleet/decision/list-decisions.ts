import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import type { DecisionRow, Page } from "../types";
import { findDecision, pageDecisions, type DecisionFilter } from "./store";

/** Decisions, newest first. */
export function listDecisions(context: Context, filter: DecisionFilter): Promise<Page<DecisionRow>> {
  return inTransaction(context, async (tx) => {
    const { rows, total } = await pageDecisions(tx, filter);
    const items = rows.slice(0, filter.limit);
    return { items, total, nextCursor: rows.length > filter.limit ? (items.at(-1)?.id ?? null) : null };
  });
}

export function getDecision(context: Context, decisionId: string): Promise<DecisionRow> {
  return inTransaction(context, async (tx) => {
    const row = await findDecision(tx, decisionId);
    if (!row) throw notFound("decision", decisionId);
    return row;
  });
}
