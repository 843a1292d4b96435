import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { isHoliday, localMoment, wantedReady } from "../rules";
import type { PoolRow } from "../types";
import { LEAD_MINUTES, learnedReady, LOOK_BACK_DAYS } from "./learn-ready";
import { countLogOns } from "./store";

const DAY_MS = 86_400_000;

/** How many desktops of a pool should stand ready now: by its minimum, its schedules, and, where it learns, past log-ons; never more than its maximum. */
export async function wantReady(tx: Transaction, context: Context, pool: PoolRow, timeZone: string): Promise<number> {
  const now = context.clock.now();
  const local = localMoment(now, timeZone);
  const fixed = wantedReady(pool, local, isHoliday(local.date, timeZone));
  if (!pool.learnsReady) return fixed;
  const logOns = await countLogOns(tx, pool.id, { since: new Date(now.getTime() - LOOK_BACK_DAYS * DAY_MS), timeZone, fromMinute: local.minute, toMinute: local.minute + LEAD_MINUTES });
  return Math.min(pool.maximum, Math.max(fixed, learnedReady({ now, since: pool.createdAt, timeZone, logOns })));
}

/** The same for a loop that has no transaction of its own. */
export async function readWantedReady(given: Context, pool: PoolRow, timeZone: string): Promise<number> {
  return inTransaction({ ...given, organizationId: pool.organizationId }, (tx) => wantReady(tx, given, pool, timeZone), { readOnly: true });
}
