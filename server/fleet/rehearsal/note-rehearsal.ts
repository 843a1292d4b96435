import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { lockRehearsal, askedRehearsals, dueRehearsals, writeRehearsal } from "./store";
import type { Receipt, RehearsalResult, RehearsalRow } from "./types";

export function readAskedRehearsals(context: Context): Promise<RehearsalRow[]> {
  return inTransaction(context, (tx) => askedRehearsals(tx), { readOnly: true });
}

export function readDueRehearsals(context: Context): Promise<RehearsalRow[]> {
  return inTransaction(context, (tx) => dueRehearsals(tx, context.clock.now()), { readOnly: true });
}

export interface Played {
  readonly generation: number;
  readonly inputs: Record<string, unknown>;
  readonly result: RehearsalResult;
  /** When what it foretells without anybody's doing can be compared. */
  readonly compareAt: Date | null;
}

/** Keeps what a rehearsal came to, with the copy that it was played on. */
export function notePlayed(context: Context, rehearsalId: string, played: Played): Promise<void> {
  return inTransaction(context, (tx) => notePlayedIn(tx, context, rehearsalId, played));
}

export async function notePlayedIn(tx: Transaction, context: Context, rehearsalId: string, played: Played): Promise<void> {
  const row = await lockRehearsal(tx, rehearsalId);
  if (row?.state !== "asked") return;
  await writeRehearsal(tx, rehearsalId, { state: "played", playedAt: context.clock.now(), basedOnGeneration: played.generation, inputs: played.inputs, result: { ...played.result }, compareAt: played.compareAt });
  await announce(tx, { organizationId: null, topic: "cluster", id: row.clusterId });
}

/** It could not be played; the reason is for the operator who asked. */
export function noteUnplayable(context: Context, rehearsalId: string, error: string): Promise<void> {
  return inTransaction(context, async (tx) => {
    const row = await lockRehearsal(tx, rehearsalId);
    if (row?.state !== "asked") return;
    await writeRehearsal(tx, rehearsalId, { state: "failed", error, playedAt: context.clock.now() });
    await announce(tx, { organizationId: null, topic: "cluster", id: row.clusterId });
  });
}

/** What really happened, beside what was foretold. */
export function noteCompared(context: Context, rehearsalId: string, receipt: Receipt): Promise<void> {
  return inTransaction(context, (tx) => noteComparedIn(tx, context, rehearsalId, receipt));
}

export async function noteComparedIn(tx: Transaction, context: Context, rehearsalId: string, receipt: Receipt): Promise<void> {
  const row = await lockRehearsal(tx, rehearsalId);
  if (!row || row.measuredAt) return;
  await writeRehearsal(tx, rehearsalId, { state: "measured", measured: { ...receipt }, measuredAt: context.clock.now() });
  await announce(tx, { organizationId: null, topic: "cluster", id: row.clusterId });
}

/** It is not over yet: looked at again then. */
export function postponeComparison(context: Context, rehearsalId: string, until: Date): Promise<void> {
  return inTransaction(context, (tx) => writeRehearsal(tx, rehearsalId, { compareAt: until }));
}
