import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import type { Transaction } from "@/server/platform/transaction";
import { mintMac } from "../instance/rules";
import { selectNetworkName } from "../network/store";
import { claimFreeAddresses } from "./store";

export interface WantedAddress {
  readonly organizationId: string;
  readonly networkId: string;
  readonly instanceId: string;
}

/**
 * Gives each of these instances a private address of its network. The walk begins at a random place of the range, so that many orders
 * at once do not meet; the unique index decides. A MAC address that is taken fails with `address_mac` and wants a retry.
 */
export async function claimAddresses(tx: Transaction, context: Context, wanted: readonly WantedAddress[]): Promise<string[]> {
  const at = context.clock.now();
  const ips = await claimFreeAddresses(tx, wanted.map((claim) => ({ ...claim, addressId: mintId("address", context), mac: mintMac(context.random), startFraction: context.random.float(), at })));
  const without = wanted.find((_, index) => !ips[index]);
  if (without) throw await noneLeft(tx, without.networkId);
  return ips.flatMap((ip) => ip ?? []);
}

/** Of its own network an organization is told which one is full; a shared one is our staff's to enlarge. */
async function noneLeft(tx: Transaction, networkId: string): Promise<Problem> {
  const network = await selectNetworkName(tx, networkId);
  if (!network?.isPrivate) return new Problem("unavailable", sentence("refused-no-address"), { networkId });
  return network.removed ? notFound("network", networkId) : new Problem("conflict", sentence("refused-network-full", { network: network.name }), { field: "networkId", networkId });
}
