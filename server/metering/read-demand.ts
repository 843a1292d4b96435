import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { selectClusterHistory, selectDemand, type DemandRow } from "./sample/store";

export type MeasuredDemand = DemandRow;

/** What each instance of a cluster wanted over the last `minutes`, by instance; the last `recentMinutes` also apart. */
export function readDemand(context: Context, clusterId: string, window: { readonly minutes: number; readonly recentMinutes: number }): Promise<ReadonlyMap<string, MeasuredDemand>> {
  const to = context.clock.now();
  const from = new Date(to.getTime() - window.minutes * 60_000);
  return inTransaction(context, async (tx) => new Map((await selectDemand(tx, clusterId, from, to, window.recentMinutes)).map((row) => [row.instanceId, row])), { readOnly: true });
}

/** What a whole cluster wanted in evenly spaced steps up to now, oldest first; null where nothing was measured. Thousandths of a core. */
export function readDemandHistory(context: Context, clusterId: string, window: { readonly days: number; readonly stepSeconds: number }): Promise<{ readonly endSeconds: number; readonly cpuMillicores: readonly (number | null)[] }> {
  const endSeconds = Math.floor(context.clock.nowMs() / 1_000 / window.stepSeconds) * window.stepSeconds;
  const steps = Math.floor((window.days * 86_400) / window.stepSeconds);
  const from = new Date((endSeconds - steps * window.stepSeconds) * 1_000);
  return inTransaction(context, async (tx) => ({ endSeconds, cpuMillicores: await selectClusterHistory(tx, clusterId, from, steps, window.stepSeconds) }), { readOnly: true });
}
