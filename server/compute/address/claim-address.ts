import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import type { Transaction } from "@/server/platform/transaction";
import { mintMac } from "../instance/rules";
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
  return wanted.map(({ networkId }, index) => {
    const ip = ips[index];
    if (!ip) throw new Problem("unavailable", sentence("refused-no-address"), { networkId });
    return ip;
  });
}
