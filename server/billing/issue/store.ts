import { sql } from "drizzle-orm";
import type { Transaction } from "@/server/platform/transaction";

export interface BilledOrganization {
  readonly id: string;
  readonly timeZone: string;
  readonly createdAt: Date;
  /** End of the last closed period; null: none yet. */
  readonly closedUntil: Date | null;
  /** Beginnings of closed periods that no invoice was made of yet, oldest first. */
  readonly unbilled: readonly Date[];
}

/** Every organization with how far its periods are closed and invoiced. */
export async function selectOrganizationsForBilling(tx: Transaction): Promise<BilledOrganization[]> {
  const result = await tx.execute<{ id: string; time_zone: string; created_at: string; closed_until: string | null; unbilled: string[] | null }>(sql`
    select o.id, o.time_zone, o.created_at, max(p.ended_at) as closed_until, array_agg(to_char(p.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') order by p.started_at) filter (where p.billed_at is null and p.started_at is not null) as unbilled
    from organization o left join usage_period p on p.organization_id = o.id group by o.id order by o.id`);
  return result.rows.map((row) => ({ id: row.id, timeZone: row.time_zone, createdAt: new Date(row.created_at), closedUntil: row.closed_until ? new Date(row.closed_until) : null, unbilled: (row.unbilled ?? []).map((text) => new Date(text)) }));
}

/** One invoicing of a period at a time, whoever asks. */
export async function lockPeriod(tx: Transaction, organizationId: string, startedAt: Date): Promise<{ readonly endedAt: Date; readonly billedAt: Date | null } | null> {
  const result = await tx.execute<{ ended_at: string; billed_at: string | null }>(sql`select ended_at, billed_at from usage_period where organization_id = ${organizationId} and started_at = ${startedAt.toISOString()} for update`);
  const row = result.rows[0];
  return row ? { endedAt: new Date(row.ended_at), billedAt: row.billed_at ? new Date(row.billed_at) : null } : null;
}
