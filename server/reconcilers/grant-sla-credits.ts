import { grantSlaCredits } from "@/server/billing";
import type { LoopDefinition } from "./types";

/** Outages of billed months, given back without anybody asking. */
export const grantSlaCreditsLoop: LoopDefinition = {
  name: "grant-sla-credits",
  purpose: "Gives back what outages of a billed month are worth, as credit on the next invoice.",
  periodMs: 3_600_000,
  async pass({ context }) {
    await grantSlaCredits(context);
    return { backlog: 0 };
  },
};
