import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { requireProvider } from "@/server/tenancy";
import { deleteWorked } from "./store";

/**
 * How long a worked-off event is remembered. The provider lists its events for 30 days and sends one again for 3 (docs.stripe.com/api/events,
 * docs.stripe.com/webhooks); one that it may still send must be known, or it would be taken for new. Half as long again leaves room for a
 * worker that was away, and for whoever asks what happened last month.
 */
export const EVENTS_KEPT_MS = 45 * 86_400_000;
/** So many in one transaction; a busy account makes fewer in the minutes between two passes. */
const BATCH = 5_000;

/** Forgets events that are worked off and too old to come again. What is new or could not be worked off stays for ever. Answers how many. */
export async function expireEvents(context: Context): Promise<number> {
  requireProvider(context);
  return inTransaction(context, (tx) => deleteWorked(tx, new Date(context.clock.nowMs() - EVENTS_KEPT_MS), BATCH));
}
