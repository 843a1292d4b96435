import { sql } from "drizzle-orm";
import { dirtyRate } from "@/db/schema/automation";
import type { Transaction } from "@/server/platform/transaction";

export interface MoveFacts {
  /** When each instance was last moved (or is being moved), by instance. */
  readonly lastMoved: ReadonlyMap<string, Date>;
  /** Moves that began in the last hour, in all and by host (in and out counted together). */
  readonly lastHour: number;
  readonly lastHourOf: ReadonlyMap<string, number>;
  /** MiB/s, by instance, as last measured. */
  readonly dirtyMiBPerSecond: ReadonlyMap<string, number>;
}

export async function selectMoveFacts(tx: Transaction, clusterId: string, now: Date, oldest: Date): Promise<MoveFacts> {
  const moved = await tx.execute<{ instance_id: string; at: string }>(sql`
    select instance_id, max(coalesce(finished_at, started_at, created_at)) as at from migration
    where cluster_id = ${clusterId} and state in ('planned', 'running', 'done') and created_at >= ${oldest.toISOString()} group by 1`);
  const hour = new Date(now.getTime() - 3_600_000).toISOString();
  const begun = await tx.execute<{ host_id: string; moves: string }>(sql`
    select h.id as host_id, count(m.id) as moves from host h join migration m on h.id in (m.from_host_id, m.to_host_id)
    where m.cluster_id = ${clusterId} and m.created_at >= ${hour} group by 1`);
  const total = await tx.execute<{ moves: string }>(sql`select count(*) as moves from migration where cluster_id = ${clusterId} and created_at >= ${hour}`);
  return {
    lastMoved: new Map(moved.rows.map((row) => [row.instance_id, new Date(row.at)])),
    lastHour: Number(total.rows[0]?.moves ?? 0),
    lastHourOf: new Map(begun.rows.map((row) => [row.host_id, Number(row.moves)])),
    dirtyMiBPerSecond: await selectDirtyRates(tx, clusterId),
  };
}

/** How fast the guests of a cluster write their memory, MiB/s, as last measured; those that were never asked are not there. */
export async function selectDirtyRates(tx: Transaction, clusterId: string): Promise<Map<string, number>> {
  const rates = await tx.execute<{ instance_id: string; rate: string }>(sql`
    select d.instance_id, d.mib_per_second as rate from dirty_rate d join allocation a on a.instance_id = d.instance_id where a.cluster_id = ${clusterId}`);
  return new Map(rates.rows.map((row) => [row.instance_id, Number(row.rate)]));
}

export async function upsertDirtyRate(tx: Transaction, instanceId: string, mibPerSecond: number, measuredAt: Date): Promise<void> {
  await tx.insert(dirtyRate).values({ instanceId, mibPerSecond, measuredAt }).onConflictDoUpdate({ target: dirtyRate.instanceId, set: { mibPerSecond, measuredAt } });
}
