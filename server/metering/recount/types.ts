import type { usageFact } from "@/db/schema/metering";

export type UsageFactRow = typeof usageFact.$inferSelect;

/** A stretch of running, counted from facts alone. */
export interface CountedRun {
  readonly instanceId: string;
  readonly flavorId: string;
  readonly movable: boolean;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}
