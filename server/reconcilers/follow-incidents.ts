import { recordInstanceEvents } from "@/server/compute";
import { closeIncident, lastFencing, listRestarts, listUntoldFencings, noteIncident, openIncident, readFleet, readOpenIncidents, type Fleet, type FencingRow, type HostRow, type IncidentKey, type IncidentRow, type RestartView } from "@/server/fleet";
import { sentence, sentences, storedSentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { isBraked } from "./fence-hosts";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 5_000;
const BUSY_PERIOD_MS = 1_000;
/** A loss is told even when no worker ran for so long after it. */
const TOLD_WITHIN_MS = 24 * 3_600_000;

/**
 * Keeps the story of every lost host while it happens: from the first signal over the fencing to the last machine that runs again.
 * Everything is read from what others have written, so that it is right after any restart, and nothing waits for it.
 */
export const followIncidentsLoop: LoopDefinition = {
  name: "follow-incidents",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const fleet = await readFleet(pass.context, { allocations: false });
    const open = (await readOpenIncidents(pass.context)).filter((one) => one.kind === "host-lost" || one.kind === "many-silent");
    let backlog = open.length;
    for (const cluster of fleet.clusters.values()) backlog += await followSilence(pass, fleet, cluster.id, open.find((one) => one.kind === "many-silent" && one.clusterId === cluster.id) ?? null);
    // One host can be fenced and emptied between two looks, so the records count and not what is open now.
    const untold = await inTransaction(pass.context, (tx) => listUntoldFencings(tx, new Date(pass.context.clock.nowMs() - TOLD_WITHIN_MS)), { readOnly: true });
    for (const fencing of new Map([...untold, ...fleet.fencings.values()].map((one) => [one.id, one])).values()) {
      const host = fleet.hosts.get(fencing.hostId);
      if (host) backlog += await begin(pass, host, fencing);
    }
    for (const incident of open) {
      const host = incident.hostId ? fleet.hosts.get(incident.hostId) : undefined;
      if (incident.kind === "host-lost" && host) await follow(pass, host, incident);
    }
    return { backlog, againInMs: backlog > 0 ? BUSY_PERIOD_MS : PERIOD_MS };
  },
};

const keyOf = (host: HostRow): IncidentKey => ({ clusterId: host.clusterId, hostId: host.id, kind: "host-lost" });

/** More hosts silent at once than are fenced by themselves: one alarm for all of them. */
async function followSilence(pass: Pass, fleet: Fleet, clusterId: string, open: IncidentRow | null): Promise<number> {
  const { context } = pass;
  const cluster = fleet.clusters.get(clusterId);
  const hosts = [...fleet.hosts.values()].filter((host) => host.clusterId === clusterId);
  const silent = hosts.filter((host) => host.silentSince !== null && !host.maintenance && host.state !== "fenced" && host.state !== "asleep" && host.powerState !== "failed-to-wake");
  const braked = cluster !== undefined && silent.filter((host) => host.state === "unreachable" || host.state === "isolated").length > 1 && isBraked(cluster, hosts, silent);
  const key: IncidentKey = { clusterId, hostId: null, kind: "many-silent" };
  if (braked && !open) {
    const first = new Date(Math.min(...silent.map((host) => host.silentSince?.getTime() ?? Infinity)));
    await inTransaction(context, (tx) => openIncident(tx, context, key, sentence("incident-many-silent", { silent: silent.length, hosts: hosts.length }), { kind: "signal", at: first, said: sentence("note-many-silent", { names: silent.map((host) => host.name) }) }));
    return 1;
  }
  if (open && silent.length === 0) await inTransaction(context, (tx) => closeIncident(tx, context, key, { kind: "end", said: sentence("note-all-answer") }));
  return 0;
}

async function begin(pass: Pass, host: HostRow, fencing: FencingRow): Promise<number> {
  const { context } = pass;
  const since = fencing.silentSince ?? fencing.requestedAt;
  await inTransaction(context, async (tx) => {
    await openIncident(tx, context, keyOf(host), sentence("incident-host-lost", { host: host.name }), { kind: "signal", at: since, said: sentence("note-silent", { host: host.name }) });
    await noteIncident(tx, context, keyOf(host), { kind: "fencing", at: fencing.requestedAt, said: sentences(sentence("note-fencing-asked"), storedSentence(fencing.reason, fencing.reasonWords)) }, { detectMs: fencing.requestedAt.getTime() - since.getTime() });
    if (fencing.lastError && fencing.state !== "confirmed") await noteIncident(tx, context, keyOf(host), { kind: "fencing", said: sentence("note-fencing-unconfirmed", { error: fencing.lastError }) });
  });
  return 1;
}

async function follow(pass: Pass, host: HostRow, incident: IncidentRow): Promise<void> {
  const { context } = pass;
  const key = keyOf(host);
  const { fencing, restarts } = await inTransaction(context, async (tx) => {
    const last = await lastFencing(tx, host.id, incident.openedAt);
    return { fencing: last, restarts: last?.confirmedAt ? await listRestarts(tx, host.id, last.requestedAt) : [] };
  }, { readOnly: true });
  if (!fencing) return;
  const since = incident.openedAt;
  if (fencing.state === "cancelled") {
    await inTransaction(context, (tx) => closeIncident(tx, context, key, { kind: "end", said: sentence("note-answered-before", { host: host.name }) }));
    return;
  }
  const confirmedAt = fencing.confirmedAt;
  if (!confirmedAt) return;
  const how = fencing.method === "power" ? sentence(offBy(fencing)) : fencing.method === "lease" ? sentence("note-lease-dead") : sentence("host-off-vouched", { operator: fencing.vouchedBy ?? "?" });
  await inTransaction(context, async (tx) => {
    await noteIncident(tx, context, key, { kind: "fencing", at: confirmedAt, said: how, detail: { method: fencing.method, attempts: fencing.attempts } }, { fenceMs: confirmedAt.getTime() - fencing.requestedAt.getTime(), method: fencing.method });
    for (const one of restarts) {
      await noteIncident(tx, context, key, { kind: "restart", at: one.decidedAt, said: sentence("note-restarts", { instance: one.name, host: one.toHostName }), detail: { instanceId: one.instanceId } });
      if (!one.backAt) continue;
      const back = await noteIncident(tx, context, key, { kind: "restart", at: one.backAt, said: sentence("note-runs", { instance: one.name, host: one.toHostName, afterSeconds: secondsBetween(since, one.backAt) }), detail: { instanceId: one.instanceId } });
      // Its owner reads how long it was away; the host's last word is the last moment at which it surely ran.
      if (back) await recordInstanceEvents(tx, context, [{ instanceId: one.instanceId, kind: "recovered", at: one.backAt, detail: { awayMs: Math.max(0, one.backAt.getTime() - since.getTime()) } }]);
    }
  });
  if (fencing.closedAt && restarts.every((one) => one.backAt !== null || one.givenUp)) await end(pass, host, incident, restarts);
}

/** Which of its devices confirmed it: the fencing's reason says so where it was not the controller alone. */
function offBy(fencing: FencingRow): "host-off-confirmed" | "host-off-second" | "host-off-both" {
  return (["host-off-second", "host-off-both"] as const).find((code) => (fencing.reasonWords ?? []).some((word) => word.code === code)) ?? "host-off-confirmed";
}

/** To a tenth of a second. */
const secondsBetween = (from: Date, to: Date): number => Math.round((to.getTime() - from.getTime()) / 100) / 10;

async function end(pass: Pass, host: HostRow, incident: IncidentRow, restarts: readonly RestartView[]): Promise<void> {
  const { context } = pass;
  const back = restarts.flatMap((one) => one.backAt ?? []);
  const last = back.length === 0 ? context.clock.now() : new Date(Math.max(...back.map((at) => at.getTime())));
  const said = restarts.length === 0 ? sentence("note-nothing-restarted", { host: host.name }) : sentence("note-back", { back: back.length, machines: restarts.length, host: host.name });
  await inTransaction(context, (tx) => closeIncident(tx, context, keyOf(host), { kind: "end", at: last, said }, { instances: restarts.length, back: back.length }));
}
