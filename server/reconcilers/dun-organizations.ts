import { advanceDunning, remindOfExpiry, type DunningSchedule } from "@/server/billing";
import { inTransaction } from "@/server/platform/transaction";
import type { LoopDefinition } from "./types";

/** Unpaid invoices: reminders, then the standing, by the dates that were told in advance. It stops no machine itself. */
export function dunOrganizationsLoop(schedule: DunningSchedule): LoopDefinition {
  return {
    name: "dun-organizations",
    periodMs: 60_000,
    async pass({ context, wake }) {
      const { moved, closed, failed, nextAt } = await advanceDunning(context, schedule);
      await inTransaction(context, (tx) => remindOfExpiry(tx, context));
      if (moved + closed > 0) wake("enforce-standing");
      return { backlog: failed, ...(nextAt === null ? {} : { againInMs: Math.max(50, nextAt.getTime() - context.clock.nowMs()) }) };
    },
  };
}
