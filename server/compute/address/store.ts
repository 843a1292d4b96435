import { and, eq, isNull, sql } from "drizzle-orm";
import { address } from "@/db/schema/compute";
import type { Transaction } from "@/server/platform/transaction";

export interface AddressClaim {
  readonly addressId: string;
  readonly organizationId: string;
  readonly networkId: string;
  readonly instanceId: string;
  readonly mac: string;
  /** Where in the range the walk begins, from 0 up to (not with) 1. */
  readonly startFraction: number;
  readonly at: Date;
}

/** One free address of the network, as text; null when the range is full. */
export async function claimFreeAddress(tx: Transaction, claim: AddressClaim): Promise<string | null> {
  const result = await tx.execute<{ ip: string | null }>(
    sql`select claim_address(${claim.addressId}, ${claim.organizationId}, ${claim.networkId}, ${claim.instanceId}, ${claim.mac}, ${claim.startFraction}, ${claim.at.toISOString()}) as ip`,
  );
  return result.rows[0]?.ip ?? null;
}

export async function releaseAddressesOf(tx: Transaction, instanceId: string, at: Date): Promise<void> {
  await tx.update(address).set({ releasedAt: at }).where(and(eq(address.instanceId, instanceId), isNull(address.releasedAt)));
}
