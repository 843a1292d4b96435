import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { recordEventsOf } from "../instance/record-events";
import { selectInstance } from "../instance/store";
import type { SetConsentInput } from "./schema";
import { consentsOfCluster, findConsent, upsertConsent, writeNotice } from "./store";
import type { MoveConsent } from "./types";

/** What holds until the owner says something: moved when it serves the whole, without notice. */
function unsaid(instanceId: string, organizationId: string, at: Date): MoveConsent {
  return { instanceId, organizationId, timeZone: "UTC", notDuring: [], noticeMinutes: 0, noticeGivenAt: null, movableForDiscount: false, updatedAt: at };
}

/** When the owner agrees to moves for balance or sleep. Failures and maintenance do not ask, and the screen says so. */
export function getConsent(context: Context, input: { readonly instanceId: string }): Promise<MoveConsent> {
  return inTransaction(context, async (tx) => {
    const row = await selectInstance(tx, context, input.instanceId);
    if (!row) throw notFound("instance", input.instanceId);
    return (await findConsent(tx, row.organizationId, row.id)) ?? unsaid(row.id, row.organizationId, context.clock.now());
  });
}

export function setConsent(context: Context, input: SetConsentInput): Promise<MoveConsent> {
  return inTransaction(context, async (tx) => {
    const row = await selectInstance(tx, context, input.instanceId);
    if (!row || row.deletedAt) throw notFound("instance", input.instanceId);
    const before = (await findConsent(tx, row.organizationId, row.id)) ?? unsaid(row.id, row.organizationId, context.clock.now());
    const after: MoveConsent = { ...before, ...input, notDuring: [...input.notDuring], updatedAt: context.clock.now() };
    await upsertConsent(tx, after);
    await announce(tx, { organizationId: row.organizationId, topic: "instance", id: row.id });
    await recordAudit(tx, context, { action: "instance.move-consent-changed", targetKind: "instance", targetId: row.id, before: { ...before }, after: { ...after } });
    return after;
  });
}

/** What the owners of a cluster's machines have said; those who said nothing are left out. */
export function readConsents(context: Context, clusterId: string): Promise<MoveConsent[]> {
  return inTransaction(context, (tx) => consentsOfCluster(tx, clusterId), { readOnly: true });
}

/** Tells an owner in the machine's timeline that it will be moved; false when that was done meanwhile. */
export async function giveNotice(tx: Transaction, context: Context, consent: MoveConsent): Promise<boolean> {
  const now = context.clock.now();
  if (!(await writeNotice(tx, consent.instanceId, now, consent.noticeGivenAt))) return false;
  await recordEventsOf(tx, context, [{ instanceId: consent.instanceId, organizationId: consent.organizationId, kind: "move-announced", detail: { minutes: consent.noticeMinutes, notBefore: new Date(now.getTime() + consent.noticeMinutes * 60_000).toISOString() } }]);
  await announce(tx, { organizationId: consent.organizationId, topic: "instance", id: consent.instanceId });
  return true;
}
