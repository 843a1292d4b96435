import { notFound } from "@/server/platform/errors";
import type { Transaction } from "@/server/platform/transaction";
import { holdPrivateNetwork } from "./store";

/** A private network that something of the organization is to name; it cannot be removed while this transaction lasts. A foreign one looks like none. */
export async function holdNetwork(tx: Transaction, organizationId: string, networkId: string): Promise<{ readonly clusterId: string }> {
  const row = await holdPrivateNetwork(tx, organizationId, networkId);
  if (!row) throw notFound("network", networkId);
  return { clusterId: row.clusterId };
}
