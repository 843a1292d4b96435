import { findDrift, keepSamples } from "@/server/metering";
import type { LoopDefinition } from "./types";

const DAY_MS = 86_400_000;
/** A day is recounted when it is over and its last words were metered. */
const SETTLE_MS = 30 * 60_000;

/** Counts every day that is over anew from facts, and names what does not agree. */
export const recountUsageLoop: LoopDefinition = {
  name: "recount-usage",
  periodMs: DAY_MS / 4,
  async pass({ context, signal }) {
    const found = await findDrift(context, new Date(context.clock.nowMs() - SETTLE_MS - DAY_MS), signal);
    return { backlog: found.length };
  },
};

export const keepSamplesLoop: LoopDefinition = {
  name: "keep-samples",
  periodMs: 600_000,
  async pass({ context }) {
    await keepSamples(context);
    return { backlog: 0 };
  },
};
