import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { findHost, hostsOf } from "../host/store";
import type { IncidentEntryRow, IncidentRow } from "../types";
import { entriesOf, findIncident, openIncidents, pageIncidents } from "./store";

export interface IncidentSummary extends IncidentRow {
  readonly hostName: string | null;
}

export interface IncidentView extends IncidentSummary {
  readonly entries: readonly IncidentEntryRow[];
}

/** One page of incidents, newest first. */
export function listIncidents(context: Context, filter: { readonly clusterId?: string; readonly hostId?: string; readonly cursor?: string | null; readonly limit: number }): Promise<{ readonly items: readonly IncidentSummary[]; readonly nextCursor: string | null }> {
  return inTransaction(context, async (tx) => {
    const rows = await pageIncidents(tx, filter);
    const names = new Map((await hostsOf(tx, filter.clusterId)).map((host) => [host.id, host.name]));
    const items = rows.slice(0, filter.limit).map((row) => ({ ...row, hostName: row.hostId ? (names.get(row.hostId) ?? row.hostId) : null }));
    return { items, nextCursor: rows.length > filter.limit ? (items.at(-1)?.id ?? null) : null };
  });
}

/** All that are open, of every cluster; for the loops that end them. */
export function readOpenIncidents(context: Context): Promise<IncidentRow[]> {
  return inTransaction(context, (tx) => openIncidents(tx), { readOnly: true });
}

/** One incident with its timeline, from the first signal to the end. */
export function getIncident(context: Context, incidentId: string): Promise<IncidentView> {
  return inTransaction(context, async (tx) => {
    const row = await findIncident(tx, incidentId);
    if (!row) throw notFound("incident", incidentId);
    const host = row.hostId ? await findHost(tx, row.hostId) : null;
    return { ...row, hostName: host?.name ?? null, entries: await entriesOf(tx, incidentId) };
  });
}
