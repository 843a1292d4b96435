import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { findCluster } from "../cluster/store";
import { conflict } from "../rules";
import type { AdviceRow } from "../types";
import { adviceOf, lockAdvice, writeAdvice } from "./store";

const LOOP = { rebalance: "rebalance-clusters", consolidate: "consolidate-clusters", evacuate: "advise-evacuations" } as const;
const SHOWN = 50;

/** The operator's word on a plan. What is accepted is planned anew by its loop: the fleet may have moved on meanwhile. */
export function decideAdvice(context: Context, adviceId: string, accept: boolean): Promise<AdviceRow> {
  return inTransaction(context, async (tx) => {
    const row = await lockAdvice(tx, adviceId);
    if (!row) throw notFound("advice", adviceId);
    if (row.state !== "open") throw conflict(sentence("refused-advice-decided"), { adviceId, state: row.state });
    const change = { state: accept ? ("accepted" as const) : ("dismissed" as const), decidedAt: context.clock.now(), decidedBy: context.actor.id };
    await writeAdvice(tx, adviceId, change);
    await announce(tx, { organizationId: null, topic: "cluster", id: row.clusterId });
    if (accept) await wake(tx, LOOP[row.kind]);
    await recordAudit(tx, context, { organizationId: null, action: accept ? "advice.accepted" : "advice.dismissed", targetKind: "advice", targetId: adviceId, before: { state: row.state }, after: { state: change.state, kind: row.kind, reason: row.reason } });
    return { ...row, ...change };
  });
}

/** What was advised of late, the newest first. */
export function listAdvice(context: Context, clusterId: string): Promise<AdviceRow[]> {
  return inTransaction(context, async (tx) => {
    if (!(await findCluster(tx, clusterId))) throw notFound("cluster", clusterId);
    return adviceOf(tx, clusterId, SHOWN);
  });
}
