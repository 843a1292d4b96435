import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordEventsOf } from "../instance/record-events";
import { committedPart, fullClaim } from "../instance/rules";
import { settleQuota } from "../instance/settle-quota";
import { lockInstance } from "../instance/store";
import { upsertPhase } from "./store";

/**
 * An instance got its place: what it holds of the quota becomes committed, the phase becomes `placed`. False when the
 * instance was deleted meanwhile: the caller must then take the place back.
 */
export async function notePlaced(tx: Transaction, context: Context, input: { readonly instanceId: string; readonly decisionId?: string | null }): Promise<boolean> {
  const row = await lockInstance(tx, context, input.instanceId);
  if (!row || row.deletedAt || row.purgedAt) return false;
  const committed = committedPart(row);
  const claim = fullClaim(row);
  if (committed.instances === 0) await settleQuota(tx, context, row, claim);
  const [written] = await upsertPhase(tx, [row.id], "placed", null, context.clock.now());
  if (written) await recordEventsOf(tx, context, [{ instanceId: row.id, organizationId: row.organizationId, kind: "placed", decisionId: input.decisionId ?? null }]);
  await wake(tx, "converge-instances");
  await announce(tx, { organizationId: row.organizationId, topic: "instance", id: row.id });
  return true;
}
