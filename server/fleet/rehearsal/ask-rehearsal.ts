import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { findCluster } from "../cluster/store";
import { hostsOf } from "../host/store";
import type { AskRehearsalInput } from "./schema";
import { insertRehearsal } from "./store";
import type { RehearsalRow } from "./types";

/** Asks what would happen; the loop `play-rehearsals` plays it on a copy. Nothing of the cluster is touched. */
export function askRehearsal(context: Context, input: AskRehearsalInput): Promise<RehearsalRow> {
  return inTransaction(context, (tx) => askRehearsalIn(tx, context, input));
}

export async function askRehearsalIn(tx: Transaction, context: Context, { clusterId, question }: AskRehearsalInput): Promise<RehearsalRow> {
  const cluster = await findCluster(tx, clusterId);
  if (!cluster) throw notFound("cluster", clusterId);
  const known = new Map((await hostsOf(tx, clusterId)).map((host) => [host.id, host]));
  for (const hostId of question.kind === "lose-host" ? [question.hostId] : question.kind === "retire-hosts" ? question.hostIds : []) {
    const host = known.get(hostId);
    if (!host || host.state === "retired") throw new Problem("bad-input", `The rehearsal was not asked for: ${hostId} is no host of ${cluster.name}. Choose hosts of this cluster.`, { hostId });
  }
  const row: RehearsalRow = {
    id: mintId("rehearsal", context), clusterId, kind: question.kind, question: { ...question }, state: "asked", askedAt: context.clock.now(), askedBy: context.actor.id,
    playedAt: null, basedOnGeneration: null, inputs: null, result: null, error: null, appliedAt: null, appliedBy: null, compareAt: null, measured: null, measuredAt: null,
  };
  await insertRehearsal(tx, row);
  await announce(tx, { organizationId: null, topic: "cluster", id: clusterId });
  await wake(tx, "play-rehearsals");
  await recordAudit(tx, context, { organizationId: null, action: "rehearsal.asked", targetKind: "cluster", targetId: clusterId, before: null, after: { rehearsalId: row.id, question } });
  return row;
}
