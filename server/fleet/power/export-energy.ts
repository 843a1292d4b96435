import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { energyReportOf, readingsOf } from "./store";

/**
 * One report with everything that it was computed from, as a file that `npm run energy -- verify FILE` computes again without any
 * network: every reading, the hosts' curves, the moves and wakes that are charged to sleeping, and the prices.
 */
export function exportEnergy(context: Context, reportId: string): Promise<{ readonly fileName: string; readonly text: string }> {
  return inTransaction(context, async (tx) => {
    const report = await energyReportOf(tx, reportId);
    if (!report) throw notFound("energy report", reportId);
    const { inputs, ...figures } = report;
    const readings = (await readingsOf(tx, report.clusterId, report.from, report.to)).map((row) => ({ minuteMs: row.minute.getTime(), hostId: row.hostId, watts: row.watts, asleep: row.asleep, cpuFraction: row.cpuFraction, source: row.source }));
    // A line a reading: a night of a few hosts stays readable, and a difference is found by any tool.
    const lines = readings.map((row) => JSON.stringify(row)).join(",\n");
    return { fileName: `energy-${report.from.toISOString().slice(0, 10)}-${report.id}.json`, text: `{"format":"berth-energy-1",\n"report":${JSON.stringify(figures)},\n"inputs":${JSON.stringify(inputs)},\n"readings":[\n${lines}\n]}\n` };
  }, { readOnly: true });
}
