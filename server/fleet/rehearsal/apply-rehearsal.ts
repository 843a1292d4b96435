import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { updateAutomationIn } from "../automation/update-automation";
import { findCluster } from "../cluster/store";
import { updatePolicyIn } from "../cluster/update-policy";
import { drainHostIn } from "../host/operate-host";
import { requestWake } from "../power/wake-host";
import { conflict } from "../rules";
import { automationInput, policyInput } from "../schema";
import { resultOf } from "./rules";
import { rehearsalQuestion, type RehearsalQuestion } from "./schema";
import { findRehearsal, lockRehearsal, writeRehearsal } from "./store";
import type { RehearsalResult, RehearsalView } from "./types";

const HOUR_MS = 3_600_000;
/** A ratio shows in what is sold and placed at once, and in the load within the hour. */
const RATIO_COMPARED_AFTER_MS = HOUR_MS;
/** First look at whether drained hosts are empty. */
const DRAIN_COMPARED_AFTER_MS = 60_000;

/**
 * Does what was rehearsed, by the verbs that an operator has anyway, all in one transaction; its receipt is written when
 * what was foretold is over. @throws Problem `conflict` when there is nothing to apply or the cluster has changed since.
 */
export function applyRehearsal(context: Context, { rehearsalId, evenIfChanged }: { readonly rehearsalId: string; readonly evenIfChanged: boolean }): Promise<{ readonly id: string; readonly state: RehearsalView["state"] }> {
  return inTransaction(context, async (tx) => {
    const row = await findRehearsal(tx, rehearsalId);
    if (!row) throw notFound("rehearsal", rehearsalId);
    // The cluster is locked by the verbs below before anything else of ours.
    const question = rehearsalQuestion.parse(row.question);
    const result = resultOf(row);
    if (row.state !== "played" || !result) throw conflict(row.appliedAt ? "This rehearsal was applied already." : "This rehearsal has not been played, so there is nothing to apply.", { rehearsalId, state: row.state });
    if (result.apply === null) throw conflict("Nothing of this rehearsal can be applied: it only says what would happen.", { rehearsalId, kind: row.kind });
    const cluster = await findCluster(tx, row.clusterId);
    if (!evenIfChanged && cluster?.generation !== row.basedOnGeneration && result.apply !== "automatic" && result.apply !== "settings") {
      throw conflict("The cluster has changed since this was rehearsed, so it could go otherwise. Rehearse it again, or apply it nevertheless.", { rehearsalId, generation: cluster?.generation ?? null });
    }
    await carryOut(tx, context, row.clusterId, question, result);
    const now = context.clock.now();
    const locked = await lockRehearsal(tx, rehearsalId);
    if (locked?.state !== "played") throw conflict("This rehearsal was applied already.", { rehearsalId });
    const compareAt = question.kind === "ratio" ? new Date(now.getTime() + RATIO_COMPARED_AFTER_MS) : question.kind === "retire-hosts" ? new Date(now.getTime() + DRAIN_COMPARED_AFTER_MS) : row.compareAt;
    await writeRehearsal(tx, rehearsalId, { state: "applied", appliedAt: now, appliedBy: context.actor.id, compareAt });
    await announce(tx, { organizationId: null, topic: "cluster", id: row.clusterId });
    await recordAudit(tx, context, { organizationId: null, action: "rehearsal.applied", targetKind: "cluster", targetId: row.clusterId, before: null, after: { rehearsalId, question, apply: result.apply, hosts: result.applyHostIds } });
    return { id: rehearsalId, state: "applied" as const };
  });
}

async function carryOut(tx: Transaction, context: Context, clusterId: string, question: RehearsalQuestion, result: RehearsalResult): Promise<void> {
  switch (result.apply) {
    case "automatic":
      await updateAutomationIn(tx, context, automationInput.parse({ clusterId, consolidate: "automatic" }));
      return;
    case "settings":
      if (question.kind === "tonight") await updateAutomationIn(tx, context, automationInput.parse({ clusterId, ...question.settings }));
      return;
    case "ratio":
      if (question.kind === "ratio") await updatePolicyIn(tx, context, policyInput.parse({ clusterId, cpuRatio: question.cpuRatio }));
      return;
    case "drain":
      for (const hostId of result.applyHostIds) await drainHostIn(tx, context, hostId);
      return;
    case "wake":
      for (const hostId of result.applyHostIds) await requestWake(tx, context, hostId, { reason: sentence("wake-desktops"), inputs: { operator: context.actor.id } });
      return;
    case null:
      return;
  }
}
