import { z } from "zod";

/** A machine that waits for more than these is a plan of its own, and belongs into its owner's tools. */
export const MAX_START_AFTER = 8;

export const RESTART_PRIORITIES = ["high", "normal", "low"] as const;

export const setRestartInput = z.object({
  instanceId: z.string().min(1).max(64),
  /** Against the owner's other machines: who calls all of them high has said nothing. */
  priority: z.enum(RESTART_PRIORITIES),
  /** Instances of the same organization and cluster that run first, when they are lost together. More than `MAX_START_AFTER` are refused by the verb, in words. */
  startAfter: z.array(z.string().min(1).max(64)).max(1_000),
});
export type SetRestartInput = z.output<typeof setRestartInput>;
