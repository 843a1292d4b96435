import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { selectClusterHistory, selectDemand, selectHourlyDemand, type DemandRow } from "./sample/store";

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

/** Evenly spaced hours, oldest first; NaN where nothing was measured. The last hour ends at `endSeconds`. */
export interface HourlyHistories {
  readonly stepSeconds: 3_600;
  readonly endSeconds: number;
  /** By instance, from its own first hour on; thousandths of a core. Empty where the cluster has more instances than were asked for. */
  readonly instances: ReadonlyMap<string, readonly number[]>;
  /** The whole cluster: wanted, and sold to the instances that ran. Empty while no hour is over. */
  readonly cluster: { readonly cpuMillicores: readonly number[]; readonly memoryMiB: readonly number[]; readonly vcpus: readonly number[] };
}

/** What a cluster and its instances wanted hour by hour, up to the last full hour. */
export function readHourlyHistories(context: Context, clusterId: string, window: { readonly days: number; readonly mostInstances: number }): Promise<HourlyHistories> {
  const endSeconds = Math.floor(context.clock.nowMs() / 3_600_000) * 3_600;
  const hours = window.days * 24;
  const from = new Date((endSeconds - hours * 3_600) * 1_000);
  return inTransaction(
    context,
    async (tx) => {
      const rows = await selectHourlyDemand(tx, clusterId, from, hours, window.mostInstances);
      const spread = <T extends { readonly step: number }>(some: readonly T[], of: (row: T) => number): number[] => {
        const first = some[0]?.step;
        if (first === undefined) return [];
        const values = Array.from({ length: hours - first }, () => Number.NaN);
        for (const row of some) values[row.step - first] = of(row);
        return values;
      };
      return {
        stepSeconds: 3_600,
        endSeconds,
        instances: new Map([...rows.instances].map(([id, some]) => [id, spread(some, (row) => row.cpuMillicores)])),
        cluster: { cpuMillicores: spread(rows.cluster, (row) => row.cpuMillicores), memoryMiB: spread(rows.cluster, (row) => row.memoryMiB), vcpus: spread(rows.cluster, (row) => row.vcpus) },
      };
    },
    { readOnly: true },
  );
}
