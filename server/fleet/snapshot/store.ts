import { and, eq, inArray } from "drizzle-orm";
import { allocation, cluster, host, migration } from "@/db/schema/fleet";
import type { Transaction } from "@/server/platform/transaction";
import { OPEN_MIGRATIONS } from "../migration/store";
import type { AllocationRow, ClusterRow, HostRow, MigrationRow } from "../types";

export interface PlaceRows {
  readonly cluster: ClusterRow;
  readonly allocation: AllocationRow | null;
  readonly host: HostRow | null;
  readonly migration: MigrationRow | null;
}

/** Where one instance stands, in one statement: it is read before and after everything that is done to one. Null without such a cluster. */
export async function selectPlace(tx: Transaction, instanceId: string, clusterId: string): Promise<PlaceRows | null> {
  const [row] = await tx
    .select({ cluster, allocation, host, migration })
    .from(cluster)
    .leftJoin(allocation, eq(allocation.instanceId, instanceId))
    .leftJoin(host, eq(host.id, allocation.hostId))
    .leftJoin(migration, and(eq(migration.instanceId, instanceId), inArray(migration.state, OPEN_MIGRATIONS)))
    .where(eq(cluster.id, clusterId));
  return row ?? null;
}
