import ipaddr from "ipaddr.js";
import { z } from "zod";
import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { insertNetwork, selectSharedNetworks, type NetworkRow } from "./store";

const address = z.ipv4({ error: "is no IPv4 address" });

const createNetworkInput = z.object({
  clusterId: z.string().min(1).max(64),
  name: z.string().trim().min(1).max(63),
  /** An address inside is fine; the prefix length counts. */
  cidr: z.cidrv4({ error: "is no IPv4 network such as 10.0.0.0/24" }),
  gateway: address.nullable(),
  /** First and last address that instances get. */
  firstAddress: address,
  lastAddress: address,
  /** Name servers that guests are told. */
  dnsServers: z.array(address).max(3).default([]),
  /** Name of the bridge on every host of the cluster. */
  bridge: z.string().regex(/^[A-Za-z0-9_.-]{1,15}$/, { error: "is no interface name" }),
});
export type CreateNetworkInput = z.input<typeof createNetworkInput>;

const addressNumber = (text: string): number => ipaddr.IPv4.parse(text).octets.reduce((sum, octet) => sum * 256 + octet, 0);

/**
 * Checks a network by itself: the range that instances get must lie inside of it and leave the gateway out.
 * @throws ZodError or Problem `bad-input` that says what is wrong.
 */
export function checkNetwork(input: CreateNetworkInput): z.output<typeof createNetworkInput> {
  const wanted = createNetworkInput.parse(input);
  const range = ipaddr.IPv4.parseCIDR(wanted.cidr);
  for (const text of [wanted.firstAddress, wanted.lastAddress, ...(wanted.gateway ? [wanted.gateway] : [])]) {
    if (!ipaddr.IPv4.parse(text).match(range)) throw new Problem("bad-input", `${text} lies outside of the network ${wanted.cidr}. Correct the address or the network.`, { address: text, cidr: wanted.cidr });
  }
  const [first, last] = [addressNumber(wanted.firstAddress), addressNumber(wanted.lastAddress)];
  if (first > last) throw new Problem("bad-input", `The range ${wanted.firstAddress} to ${wanted.lastAddress} is empty. Give the lower address first.`);
  if (wanted.gateway && addressNumber(wanted.gateway) >= first && addressNumber(wanted.gateway) <= last) {
    throw new Problem("bad-input", `The gateway ${wanted.gateway} lies in the range that instances get. Leave it out of ${wanted.firstAddress} to ${wanted.lastAddress}.`);
  }
  return wanted;
}

/**
 * A shared network of a cluster, by our staff.
 * @throws Problem `bad-input` when it makes no sense by itself, `conflict` when its range overlaps another network of the cluster.
 */
export async function createNetwork(context: Context, input: CreateNetworkInput): Promise<NetworkRow> {
  const wanted = checkNetwork(input);
  const [first, last] = [addressNumber(wanted.firstAddress), addressNumber(wanted.lastAddress)];
  return inTransaction(context, async (tx) => {
    const overlapping = (await selectSharedNetworks(tx, wanted.clusterId)).find((other) => addressNumber(other.firstAddress) <= last && addressNumber(other.lastAddress) >= first);
    if (overlapping) throw new Problem("conflict", `The range overlaps the network ${overlapping.name} of the same cluster (${overlapping.firstAddress} to ${overlapping.lastAddress}). Choose another range.`, { networkId: overlapping.id });
    const row: NetworkRow = { id: mintId("network", context), organizationId: null, ...wanted, createdAt: context.clock.now() };
    await insertNetwork(tx, row);
    await recordAudit(tx, context, { organizationId: null, action: "network.created", targetKind: "network", targetId: row.id, after: { ...wanted } });
    return row;
  });
}
