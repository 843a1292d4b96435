import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { inTransaction, violatedConstraint, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { checkNetwork, createNetworkIn } from "@/server/compute";
import { recordAudit } from "@/server/tenancy";
import { conflict } from "../rules";
import type { ClusterRow } from "../types";
import type { FoundClusterInput } from "./schema";
import { insertCluster, insertPool } from "./store";
import { sentence } from "@/server/platform/sentences";

export interface NewCluster {
  readonly name: string;
  readonly hypervisor: ClusterRow["hypervisor"];
  /** Given to every guest; each host must be able to offer it. */
  readonly cpuModel: string;
  /** Name of the shared storage pool on every host, and its path there. */
  readonly pool: { readonly name: string; readonly path: string };
  readonly policy?: Partial<Pick<ClusterRow, "cpuRatio" | "memoryRatio" | "storageRatio" | "storageFloorFraction" | "failoverHosts" | "suspectAfterSeconds" | "fenceAfterSeconds" | "fenceBrakeFraction">>;
}

/** A cluster with its shared pool; how large the pool is, its hosts say. @throws Problem `conflict` when the name is taken. */
export function createCluster(context: Context, input: NewCluster): Promise<{ clusterId: string; poolId: string }> {
  return namingConflicts(input.name, inTransaction(context, (tx) => createClusterIn(tx, context, input)));
}

/**
 * A cluster with its shared pool and its shared network, all or nothing: without a network it could hold no instance.
 * @throws Problem `bad-input` when the network makes no sense, `conflict` when the cluster's name is taken.
 */
export async function foundCluster(context: Context, input: FoundClusterInput): Promise<{ clusterId: string }> {
  const { network, ...cluster } = input;
  // Before anything is written.
  checkNetwork({ clusterId: "new", ...network });
  const founded = inTransaction(context, async (tx) => {
    const { clusterId } = await createClusterIn(tx, context, cluster);
    await createNetworkIn(tx, context, { clusterId, ...network });
    return { clusterId };
  });
  return namingConflicts(input.name, founded);
}

async function createClusterIn(tx: Transaction, context: Context, input: NewCluster): Promise<{ clusterId: string; poolId: string }> {
  const clusterId = mintId("cluster", context);
  const poolId = mintId("storagePool", context);
  const now = context.clock.now();
  await insertCluster(tx, { id: clusterId, name: input.name, hypervisor: input.hypervisor, cpuModel: input.cpuModel, createdAt: now, ...input.policy });
  await insertPool(tx, { id: poolId, clusterId, name: input.pool.name, path: input.pool.path, capacityMiB: 0, availableMiB: 0, observedAt: now });
  await announce(tx, { organizationId: null, topic: "cluster", id: clusterId });
  await recordAudit(tx, context, { organizationId: null, action: "cluster.created", targetKind: "cluster", targetId: clusterId, before: null, after: { name: input.name, hypervisor: input.hypervisor, cpuModel: input.cpuModel } });
  return { clusterId, poolId };
}

function namingConflicts<T>(name: string, made: Promise<T>): Promise<T> {
  return made.catch((error: unknown) => {
    if (violatedConstraint(error) !== "cluster_name_unique") throw error;
    throw conflict(sentence("refused-cluster-taken", { name }), { name });
  });
}
