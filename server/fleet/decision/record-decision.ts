import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { textOf, wordsOf, type Said } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import type { DecisionRow } from "../types";
import { insertDecision, mergeMeasured } from "./store";

export interface NewDecision {
  readonly kind: DecisionRow["kind"];
  readonly clusterId: string;
  readonly organizationId?: string | null;
  readonly instanceId?: string | null;
  readonly hostId?: string | null;
  readonly basedOn?: Record<string, unknown>;
  readonly inputs: Record<string, unknown>;
  readonly chosen: Record<string, unknown>;
  readonly rejected?: readonly unknown[];
  /** One sentence for an operator. */
  readonly reason: Said;
  readonly predicted?: Record<string, unknown>;
  readonly measured?: Record<string, unknown>;
  readonly outcome: DecisionRow["outcome"];
}

/** Stores what was decided, why, and what else was considered. Returns the decision's id. */
export async function recordDecision(tx: Transaction, context: Context, decision: NewDecision): Promise<string> {
  const id = mintId("decision", context);
  const now = context.clock.now();
  await insertDecision(tx, {
    id,
    kind: decision.kind,
    clusterId: decision.clusterId,
    subjectOrganizationId: decision.organizationId ?? null,
    instanceId: decision.instanceId ?? null,
    hostId: decision.hostId ?? null,
    basedOn: decision.basedOn ?? {},
    inputs: decision.inputs,
    chosen: decision.chosen,
    rejected: [...(decision.rejected ?? [])],
    reason: textOf(decision.reason),
    reasonWords: wordsOf(decision.reason),
    predicted: decision.predicted ?? {},
    measured: decision.measured ?? null,
    outcome: decision.outcome,
    createdAt: now,
    finishedAt: decision.outcome === "planned" || decision.outcome === "applied" ? null : now,
  });
  await announce(tx, { organizationId: null, topic: "decision", id });
  return id;
}

/** Adds the measured effect, milliseconds and bytes, and says how the decision ended. */
export async function measureDecision(
  tx: Transaction,
  context: Context,
  decisionId: string,
  measured: Record<string, unknown>,
  outcome?: DecisionRow["outcome"],
): Promise<void> {
  await mergeMeasured(tx, decisionId, measured, outcome ? { outcome, at: context.clock.now() } : undefined);
  await announce(tx, { organizationId: null, topic: "decision", id: decisionId });
}
