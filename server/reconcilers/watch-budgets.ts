import { watchBudgets } from "@/server/billing";
import type { LoopDefinition } from "./types";

/** Budgets: tells at thresholds; under a hard cap renews what runs, and stops what the cap has no room for. */
export const watchBudgetsLoop: LoopDefinition = {
  name: "watch-budgets",
  periodMs: 20_000,
  async pass({ context, signal, wake }) {
    const { stopped, started, failed } = await watchBudgets(context, signal);
    if (stopped + started > 0) wake("converge-instances");
    return { backlog: failed };
  },
};
