import { enqueueDueInvoices, listDuePushes, type PushRow } from "@/server/billing";
import type { PaymentDriver } from "@/server/drivers/payment/types";
import { inTransaction } from "@/server/platform/transaction";
import { pushOne } from "./payments/push-one";
import type { LoopDefinition } from "./types";

/** Organizations that are served at once; the provider allows a hundred calls a second in all. */
const LANES = 8;
/** Customers come before what needs one. */
const customerFirst = (a: PushRow, b: PushRow): number => Number(b.kind === "customer") - Number(a.kind === "customer");

/** Makes at the payment provider what has to be so there: exactly once in effect, one call in flight for each customer and meter. */
export function pushPaymentsLoop(driver: PaymentDriver): LoopDefinition {
  return {
    name: "push-payments",
    periodMs: 30_000,
    async pass({ context, signal, background, busy }) {
      await inTransaction(context, (tx) => enqueueDueInvoices(tx, context));
      const { due, waiting, nextAt } = await inTransaction(context, (tx) => listDuePushes(tx, context), { readOnly: true });
      const lanes = byLane(due);
      let open = LANES;
      for (const [lane, rows] of lanes) {
        if (signal.aborted || open === 0) break;
        if (busy(lane)) {
          open -= 1;
          continue;
        }
        open -= 1;
        background(lane, async () => {
          for (const row of rows.toSorted(customerFirst)) {
            // A wish that failed holds up the rest of its lane only until it has its pause.
            if (signal.aborted) return;
            await pushOne(context, driver, row.id);
          }
        });
      }
      const againInMs = nextAt === null ? undefined : Math.max(100, nextAt.getTime() - context.clock.nowMs());
      return { backlog: waiting, ...(againInMs === undefined ? {} : { againInMs }) };
    },
  };
}

function byLane(rows: readonly PushRow[]): ReadonlyMap<string, readonly PushRow[]> {
  const lanes = new Map<string, PushRow[]>();
  for (const row of rows) {
    const lane = lanes.get(row.lane) ?? [];
    lanes.set(row.lane, lane);
    lane.push(row);
  }
  return lanes;
}
