import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, violatedConstraint } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { requireOrganization } from "../rules";
import { privateRange } from "./rules";
import { createPrivateNetworkInput, type CreatePrivateNetworkInput } from "./schema";
import { insertNetwork, queueForRanges, selectHome, selectOverlapping, type NetworkRow } from "./store";

/**
 * A network of the organization's own: its machines hear each other and are heard by nobody else. Networks of a cluster share its
 * bridges, so a range is taken once, whoever has it.
 * @throws Problem `bad-input` for a range that is not private, `conflict` for one that is taken, or a name that is.
 */
export async function createPrivateNetwork(context: Context, input: CreatePrivateNetworkInput): Promise<{ readonly id: string }> {
  const { name, clusterId, cidr } = createPrivateNetworkInput.parse(input);
  const organizationId = requireOrganization(context);
  const range = privateRange(cidr);
  try {
    return await inTransaction(context, async (tx) => {
      const home = await selectHome(tx, clusterId ?? null);
      if (!home) throw clusterId === undefined ? new Problem("unavailable", sentence("refused-no-cluster")) : notFound("cluster", clusterId);
      await queueForRanges(tx, home.clusterId);
      // Shared ones and the organization's own can be named; of others' it is only told that the range is taken.
      const other = await selectOverlapping(tx, home.clusterId, range.cidr);
      if (other) throw new Problem("conflict", sentence("refused-network-overlaps", { cidr: range.cidr, network: other.name, other: other.cidr }), { field: "cidr" });
      const row: NetworkRow = { id: mintId("network", context), organizationId, clusterId: home.clusterId, name, ...range, gateway: null, bridge: home.bridge, dnsServers: [], createdAt: context.clock.now(), removedAt: null };
      await insertNetwork(tx, row);
      await recordAudit(tx, context, { action: "network.created", targetKind: "network", targetId: row.id, after: { name, cidr: row.cidr, clusterId: row.clusterId } });
      await announce(tx, { organizationId, topic: "network", id: row.id });
      return { id: row.id };
    });
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint === "network_private_apart") throw new Problem("conflict", sentence("refused-network-taken", { cidr: range.cidr }), { field: "cidr" }, { cause: error });
    if (constraint === "network_private_name") throw new Problem("conflict", sentence("refused-network-name", { name }), { field: "name" }, { cause: error });
    throw error;
  }
}
