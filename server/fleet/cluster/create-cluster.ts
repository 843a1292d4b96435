import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { inTransaction, violatedConstraint } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { conflict } from "../rules";
import type { ClusterRow } from "../types";
import { insertCluster, insertPool } from "./store";

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
  return inTransaction(context, async (tx) => {
    const clusterId = mintId("cluster", context);
    const poolId = mintId("storagePool", context);
    const now = context.clock.now();
    await insertCluster(tx, { id: clusterId, name: input.name, hypervisor: input.hypervisor, cpuModel: input.cpuModel, createdAt: now, ...input.policy });
    await insertPool(tx, { id: poolId, clusterId, name: input.pool.name, path: input.pool.path, capacityMiB: 0, availableMiB: 0, observedAt: now });
    await announce(tx, { organizationId: null, topic: "cluster", id: clusterId });
    await recordAudit(tx, context, { organizationId: null, action: "cluster.created", targetKind: "cluster", targetId: clusterId, before: null, after: { name: input.name, hypervisor: input.hypervisor, cpuModel: input.cpuModel } });
    return { clusterId, poolId };
  }).catch((error: unknown) => {
    if (violatedConstraint(error) !== "cluster_name_unique") throw error;
    throw conflict(`There is a cluster named ${input.name} already. Choose another name.`, { name: input.name });
  });
}
