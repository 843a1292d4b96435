import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit, requireProvider } from "@/server/tenancy";
import { keyExpired, pauseMs } from "./rules";
import { countWaiting, lockPush, nextDue, selectCustomer, selectDue, selectPushes, updatePush } from "./store";
import type { BegunPush, PushFailure, PushRow } from "./types";

const BATCH = 500;

/** What waits and is due, with how much waits in all and when the next of it is due. */
export async function listDuePushes(tx: Transaction, context: Context): Promise<{ readonly due: readonly PushRow[]; readonly waiting: number; readonly nextAt: Date | null }> {
  return { due: await selectDue(tx, context.clock.now(), BATCH), waiting: await countWaiting(tx), nextAt: await nextDue(tx, context.clock.now()) };
}

/** Writes the attempt down before its call is made. Null when somebody has done it meanwhile. */
export async function beginPush(context: Context, pushId: string): Promise<BegunPush | null> {
  return inTransaction(context, async (tx) => {
    const push = await lockPush(tx, pushId);
    if (!push || push.state !== "waiting") return null;
    const now = context.clock.now();
    const renew = keyExpired(push.keyedAt, now);
    const fields = { attempts: push.attempts + 1, keyGeneration: push.keyGeneration + (renew ? 1 : 0), keyedAt: renew || push.keyedAt === null ? now : push.keyedAt };
    await updatePush(tx, push.id, fields);
    const { remoteId } = await selectCustomer(tx, push.organizationId);
    return { push: { ...push, ...fields }, key: `${push.id}:${fields.keyGeneration}`, lookFirst: push.attempts > 0, customerId: remoteId };
  });
}

/** True for the newest attempt. An older one may live on in a worker that was taken for dead; what it knows is not the last word. */
function isNewest(row: PushRow, begun: BegunPush): boolean {
  return row.keyGeneration === begun.push.keyGeneration && row.attempts === begun.push.attempts;
}

/** The provider has it as it was wanted. What was wanted differently meanwhile stays waiting, and what a newer attempt is at is that one's to end. */
export async function finishPush(tx: Transaction, context: Context, begun: BegunPush, remoteId: string | null): Promise<void> {
  const row = await lockPush(tx, begun.push.id);
  if (!row || !isNewest(row, begun)) return;
  const same = JSON.stringify(row.payload) === JSON.stringify(begun.push.payload);
  // A later wish begins with keys of its own.
  await updatePush(tx, row.id, { ...(same ? { state: "done" as const, doneAt: context.clock.now() } : {}), remoteId: remoteId ?? row.remoteId, attempts: 0, keyGeneration: row.keyGeneration + 1, keyedAt: null, lastError: null, lastErrorWords: null });
}

/** Notes why it did not work and when to come again. */
export async function failPush(context: Context, begun: BegunPush, failure: PushFailure): Promise<void> {
  await inTransaction(context, async (tx) => {
    const row = await lockPush(tx, begun.push.id);
    if (!row || row.state !== "waiting" || !isNewest(row, begun)) return;
    await updatePush(tx, row.id, {
      lastError: failure.error.text.slice(0, 2_000),
      lastErrorWords: failure.error.words,
      notBefore: new Date(context.clock.nowMs() + pauseMs(row.attempts, context.random.float())),
      ...(failure.freshKey ? { keyGeneration: row.keyGeneration + 1, keyedAt: null } : {}),
      ...(failure.stuck ? { state: "stuck" as const } : {}),
    });
    if (failure.stuck) await announce(tx, { organizationId: null, topic: "payment", id: row.id });
  });
}

/** What waits or is stuck, for the operator's page. */
export function listOpenPushes(tx: Transaction): Promise<PushRow[]> {
  return selectPushes(tx, ["waiting", "stuck"], BATCH);
}

/** Tries one again that an operator has looked at. */
export async function retryPush(context: Context, input: { readonly pushId: string }): Promise<void> {
  requireProvider(context);
  await inTransaction(context, async (tx) => {
    const row = await lockPush(tx, input.pushId);
    if (!row || row.state === "done") throw new Problem("not-found", `There is no open push ${input.pushId}. Choose one from the list.`, { what: "push", id: input.pushId });
    await updatePush(tx, row.id, { state: "waiting", notBefore: context.clock.now() });
    await wake(tx, "push-payments");
    await recordAudit(tx, context, { organizationId: row.organizationId, action: "payment.push-retried", targetKind: "payment-push", targetId: row.id, before: { state: row.state }, after: { state: "waiting" } });
  });
}
