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

/** One free address for each claim, in their order; null where the range is full. */
export async function claimFreeAddresses(tx: Transaction, claims: readonly AddressClaim[]): Promise<(string | null)[]> {
  const rows = claims.map((claim) => ({ ...claim, at: claim.at.toISOString() }));
  const result = await tx.execute<{ ip: string | null }>(sql`
    select claim_address(c."addressId", c."organizationId", c."networkId", c."instanceId", c.mac, c."startFraction", c.at) as ip
    from rows from (json_to_recordset(${JSON.stringify(rows)}::json)
      as ("addressId" text, "organizationId" text, "networkId" text, "instanceId" text, mac text, "startFraction" double precision, at timestamptz)) with ordinality as c
    order by c.ordinality`);
  return result.rows.map((row) => row.ip);
}

export async function releaseAddressesOf(tx: Transaction, instanceId: string, at: Date): Promise<void> {
  await tx.update(address).set({ releasedAt: at }).where(and(eq(address.instanceId, instanceId), isNull(address.releasedAt)));
}
