import { and, eq, isNull } from "drizzle-orm";
import { network } from "@/db/schema/compute";
import type { Transaction } from "@/server/platform/transaction";

export type NetworkRow = typeof network.$inferSelect;

export async function insertNetwork(tx: Transaction, row: NetworkRow): Promise<void> {
  await tx.insert(network).values(row);
}

/** The provider's networks of a cluster: every organization's instances may be in them. */
export function selectSharedNetworks(tx: Transaction, clusterId: string): Promise<NetworkRow[]> {
  return tx.select().from(network).where(and(eq(network.clusterId, clusterId), isNull(network.organizationId)));
}
