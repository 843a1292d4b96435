import { grantSlaCredits } from "@/server/billing";
import type { LoopDefinition } from "./types";

/** Outages of billed months, given back without anybody asking. */
export const grantSlaCreditsLoop: LoopDefinition = {
  name: "grant-sla-credits",
  periodMs: 3_600_000,
  async pass({ context }) {
    await grantSlaCredits(context);
    return { backlog: 0 };
  },
};
