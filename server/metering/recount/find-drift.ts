import { readFlavorNamesIn } from "@/server/catalog";
import type { Context } from "@/server/platform/context";
import { replaceNames, sentence, sentences, type Sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import type { UsageDriftRow } from "../types";
import { msWithin, recountRuns } from "./rules";
import { deleteDrift, selectBilled, selectCountable, selectDrift, selectFacts, upsertDrift, type BilledStretch } from "./store";
import type { CountedRun, UsageFactRow } from "./types";

const DAY_MS = 86_400_000;
/** Facts of the day before say where a run of this day began; those of the day after, where one that was silent over midnight ended. */
const MARGIN_MS = DAY_MS;
const INSTANCES_AT_ONCE = 200;
/**
 * Windows grow by what metering confirms, facts by the same words; both keep milliseconds. A difference up to this is how far the two
 * may lie apart at the day's edges while a host is silent.
 */
const TOLERATED_MS = 1_000;
const MAX_SHOWN = 500;

/** Counts one day (UTC) anew from facts, compares it with what is billed, and notes every difference by name. Answers them. */
export async function findDrift(context: Context, day: Date, signal?: AbortSignal): Promise<UsageDriftRow[]> {
  const from = new Date(Math.floor(day.getTime() / DAY_MS) * DAY_MS);
  const to = new Date(from.getTime() + DAY_MS);
  const found: UsageDriftRow[] = [];
  for (let after = ""; ; ) {
    const batch = await inTransaction(context, (tx) => selectCountable(tx, from, to, after, INSTANCES_AT_ONCE), { readOnly: true });
    const last = batch.at(-1);
    if (!last || signal?.aborted) return found;
    found.push(...(await inTransaction(context, (tx) => compareBatch(tx, context, batch, from, to))));
    after = last.instanceId;
  }
}

function groupBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}

async function compareBatch(tx: Transaction, context: Context, batch: readonly { readonly instanceId: string; readonly organizationId: string }[], from: Date, to: Date): Promise<UsageDriftRow[]> {
  const ids = batch.map((row) => row.instanceId);
  const facts = groupBy(await selectFacts(tx, ids, new Date(from.getTime() - MARGIN_MS), new Date(to.getTime() + MARGIN_MS)), (fact) => fact.instanceId);
  const billed = groupBy(await selectBilled(tx, ids, from, to), (stretch) => stretch.resourceId);
  const found: UsageDriftRow[] = [];
  for (const { instanceId, organizationId } of batch) {
    const difference = compareDay(instanceId, facts.get(instanceId) ?? [], billed.get(instanceId) ?? [], from.getTime(), to.getTime());
    if (!difference) {
      await deleteDrift(tx, instanceId, from);
      continue;
    }
    const row: UsageDriftRow = { organizationId, resourceId: instanceId, day: from, ...difference, foundAt: context.clock.now() };
    await upsertDrift(tx, row);
    await announce(tx, { organizationId: null, topic: "billing", id: instanceId });
    context.logger.error({ instanceId, organizationId, day: from.toISOString().slice(0, 10), ...difference }, "usage and its recount disagree");
    found.push(row);
  }
  return found;
}

function compareDay(instanceId: string, facts: readonly UsageFactRow[], billed: readonly BilledStretch[], fromMs: number, toMs: number): Pick<UsageDriftRow, "billedMs" | "countedMs" | "explanation" | "words"> | null {
  const counted = recountRuns(instanceId, facts);
  const billedMs = billed.reduce((sum, stretch) => sum + stretch.sign * msWithin([stretch], fromMs, toMs), 0);
  const countedMs = msWithin(counted, fromMs, toMs);
  const flavors = new Set([...counted.map((run) => run.flavorId), ...billed.map((stretch) => stretch.flavorId)]);
  const wrong = [...flavors].map((flavorId) => {
    const ofFlavor = billed.filter((stretch) => stretch.flavorId === flavorId);
    return { flavorId, ms: ofFlavor.reduce((sum, stretch) => sum + stretch.sign * msWithin([stretch], fromMs, toMs), 0) - msWithin(counted.filter((run) => run.flavorId === flavorId), fromMs, toMs) };
  }).filter((one) => Math.abs(one.ms) > TOLERATED_MS);
  if (wrong.length === 0) return null;
  const { text, words } = explain(wrong, counted, billed);
  return { billedMs, countedMs, explanation: text, words };
}

/** How much too much or too little of what, and the first window or run that has no counterpart. */
function explain(wrong: readonly { readonly flavorId: string; readonly ms: number }[], counted: readonly CountedRun[], billed: readonly BilledStretch[]): Sentence {
  const amounts = wrong.map(({ flavorId, ms }) => sentence(ms > 0 ? "drift-too-much" : "drift-too-little", { wrongSeconds: Math.abs(ms) / 1000, flavor: flavorId }));
  const alone = billed.find((stretch) => stretch.sign > 0 && !counted.some((run) => run.flavorId === stretch.flavorId && Math.abs(run.startedAtMs - stretch.startedAtMs) <= TOLERATED_MS && Math.abs(run.endedAtMs - stretch.endedAtMs) <= TOLERATED_MS));
  const unseen = counted.find((run) => !billed.some((stretch) => stretch.startedAtMs < run.endedAtMs && stretch.endedAtMs > run.startedAtMs));
  const where = unseen ? [sentence("drift-run-alone", { startedAt: new Date(unseen.startedAtMs).toISOString(), endedAt: new Date(unseen.endedAtMs).toISOString() })] : alone ? [sentence("drift-window-alone", { window: alone.id })] : [];
  return sentences(...amounts, ...where);
}

/** What recounts found, newest days first, with flavors by their names. */
export function listDrift(context: Context): Promise<UsageDriftRow[]> {
  return inTransaction(context, async (tx) => {
    const names = await readFlavorNamesIn(tx);
    return (await selectDrift(tx, MAX_SHOWN)).map((row) => ({ ...row, words: row.words === null ? null : replaceNames(row.words, (text) => names.get(text) ?? text) }));
  }, { readOnly: true });
}
