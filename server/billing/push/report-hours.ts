import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { enqueuePush } from "./enqueue-push";
import { selectChangedHours, upsertHour } from "./store";

const HOUR_MS = 3_600_000;
/** The provider takes reports up to 35 days back; a day of margin for a late one to be sent. */
const OLDEST_HOURS = 34 * 24;
/** An hour is reported this long after its end, so that most of what comes late is in it. */
const SETTLE_MS = 10 * 60_000;
const BATCH = 500;

/**
 * Sums use by meter and closed hour in whole unit-seconds, and asks to report what was not reported or has changed since.
 * A report replaces the earlier one of the same hour. Answers how many hours.
 */
export async function enqueueMeterHours(tx: Transaction, context: Context): Promise<number> {
  const nowMs = context.clock.nowMs();
  const to = new Date(Math.floor((nowMs - SETTLE_MS) / HOUR_MS) * HOUR_MS);
  const from = new Date(to.getTime() - OLDEST_HOURS * HOUR_MS);
  const changed = await selectChangedHours(tx, from, to, BATCH);
  for (const { organizationId, meter, hour, value, revision } of changed) {
    await upsertHour(tx, { organizationId, meter, hour, value, revision: revision + 1, updatedAt: context.clock.now() });
    await enqueuePush(tx, context, { organizationId, kind: "meter-hour", subjectId: `${organizationId}:${meter}:${hour.getTime() / HOUR_MS}`, lane: `${organizationId}:${meter}`, payload: { meter, hour: hour.toISOString(), revision: revision + 1 } });
  }
  return changed.length;
}
