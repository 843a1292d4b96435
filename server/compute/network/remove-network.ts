import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { requireOrganization } from "../rules";
import { networkRef, type NetworkRef } from "./schema";
import { countUses, lockPrivateNetwork, markNetworkRemoved } from "./store";

/** Removes a private network that nobody is in. Who orders into it at this moment waits for this, and then finds it gone. */
export async function removeNetwork(context: Context, input: NetworkRef): Promise<{ readonly networkId: string }> {
  const { networkId } = networkRef.parse(input);
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    const row = await lockPrivateNetwork(tx, organizationId, networkId);
    if (!row) throw notFound("network", networkId);
    const { addresses, pools } = await countUses(tx, networkId);
    if (addresses > 0 || pools > 0) throw new Problem("conflict", sentence("refused-network-used", { network: row.name, addresses, pools }), { networkId, addresses, pools });
    await markNetworkRemoved(tx, networkId, context.clock.now());
    await announce(tx, { organizationId, topic: "network", id: networkId });
    await recordAudit(tx, context, { action: "network.removed", targetKind: "network", targetId: networkId, before: { name: row.name, cidr: row.cidr } });
    return { networkId };
  });
}
