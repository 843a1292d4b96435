import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction, violatedConstraint } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { lockCluster, raiseGeneration } from "../cluster/store";
import { hostsOf, lockHost, writeHost } from "../host/store";
import { abortMovesFrom } from "../migration/end-migration";
import { conflict } from "../rules";
import type { UpdateInput } from "../schema";
import type { HostUpdateHostRow, HostUpdateRow } from "../types";
import { insertUpdate, lockUpdate, openUpdates, updateHostsOf, updatesOf, writeUpdate, writeUpdateHost } from "./store";

export interface UpdateView extends HostUpdateRow {
  readonly hosts: readonly (HostUpdateHostRow & { readonly hostName: string })[];
}

/** Brings hosts up to date, a few at a time; the loop update-hosts does it. @throws Problem `conflict` while another one runs there. */
export async function startUpdate(context: Context, input: UpdateInput): Promise<HostUpdateRow> {
  try {
    return await inTransaction(context, async (tx) => {
      const cluster = await lockCluster(tx, input.clusterId);
      if (!cluster) throw notFound("cluster", input.clusterId);
      const known = new Map((await hostsOf(tx, cluster.id)).map((host) => [host.id, host]));
      for (const hostId of input.hostIds) if (!known.has(hostId)) throw new Problem("bad-input", sentence("refused-update-host", { host: hostId, cluster: cluster.name }), { hostId });
      const row: HostUpdateRow = {
        id: mintId("hostUpdate", context), clusterId: cluster.id, name: input.name, step: input.step, stepTimeoutSeconds: input.stepTimeoutSeconds, hostsAtOnce: input.hostsAtOnce,
        state: "running", reason: "", reasonWords: null, createdBy: context.actor.id, createdAt: context.clock.now(), predictedEndAt: null, finishedAt: null,
      };
      const hosts = [...new Set(input.hostIds)].map((hostId, position): HostUpdateHostRow => ({ updateId: row.id, hostId, position, state: "waiting", reason: "", reasonWords: null, output: "", startedAt: null, stepStartedAt: null, finishedAt: null }));
      await insertUpdate(tx, row, hosts);
      await announce(tx, { organizationId: null, topic: "cluster", id: cluster.id });
      await wake(tx, "update-hosts");
      await recordAudit(tx, context, { organizationId: null, action: "host-update.started", targetKind: "host-update", targetId: row.id, before: null, after: { name: row.name, hosts: input.hostIds, step: row.step, hostsAtOnce: row.hostsAtOnce } });
      return row;
    });
  } catch (error) {
    if (violatedConstraint(error) !== "host_update_one_open") throw error;
    throw conflict(sentence("refused-update-running"), { clusterId: input.clusterId });
  }
}

/** `pause` begins nothing new, `resume` goes on (also after a failed host), `abort` takes everything back that can be taken back. */
export function changeUpdate(context: Context, updateId: string, to: "pause" | "resume" | "abort"): Promise<HostUpdateRow> {
  return inTransaction(context, async (tx) => {
    const row = await lockUpdate(tx, updateId);
    if (!row) throw notFound("update", updateId);
    if (row.state !== "running" && row.state !== "paused") throw conflict(sentence("refused-update-over", { update: row.name }), { updateId, state: row.state });
    const state = to === "pause" ? ("paused" as const) : to === "resume" ? ("running" as const) : ("aborted" as const);
    const why = to === "abort" ? sentence("update-aborted") : to === "pause" ? sentence("update-paused") : null;
    const change = { state, reason: why?.text ?? "", reasonWords: why?.words ?? null, finishedAt: to === "abort" ? context.clock.now() : null };
    if (to === "abort") await takeBack(tx, context, updateId);
    await writeUpdate(tx, updateId, change);
    await announce(tx, { organizationId: null, topic: "cluster", id: row.clusterId });
    await wake(tx, "update-hosts", "migrate-instances");
    await recordAudit(tx, context, { organizationId: null, action: `host-update.${to}`, targetKind: "host-update", targetId: updateId, before: { state: row.state }, after: { state } });
    return { ...row, ...change };
  });
}

/** What was begun is taken back at once; a host whose step runs stays in maintenance until an operator has looked at it. */
async function takeBack(tx: Transaction, context: Context, updateId: string): Promise<void> {
  const now = context.clock.now();
  for (const one of await updateHostsOf(tx, [updateId])) {
    if (["done", "failed", "skipped"].includes(one.state)) continue;
    const host = await lockHost(tx, one.hostId);
    if (host && one.state === "draining") {
      await abortMovesFrom(tx, context, one.hostId, sentence("move-update-aborted"));
      await writeHost(tx, one.hostId, { cordoned: false, drainRequestedAt: null, drainRequestedBy: null });
      await raiseGeneration(tx, host.clusterId);
      await announce(tx, { organizationId: null, topic: "host", id: one.hostId });
    }
    const why = sentence(one.state === "updating" || one.state === "returning" ? "update-aborted-under-way" : "update-aborted-before");
    await writeUpdateHost(tx, updateId, one.hostId, { state: "skipped", reason: why.text, reasonWords: why.words, finishedAt: now });
  }
}

const SHOWN = 20;

export function listUpdates(context: Context, clusterId: string): Promise<UpdateView[]> {
  return inTransaction(context, async (tx) => {
    const rows = await updatesOf(tx, clusterId, SHOWN);
    return withHosts(tx, rows, clusterId);
  });
}

/** Updates that run or are paused. */
export function readOpenUpdates(context: Context): Promise<UpdateView[]> {
  return inTransaction(context, async (tx) => withHosts(tx, await openUpdates(tx)), { readOnly: true });
}

async function withHosts(tx: Transaction, rows: readonly HostUpdateRow[], clusterId?: string): Promise<UpdateView[]> {
  const names = new Map((await hostsOf(tx, clusterId)).map((host) => [host.id, host.name]));
  const hosts = await updateHostsOf(tx, rows.map((row) => row.id));
  return rows.map((row) => ({ ...row, hosts: hosts.filter((one) => one.updateId === row.id).map((one) => ({ ...one, hostName: names.get(one.hostId) ?? one.hostId })) }));
}
