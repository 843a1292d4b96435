import { readHourlyHistories } from "@/server/metering";
import type { ClusterHistory, DemandHistory } from "@/server/planner/types";
import type { Context } from "@/server/platform/context";

/** Two weeks tell the days of a week apart; the planner draws on no more for that. */
const DAYS = 14;
/** Beyond this the habits of single instances are too many rows for a loop; the habit of the cluster is known all the same. */
const MOST_INSTANCES = 2_000;

/** What the planner forecasts from. */
export interface Past {
  readonly cluster: ClusterHistory | null;
  readonly instances: ReadonlyMap<string, DemandHistory>;
}

interface Kept {
  readonly hour: number;
  readonly past: Promise<Past>;
}

/** Hours that are over do not change, so each is read once; a database of its own for every worker, and for every test. */
const kept = new WeakMap<object, Map<string, Kept>>();

/** The hourly demand of the last two weeks of a cluster and of its instances, up to the last full hour. */
export function readPast(context: Context, clusterId: string): Promise<Past> {
  const hour = Math.floor(context.clock.nowMs() / 3_600_000);
  const ofDatabase = kept.get(context.db) ?? new Map<string, Kept>();
  kept.set(context.db, ofDatabase);
  const known = ofDatabase.get(clusterId);
  if (known?.hour === hour) return known.past;
  const past = read(context, clusterId);
  ofDatabase.set(clusterId, { hour, past });
  // What could not be read is read again by the next pass.
  past.catch(() => ofDatabase.delete(clusterId));
  return past;
}

async function read(context: Context, clusterId: string): Promise<Past> {
  const { stepSeconds, endSeconds, instances, cluster } = await readHourlyHistories(context, clusterId, { days: DAYS, mostInstances: MOST_INSTANCES });
  return {
    cluster: cluster.cpuMillicores.length === 0 ? null : { stepSeconds, endSeconds, cpuMillicores: [...cluster.cpuMillicores], memoryMiB: [...cluster.memoryMiB], vcpus: [...cluster.vcpus] },
    instances: new Map([...instances].map(([id, cpuMillicores]) => [id, { stepSeconds, endSeconds, cpuMillicores: [...cpuMillicores] }])),
  };
}
