import { deleteInstance } from "@/server/compute";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { readOrganization, recordAudit, setStandingIn } from "@/server/tenancy";
import { collectAgain } from "../push";
import { datesOf, nextStageAt, stageAt, STANDING_OF } from "./state";
import { insertCase, lockOpenCase, selectLiveInstances, selectOpenCases, selectOverdue, updateCase } from "./store";
import type { DunningRow, DunningSchedule, DunningStage, Overdue } from "./types";
import { writeReminder } from "./write-reminder";

/** Deleted machines lie in the trash for this long first, as if their owner had deleted them. */
const TRASH_SECONDS = 7 * 86_400;

export interface DunningPass {
  readonly opened: number;
  readonly moved: number;
  readonly closed: number;
  /** Organizations that could not be done, and are tried again. */
  readonly failed: number;
  /** When the next date of any case comes; null when there is none. */
  readonly nextAt: Date | null;
}

/**
 * Looks at every organization that owes something overdue or has an open case: opens a case with all its dates, takes the
 * steps whose time has come, and closes it when nothing is overdue any more. Each organization in a transaction of its own.
 */
export async function advanceDunning(context: Context, schedule: DunningSchedule): Promise<DunningPass> {
  const now = context.clock.now();
  const { overdue, cases } = await inTransaction(context, async (tx) => ({ overdue: await selectOverdue(tx, now), cases: await selectOpenCases(tx) }), { readOnly: true });
  const ids = new Set([...overdue.map((item) => item.organizationId), ...cases.map((row) => row.organizationId)]);
  let [opened, moved, closed, failed] = [0, 0, 0, 0];
  let nextAt: Date | null = null;
  for (const organizationId of ids) {
    try {
      const result = await inTransaction(context, (tx) => advanceOne(tx, context, organizationId, schedule));
      opened += result.opened ? 1 : 0;
      moved += result.moved ? 1 : 0;
      closed += result.closed ? 1 : 0;
      if (result.nextAt && (!nextAt || result.nextAt < nextAt)) nextAt = result.nextAt;
      if (result.stage === "deleted") await deleteMachines(context, organizationId);
    } catch (error) {
      // One organization's trouble must not keep everybody else's dates.
      failed += 1;
      context.logger.error({ organizationId, err: error }, "an organization's dunning could not go on; it is tried again");
    }
  }
  return { opened, moved, closed, failed, nextAt };
}

interface Advanced {
  readonly opened: boolean;
  readonly moved: boolean;
  readonly closed: boolean;
  readonly stage: DunningStage | null;
  readonly nextAt: Date | null;
}

async function advanceOne(tx: Transaction, context: Context, organizationId: string, schedule: DunningSchedule): Promise<Advanced> {
  const now = context.clock.now();
  const overdue = await selectOverdue(tx, now, organizationId);
  const known = await lockOpenCase(tx, organizationId);
  if (overdue.length === 0) {
    if (known) await closeCase(tx, context, known, "settled");
    return { opened: false, moved: false, closed: known !== null, stage: null, nextAt: null };
  }
  const row = known ?? (await openCase(tx, context, organizationId, overdue, schedule));
  if (!row) return { opened: false, moved: false, closed: false, stage: null, nextAt: now };
  const waits = row.pausedUntil !== null && row.pausedUntil > now;
  const wanted = waits ? row.stage : stageAt(row, now);
  if (wanted !== row.stage) await enterStage(tx, context, row, wanted, overdue, schedule);
  else if (!waits && row.remindAt !== null && row.remindAt <= now) await remind(tx, context, row, overdue, schedule);
  const next = [waits ? row.pausedUntil : nextStageAt(row, wanted), row.remindAt !== null && row.remindAt > now ? row.remindAt : null].filter((at) => at !== null);
  return { opened: known === null, moved: wanted !== row.stage, closed: false, stage: wanted, nextAt: next.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null };
}

async function openCase(tx: Transaction, context: Context, organizationId: string, overdue: readonly Overdue[], schedule: DunningSchedule): Promise<DunningRow | null> {
  const now = context.clock.now();
  // Steps count from now, not from the date that was missed: nobody is stopped on the day of the first reminder because a loop slept.
  const made = await insertCase(tx, {
    id: mintId("dunningCase", context), organizationId, stage: "reminded", ...datesOf(now, schedule), remindAt: new Date(now.getTime() + schedule.remindEverySeconds * 1000), reminders: 1, standingGiven: null, pausedUntil: null, closedAt: null, closedReason: null,
  });
  if (!made) return null;
  await writeReminder(tx, context, made, "reminded", overdue);
  await recordAudit(tx, context, { organizationId, action: "dunning.opened", targetKind: "dunning-case", targetId: made.id, after: { invoices: overdue.map((item) => item.invoiceId), suspendAt: made.suspendAt.toISOString(), deleteAt: made.deleteAt.toISOString() } });
  await announce(tx, { organizationId, topic: "payment", id: made.id });
  return made;
}

async function remind(tx: Transaction, context: Context, row: DunningRow, overdue: readonly Overdue[], schedule: DunningSchedule): Promise<void> {
  await updateCase(tx, row.id, { reminders: row.reminders + 1, remindAt: new Date(context.clock.nowMs() + schedule.remindEverySeconds * 1000) });
  await writeReminder(tx, context, row, row.stage, overdue);
  await collectAgain(tx, context, row.organizationId);
}

/** Standing follows the stage, unless an operator has decided otherwise: dunning neither lowers what is lower already nor touches what it did not set. */
async function enterStage(tx: Transaction, context: Context, row: DunningRow, stage: DunningStage, overdue: readonly Overdue[], schedule: DunningSchedule): Promise<void> {
  const { organizationId } = row;
  const standing = STANDING_OF[stage];
  const { standing: present } = await readOrganization(tx, organizationId);
  const ours = present === (row.standingGiven ?? "good");
  if (ours && standing !== present) await setStandingIn(tx, context, { organizationId, standing, reason: `unpaid invoices: ${overdue.map((item) => item.number ?? item.invoiceId).join(", ")}` });
  await updateCase(tx, row.id, { stage, remindAt: new Date(context.clock.nowMs() + schedule.remindEverySeconds * 1000), ...(ours ? { standingGiven: standing === "good" ? null : standing } : {}) });
  await writeReminder(tx, context, row, stage, overdue);
  await recordAudit(tx, context, { organizationId, action: `dunning.${stage}`, targetKind: "dunning-case", targetId: row.id, before: { stage: row.stage }, after: { stage } });
  await announce(tx, { organizationId, topic: "payment", id: row.id });
}

async function closeCase(tx: Transaction, context: Context, row: DunningRow, reason: string): Promise<void> {
  const { organizationId } = row;
  const { standing } = await readOrganization(tx, organizationId);
  // A standing that an operator set for another reason is not lifted by a payment.
  if (row.standingGiven !== null && standing === row.standingGiven) await setStandingIn(tx, context, { organizationId, standing: "good", reason: "everything is paid" });
  await updateCase(tx, row.id, { closedAt: context.clock.now(), closedReason: reason, remindAt: null });
  await writeReminder(tx, context, row, "settled", []);
  await recordAudit(tx, context, { organizationId, action: "dunning.closed", targetKind: "dunning-case", targetId: row.id, before: { stage: row.stage }, after: { reason } });
  await announce(tx, { organizationId, topic: "payment", id: row.id });
}

/** Through the same verb as a tenant's own deletion: trash first, quota and addresses return as always. */
async function deleteMachines(context: Context, organizationId: string): Promise<void> {
  const ids = await inTransaction(context, (tx) => selectLiveInstances(tx, organizationId), { readOnly: true });
  for (const instanceId of ids) {
    try {
      await deleteInstance({ ...context, organizationId }, { instanceId, trashSeconds: TRASH_SECONDS });
    } catch (error) {
      // One that is in the middle of something is deleted by a later pass; the others do not wait for it.
      if (!(error instanceof Problem)) throw error;
      context.logger.warn({ instanceId, err: error }, "a machine of an organization that never paid could not be deleted yet");
    }
  }
}

/** Closes what nobody owes any more, in the transaction of the payment that settled it. */
export async function liftDunning(tx: Transaction, context: Context, organizationId: string): Promise<boolean> {
  const row = await lockOpenCase(tx, organizationId);
  if (!row || (await selectOverdue(tx, context.clock.now(), organizationId)).length > 0) return false;
  await closeCase(tx, context, row, "settled");
  return true;
}
