import { compareBooks, comparedRange, type ListedInvoice } from "@/server/billing";
import type { PaymentDriver } from "@/server/drivers/payment/types";
import type { LoopDefinition } from "./types";

/** Compares host facts, our books and the payment provider; it corrects nothing, it names what differs. */
export function reconcileBooksLoop(driver: PaymentDriver | null): LoopDefinition {
  return {
    name: "reconcile-books",
    periodMs: 6 * 3_600_000,
    async pass({ context, signal }) {
      let listed: ListedInvoice[] | null = null;
      if (driver) {
        listed = [];
        for await (const invoice of driver.listInvoices(comparedRange(context))) {
          if (signal.aborted) return { backlog: 0 };
          listed.push(invoice);
        }
      }
      return { backlog: await compareBooks(context, listed) };
    },
  };
}
