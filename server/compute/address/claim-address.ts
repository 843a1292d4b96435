import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import type { Transaction } from "@/server/platform/transaction";
import { mintMac } from "../instance/rules";
import { claimFreeAddress } from "./store";

/**
 * Gives an instance a private address of a network. The walk begins at a random place of the range, so that many orders
 * at once do not meet; the unique index decides. A MAC address that is taken fails with `address_mac` and wants a retry.
 */
export async function claimAddress(tx: Transaction, context: Context, claim: { readonly organizationId: string; readonly networkId: string; readonly instanceId: string }): Promise<string> {
  const ip = await claimFreeAddress(tx, { ...claim, addressId: mintId("address", context), mac: mintMac(context.random), startFraction: context.random.float(), at: context.clock.now() });
  if (ip === null) throw new Problem("unavailable", "The network has no free private address. Delete instances that are not needed, or write to support for a larger network.", { networkId: claim.networkId });
  return ip;
}
