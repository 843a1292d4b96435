import { issueDueInvoices } from "@/server/billing";
import type { LoopDefinition } from "./types";

/** Closes billing periods and makes their invoices. What is due is read from what is stored, so nothing is lost and nothing made twice. */
export const issueInvoicesLoop: LoopDefinition = {
  name: "issue-invoices",
  periodMs: 60_000,
  async pass({ context, signal }) {
    const { failed, waiting } = await issueDueInvoices(context, signal);
    return { backlog: failed + waiting };
  },
};
