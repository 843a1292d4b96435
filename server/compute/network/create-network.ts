import ipaddr from "ipaddr.js";
import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { addressNumber } from "./rules";
import { createNetworkInput, type CreateNetworkInput } from "./schema";
import { insertNetwork, queueForRanges, selectBeside, type NetworkRow } from "./store";

type WantedNetwork = ReturnType<typeof createNetworkInput.parse>;

/**
 * Checks a network by itself: the range that instances get must lie inside of it and leave the gateway out.
 * @throws ZodError or Problem `bad-input` that says what is wrong.
 */
export function checkNetwork(input: CreateNetworkInput): WantedNetwork {
  const wanted = createNetworkInput.parse(input);
  const range = ipaddr.IPv4.parseCIDR(wanted.cidr);
  for (const text of [wanted.firstAddress, wanted.lastAddress, ...(wanted.gateway ? [wanted.gateway] : [])]) {
    if (!ipaddr.IPv4.parse(text).match(range)) throw new Problem("bad-input", sentence("refused-address-outside", { address: text, network: wanted.cidr }), { address: text, cidr: wanted.cidr });
  }
  const [first, last] = [addressNumber(wanted.firstAddress), addressNumber(wanted.lastAddress)];
  if (first > last) throw new Problem("bad-input", sentence("refused-range-empty", { first: wanted.firstAddress, last: wanted.lastAddress }));
  if (wanted.gateway && addressNumber(wanted.gateway) >= first && addressNumber(wanted.gateway) <= last) {
    throw new Problem("bad-input", sentence("refused-gateway-inside", { gateway: wanted.gateway, first: wanted.firstAddress, last: wanted.lastAddress }));
  }
  return wanted;
}

/**
 * A shared network of a cluster, by our staff.
 * @throws Problem `bad-input` when it makes no sense by itself, `conflict` when its range overlaps another network of the cluster.
 */
export async function createNetwork(context: Context, input: CreateNetworkInput): Promise<NetworkRow> {
  const wanted = checkNetwork(input);
  return inTransaction(context, (tx) => createNetworkIn(tx, context, wanted));
}

/** The same in a transaction that does more, as founding a cluster does. */
export async function createNetworkIn(tx: Transaction, context: Context, input: CreateNetworkInput): Promise<NetworkRow> {
  const wanted = checkNetwork(input);
  const [first, last] = [addressNumber(wanted.firstAddress), addressNumber(wanted.lastAddress)];
  await queueForRanges(tx, wanted.clusterId);
  // Two shared ones may have one range and share it out between them. Machines of a private one would hear those of a shared one that has its addresses.
  const overlapping = (await selectBeside(tx, wanted.clusterId, wanted.cidr)).find((other) => other.organizationId !== null || (addressNumber(other.firstAddress) <= last && addressNumber(other.lastAddress) >= first));
  if (overlapping) throw new Problem("conflict", sentence("refused-range-overlaps", { network: overlapping.name, first: overlapping.firstAddress, last: overlapping.lastAddress }), { networkId: overlapping.id });
  const row: NetworkRow = { id: mintId("network", context), organizationId: null, ...wanted, createdAt: context.clock.now(), removedAt: null };
  await insertNetwork(tx, row);
  await recordAudit(tx, context, { organizationId: null, action: "network.created", targetKind: "network", targetId: row.id, after: { ...wanted } });
  return row;
}
