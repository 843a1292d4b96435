import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { lockInstance, selectInstance } from "../instance/store";
import type { InstanceRow } from "../types";
import { findWay, numberOf, priorityOf } from "./rules";
import { MAX_START_AFTER, setRestartInput, type SetRestartInput } from "./schema";
import { lockRestartOrders, replaceEdges, selectEdges, selectEdgesOfCluster, selectNamed, selectNeighbours, selectPredecessors, writePriority } from "./store";
import type { Predecessor, RestartOrder } from "./types";

/** A longer list is not read to its end by anybody; by the interface every instance of the cluster may be named. */
const CANDIDATES = 200;

/** Who restarts before whom after the loss of a host, as far as the owner has said. */
export function getRestart(context: Context, input: { readonly instanceId: string }): Promise<RestartOrder> {
  return inTransaction(context, async (tx) => {
    const row = await selectInstance(tx, context, input.instanceId);
    if (!row || row.purgedAt) throw notFound("instance", input.instanceId);
    return readOrder(tx, row);
  });
}

/**
 * Sets priority and predecessors of one instance; the same again writes nothing. Nothing of a running machine changes, so there is no new generation:
 * it is read when a host is lost.
 */
export function setRestart(context: Context, input: SetRestartInput): Promise<RestartOrder> {
  const { instanceId, priority, startAfter } = setRestartInput.parse(input);
  const wanted = [...new Set(startAfter)].sort();
  return inTransaction(context, async (tx) => {
    const seen = await selectInstance(tx, context, instanceId);
    if (!seen) throw notFound("instance", instanceId);
    await lockRestartOrders(tx, seen.organizationId);
    const row = await lockInstance(tx, context, instanceId);
    if (!row || row.deletedAt) throw notFound("instance", instanceId);
    const edges = await selectEdges(tx, row.organizationId);
    await requirePossible(tx, row, wanted, edges);
    const before = { priority: priorityOf(row.haPriority), startAfter: edges.get(row.id) ?? [] };
    if (before.priority !== priority || before.startAfter.join() !== wanted.join()) {
      await writePriority(tx, row.id, numberOf(priority));
      await replaceEdges(tx, row, wanted, context.clock.now());
      await announce(tx, { organizationId: row.organizationId, topic: "instance", id: row.id });
      await recordAudit(tx, context, { organizationId: row.organizationId, action: "instance.restart-order-changed", targetKind: "instance", targetId: row.id, before, after: { priority, startAfter: wanted } });
    }
    return readOrder(tx, { ...row, haPriority: numberOf(priority) });
  });
}

async function requirePossible(tx: Transaction, row: InstanceRow, wanted: readonly string[], edges: ReadonlyMap<string, readonly string[]>): Promise<void> {
  const instance = row.name;
  if (wanted.length > MAX_START_AFTER) throw new Problem("bad-input", sentence("refused-start-after-many", { instance, asked: wanted.length, most: MAX_START_AFTER }), { field: "startAfter", asked: wanted.length, most: MAX_START_AFTER });
  if (wanted.includes(row.id)) throw new Problem("bad-input", sentence("refused-start-after-itself", { instance }), { field: "startAfter" });
  const found = new Map((await selectNamed(tx, row.organizationId, wanted)).map((one) => [one.id, one]));
  for (const id of wanted) {
    const other = found.get(id);
    if (!other) throw notFound("instance", id);
    if (other.clusterId !== row.clusterId) throw new Problem("conflict", sentence("refused-start-after-cluster", { instance, other: other.name }), { field: "startAfter", instanceId: id });
    const way = findWay(edges, id, row.id);
    if (!way) continue;
    const names = new Map((await selectNamed(tx, row.organizationId, way)).map((one) => [one.id, one.name]));
    throw new Problem("conflict", sentence("refused-start-after-circle", { instance, other: other.name, names: way.map((step) => names.get(step) ?? step) }), { field: "startAfter", instanceIds: way });
  }
}

async function readOrder(tx: Transaction, row: InstanceRow): Promise<RestartOrder> {
  const edges = await selectEdges(tx, row.organizationId);
  const before = [...edges].filter(([, after]) => after.includes(row.id)).map(([id]) => id);
  const candidates = await selectNeighbours(tx, row, CANDIDATES);
  const named = async (ids: readonly string[]) => (await selectNamed(tx, row.organizationId, ids)).map(({ id, name }) => ({ id, name }));
  return {
    instanceId: row.id,
    priority: priorityOf(row.haPriority),
    startAfter: await named(edges.get(row.id) ?? []),
    startBefore: await named(before),
    candidates: candidates.filter(({ id }) => findWay(edges, id, row.id) === null),
  };
}

/** What the machines of a cluster start after, by machine; those that start after nothing are left out. */
export function readStartAfter(tx: Transaction, clusterId: string): Promise<ReadonlyMap<string, readonly string[]>> {
  return selectEdgesOfCluster(tx, clusterId);
}

/** What one machine is to start after, and whether each is wanted and was seen running. */
export function readPredecessors(tx: Transaction, instanceId: string): Promise<Predecessor[]> {
  return selectPredecessors(tx, instanceId);
}
