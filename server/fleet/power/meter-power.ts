import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { defaultAutomation } from "../automation/rules";
import { findAutomation } from "../automation/store";
import { findCluster } from "../cluster/store";
import { hostsOf } from "../host/store";
import { finishedMoves } from "../migration/store";
import type { EnergyReportRow, PowerEventRow, PowerReadingRow } from "../types";
import { assumedCurve, computeEnergy, type Curve, type Energy, type EnergyInput } from "./rules";
import { energyReportsOf, insertReadings, meanReadings, powerEventsOf, readingsOf, removeReadings, upsertEnergyReport } from "./store";

/** A year and a bit: the same season can be compared. */
const KEEP_DAYS = 400;
const DAY_MS = 86_400_000;

/** Watts of hosts in one minute; the same minute again changes nothing. */
export async function recordReadings(tx: Transaction, rows: readonly PowerReadingRow[]): Promise<void> {
  await insertReadings(tx, rows);
}

/**
 * What sleep saved in [from, to): computed from the stored readings, moves and wakes, and written with all of them, so
 * that anyone can compute it again. Null when there is no reading. Safe to repeat for the same stretch.
 */
export function reportEnergy(context: Context, clusterId: string, from: Date, to: Date): Promise<EnergyReportRow | null> {
  return inTransaction(context, async (tx) => {
    const settings = (await findAutomation(tx, clusterId)) ?? defaultAutomation(clusterId);
    const { input, energy, readings } = await energyIn(tx, clusterId, from, to);
    if (readings.length === 0) return null;
    const { hosts, moves, wakes } = input;
    const measured = readings.filter((row) => row.source === "measured").length;
    const row: EnergyReportRow = {
      id: mintId("energyReport", context),
      clusterId,
      from,
      to,
      ...energy,
      savedMicros: Math.round(energy.savedKwh * settings.electricityMicrosPerKwh),
      currency: settings.electricityCurrency,
      savedCarbonGrams: energy.savedKwh * settings.carbonGramsPerKwh,
      inputs: { hosts, moves, wakes, minutes: new Set(readings.map((one) => one.minute.getTime())).size, readings: readings.length, measuredFraction: measured / readings.length, electricityMicrosPerKwh: settings.electricityMicrosPerKwh, carbonGramsPerKwh: settings.carbonGramsPerKwh, readingsFrom: "power_reading", counterfactual: "every host awake, the same work spread over all of them by their cores" },
      createdAt: context.clock.now(),
    };
    await upsertEnergyReport(tx, row);
    return row;
  });
}

interface HostInput {
  readonly hostId: string;
  readonly name: string;
  readonly cores: number;
  readonly curve: Curve;
  readonly curveIs: "given" | "assumed";
}

/** Everything that a stretch's energy is computed from, and what it comes to. */
export async function energyIn(tx: Transaction, clusterId: string, from: Date, to: Date): Promise<{ readonly input: EnergyInput & { readonly hosts: readonly HostInput[] }; readonly energy: Energy; readonly readings: readonly PowerReadingRow[] }> {
  const readings = await readingsOf(tx, clusterId, from, to);
  const hosts = (await hostsOf(tx, clusterId)).map((host): HostInput => ({ hostId: host.id, name: host.name, cores: host.cores, curve: host.powerCurve ?? assumedCurve(host.cores), curveIs: host.powerCurve ? "given" : "assumed" }));
  const moves = (await finishedMoves(tx, clusterId, "sleep", from, to)).map((move) => ({ fromHostId: move.fromHostId, toHostId: move.toHostId, seconds: (move.totalMs ?? 0) / 1_000 }));
  const wakes = (await powerEventsOf(tx, { clusterId }, from, to)).filter((event) => event.to === "on" && event.seconds !== null).map((event) => ({ hostId: event.hostId, seconds: event.seconds ?? 0 }));
  const input = { readings: readings.map((row) => ({ minuteMs: row.minute.getTime(), hostId: row.hostId, watts: row.watts, asleep: row.asleep, cpuFraction: row.cpuFraction })), hosts, moves, wakes };
  return { input, energy: computeEnergy(input), readings };
}

/** Forgets readings that no report looks back to. */
export function expireReadings(context: Context): Promise<void> {
  return inTransaction(context, (tx) => removeReadings(tx, new Date(context.clock.nowMs() - KEEP_DAYS * DAY_MS)));
}

export interface PowerTimeline {
  readonly from: Date;
  readonly to: Date;
  readonly stepSeconds: number;
  readonly hosts: readonly { readonly hostId: string; readonly name: string; readonly points: readonly { readonly at: Date; readonly watts: number; readonly asleep: boolean; readonly measured: boolean; readonly cpuFraction: number | null }[] }[];
  readonly events: readonly (PowerEventRow & { readonly hostName: string })[];
  readonly reports: readonly EnergyReportRow[];
  readonly usedKwh: number;
  readonly savedKwh: number;
  readonly savedMicros: number;
  readonly currency: string;
  readonly savedCarbonGrams: number;
}

const REPORTS_SHOWN = 14;
const POINTS = 336;
const SECONDS_AN_HOUR = 3_600;

/** Watts, sleeps and wakes of a cluster over a time, with what the nights in it saved. */
export function readPowerTimeline(context: Context, input: { readonly clusterId: string; readonly days: number }): Promise<PowerTimeline> {
  return inTransaction(context, async (tx) => {
    if (!(await findCluster(tx, input.clusterId))) throw notFound("cluster", input.clusterId);
    const settings = (await findAutomation(tx, input.clusterId)) ?? defaultAutomation(input.clusterId);
    const to = context.clock.now();
    const from = new Date(to.getTime() - input.days * DAY_MS);
    const stepSeconds = Math.max(60, Math.ceil((input.days * DAY_MS) / 1_000 / POINTS / 60) * 60);
    const names = new Map((await hostsOf(tx, input.clusterId)).map((host) => [host.id, host.name]));
    const points = await meanReadings(tx, input.clusterId, from, to, stepSeconds);
    const events = await powerEventsOf(tx, { clusterId: input.clusterId }, from, to);
    const reports = (await energyReportsOf(tx, input.clusterId, REPORTS_SHOWN)).filter((report) => report.to > from);
    const byHost = new Map<string, { at: Date; watts: number; asleep: boolean; measured: boolean; cpuFraction: number | null }[]>();
    for (const { hostId, ...point } of points) byHost.set(hostId, [...(byHost.get(hostId) ?? []), point]);
    const sum = (of: (report: EnergyReportRow) => number): number => reports.reduce((total, report) => total + of(report), 0);
    return {
      from,
      to,
      stepSeconds,
      hosts: [...byHost].map(([hostId, own]) => ({ hostId, name: names.get(hostId) ?? hostId, points: own })),
      events: events.map((event) => ({ ...event, hostName: names.get(event.hostId) ?? event.hostId })),
      reports,
      usedKwh: points.reduce((total, point) => total + (point.watts * stepSeconds) / SECONDS_AN_HOUR / 1_000, 0),
      savedKwh: sum((report) => report.savedKwh),
      savedMicros: sum((report) => report.savedMicros),
      currency: settings.electricityCurrency,
      savedCarbonGrams: sum((report) => report.savedCarbonGrams),
    };
  });
}
