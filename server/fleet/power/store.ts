import { and, asc, desc, eq, gte, inArray, lt, sql } from "drizzle-orm";
import { energyReport, hostPowerEvent, powerReading } from "@/db/schema/automation";
import type { Transaction } from "@/server/platform/transaction";
import type { EnergyReportRow, PowerEventRow, PowerReadingRow } from "../types";

export async function insertPowerEvent(tx: Transaction, row: typeof hostPowerEvent.$inferInsert): Promise<void> {
  await tx.insert(hostPowerEvent).values(row);
}

export function powerEventsOf(tx: Transaction, which: { readonly clusterId: string; readonly hostId?: string }, from: Date, to: Date): Promise<PowerEventRow[]> {
  const host = which.hostId ? [eq(hostPowerEvent.hostId, which.hostId)] : [];
  return tx.select().from(hostPowerEvent).where(and(eq(hostPowerEvent.clusterId, which.clusterId), gte(hostPowerEvent.at, from), lt(hostPowerEvent.at, to), ...host)).orderBy(asc(hostPowerEvent.at), asc(hostPowerEvent.id));
}

/** How often each host went to sleep since a moment. */
export async function countSleeps(tx: Transaction, clusterId: string, since: Date): Promise<Map<string, number>> {
  const rows = await tx
    .select({ hostId: hostPowerEvent.hostId, count: sql<string>`count(*)` })
    .from(hostPowerEvent)
    .where(and(eq(hostPowerEvent.clusterId, clusterId), eq(hostPowerEvent.to, "falling-asleep"), gte(hostPowerEvent.at, since)))
    .groupBy(hostPowerEvent.hostId);
  return new Map(rows.map((row) => [row.hostId, Number(row.count)]));
}

/** When each host of a cluster was last put to sleep. */
export async function lastSleeps(tx: Transaction, clusterId: string): Promise<Map<string, Date>> {
  const rows = await tx
    .select({ hostId: hostPowerEvent.hostId, at: sql<string>`max(${hostPowerEvent.at})` })
    .from(hostPowerEvent)
    .where(and(eq(hostPowerEvent.clusterId, clusterId), eq(hostPowerEvent.to, "falling-asleep")))
    .groupBy(hostPowerEvent.hostId);
  return new Map(rows.map((row) => [row.hostId, new Date(row.at)]));
}

export async function insertReadings(tx: Transaction, rows: readonly (typeof powerReading.$inferInsert)[]): Promise<void> {
  for (let at = 0; at < rows.length; at += 5_000) await tx.insert(powerReading).values(rows.slice(at, at + 5_000)).onConflictDoNothing();
}

export function readingsOf(tx: Transaction, clusterId: string, from: Date, to: Date): Promise<PowerReadingRow[]> {
  return tx.select().from(powerReading).where(and(eq(powerReading.clusterId, clusterId), gte(powerReading.minute, from), lt(powerReading.minute, to))).orderBy(asc(powerReading.minute), asc(powerReading.hostId));
}

/** Mean watts by host in steps of some minutes, for a chart. */
export async function meanReadings(tx: Transaction, clusterId: string, from: Date, to: Date, stepSeconds: number): Promise<{ at: Date; hostId: string; watts: number; asleep: boolean; measured: boolean; cpuFraction: number | null }[]> {
  const rows = await tx.execute<{ at: string; host_id: string; watts: string; asleep: boolean; measured: boolean; cpu: string | null }>(sql`
    select to_timestamp(floor(extract(epoch from minute) / ${stepSeconds}) * ${stepSeconds}) as at, host_id, avg(watts) as watts, bool_and(asleep) as asleep, bool_and(source = 'measured') as measured, avg(cpu_fraction) as cpu
    from power_reading where cluster_id = ${clusterId} and minute >= ${from.toISOString()} and minute < ${to.toISOString()} group by 1, 2 order by 1, 2`);
  return rows.rows.map((row) => ({ at: new Date(row.at), hostId: row.host_id, watts: Number(row.watts), asleep: row.asleep, measured: row.measured, cpuFraction: row.cpu === null ? null : Number(row.cpu) }));
}

export async function removeReadings(tx: Transaction, before: Date): Promise<void> {
  await tx.delete(powerReading).where(lt(powerReading.minute, before));
}

export async function upsertEnergyReport(tx: Transaction, row: typeof energyReport.$inferInsert): Promise<void> {
  const { id: _id, clusterId: _cluster, from: _from, ...rest } = row;
  await tx.insert(energyReport).values(row).onConflictDoUpdate({ target: [energyReport.clusterId, energyReport.from], set: rest });
}

export function energyReportsOf(tx: Transaction, clusterId: string, limit: number): Promise<EnergyReportRow[]> {
  return tx.select().from(energyReport).where(eq(energyReport.clusterId, clusterId)).orderBy(desc(energyReport.from)).limit(limit);
}

export async function energyReportOf(tx: Transaction, reportId: string): Promise<EnergyReportRow | null> {
  const [row] = await tx.select().from(energyReport).where(eq(energyReport.id, reportId));
  return row ?? null;
}

export async function lastEvents(tx: Transaction, hostIds: readonly string[]): Promise<Map<string, PowerEventRow>> {
  if (hostIds.length === 0) return new Map();
  const rows = await tx.selectDistinctOn([hostPowerEvent.hostId]).from(hostPowerEvent).where(inArray(hostPowerEvent.hostId, [...hostIds])).orderBy(hostPowerEvent.hostId, desc(hostPowerEvent.at), desc(hostPowerEvent.id));
  return new Map(rows.map((row) => [row.hostId, row]));
}
