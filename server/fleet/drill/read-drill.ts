import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { hostsOf } from "../host/store";
import { receiptOf } from "../rehearsal/rules";
import { findRehearsal } from "../rehearsal/store";
import type { Receipt, RehearsalRow } from "../rehearsal/types";
import type { DrillRow } from "../types";
import { drillsOf, newestDrillIn, newestDrillOn, openDrills } from "./store";

export interface DrillView extends DrillRow {
  readonly hostName: string;
  /** What was foretold beside what was measured; null until it has ended. */
  readonly receipt: Receipt | null;
}

const SHOWN = 10;

/** Drills of a cluster with their receipts, newest first. */
export function listDrills(context: Context, clusterId: string): Promise<readonly DrillView[]> {
  return inTransaction(context, async (tx) => {
    const names = new Map((await hostsOf(tx, clusterId)).map((host) => [host.id, host.name]));
    const views: DrillView[] = [];
    for (const row of await drillsOf(tx, clusterId, SHOWN)) {
      const rehearsal = await findRehearsal(tx, row.rehearsalId);
      views.push({ ...row, hostName: names.get(row.hostId) ?? row.hostId, receipt: rehearsal ? receiptOf(rehearsal) : null });
    }
    return views;
  }, { readOnly: true });
}

/** Drills that are under way, each with its rehearsal. */
export function readOpenDrills(context: Context): Promise<readonly { readonly drill: DrillRow; readonly rehearsal: RehearsalRow | null }[]> {
  return inTransaction(context, async (tx) => {
    const open: { drill: DrillRow; rehearsal: RehearsalRow | null }[] = [];
    for (const drill of await openDrills(tx)) open.push({ drill, rehearsal: await findRehearsal(tx, drill.rehearsalId) });
    return open;
  }, { readOnly: true });
}

/** When a host was last crashed on purpose, and when any host of its cluster was. */
export function readLastDrills(context: Context, clusterId: string, hostIds: readonly string[]): Promise<{ readonly ofCluster: Date | null; readonly of: ReadonlyMap<string, Date> }> {
  return inTransaction(context, async (tx) => {
    const of = new Map<string, Date>();
    for (const hostId of hostIds) {
      const row = await newestDrillOn(tx, hostId);
      if (row) of.set(hostId, row.orderedAt);
    }
    return { ofCluster: (await newestDrillIn(tx, clusterId))?.orderedAt ?? null, of };
  }, { readOnly: true });
}
