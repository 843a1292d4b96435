import { readFlavorNamesIn } from "@/server/catalog";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { findCluster } from "../cluster/store";
import { hostsOf } from "../host/store";
import { receiptOf, resultOf } from "./rules";
import { rehearsalQuestion } from "./schema";
import { findRehearsal, rehearsalsOf } from "./store";
import type { RehearsalRow, RehearsalView } from "./types";

const SHOWN = 20;

/** What was asked of a cluster's copy, newest first. */
export function listRehearsals(context: Context, clusterId: string): Promise<readonly RehearsalView[]> {
  return inTransaction(context, async (tx) => views(tx, clusterId, await rehearsalsOf(tx, clusterId, SHOWN)), { readOnly: true });
}

export function getRehearsal(context: Context, rehearsalId: string): Promise<RehearsalView> {
  return inTransaction(context, async (tx) => {
    const row = await findRehearsal(tx, rehearsalId);
    const [view] = row ? await views(tx, row.clusterId, [row]) : [];
    if (!view) throw notFound("rehearsal", rehearsalId);
    return view;
  }, { readOnly: true });
}

/** The copy of the cluster that it was played on, as a file that `npm run plan` reads too. */
export function exportRehearsal(context: Context, rehearsalId: string): Promise<{ readonly fileName: string; readonly text: string }> {
  return inTransaction(context, async (tx) => {
    const row = await findRehearsal(tx, rehearsalId);
    if (!row) throw notFound("rehearsal", rehearsalId);
    const { id, kind, question, askedAt, playedAt, inputs, result, measured } = row;
    return { fileName: `rehearsal-${kind}-${askedAt.toISOString().slice(0, 16).replace(/[:T]/g, "-")}.json`, text: `${JSON.stringify({ id, kind, question, askedAt, playedAt, inputs, result, measured }, null, 1)}\n` };
  }, { readOnly: true });
}

async function views(tx: Transaction, clusterId: string, rows: readonly RehearsalRow[]): Promise<RehearsalView[]> {
  const cluster = await findCluster(tx, clusterId);
  if (!cluster) throw notFound("cluster", clusterId);
  const hosts = new Map((await hostsOf(tx, clusterId)).map((host) => [host.id, host.name]));
  const flavors = await readFlavorNamesIn(tx);
  return rows.flatMap((row) => {
    const question = rehearsalQuestion.safeParse(row.question);
    if (!question.success) return [];
    const ids = question.data.kind === "lose-host" ? [question.data.hostId] : question.data.kind === "retire-hosts" ? question.data.hostIds : [];
    const about = question.data.kind === "add-desktops" ? [flavors.get(question.data.flavorId) ?? question.data.flavorId] : ids.map((id) => hosts.get(id) ?? id);
    return [{
      id: row.id, clusterId, question: question.data, about, state: row.state, askedAt: row.askedAt, askedBy: row.askedBy, playedAt: row.playedAt, error: row.error, result: resultOf(row),
      appliedAt: row.appliedAt, compareAt: row.compareAt, receipt: receiptOf(row), measuredAt: row.measuredAt, current: row.basedOnGeneration === cluster.generation,
    }];
  });
}
