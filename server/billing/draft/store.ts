import { and, asc, eq, gt, lt, sql } from "drizzle-orm";
import { commitment, discount } from "@/db/schema/billing";
import type { Transaction } from "@/server/platform/transaction";
import type { CommitmentRow, DiscountRow } from "./types";

export async function selectCommitments(tx: Transaction, organizationId: string, from: Date, to: Date): Promise<CommitmentRow[]> {
  return tx.select().from(commitment).where(and(eq(commitment.organizationId, organizationId), lt(commitment.startsAt, to), gt(commitment.endsAt, from))).orderBy(asc(commitment.startsAt), asc(commitment.id));
}

/** Redeemed coupons that reach into a period, and what earlier invoices (not that of this period) took of them. */
export async function selectDiscounts(tx: Transaction, organizationId: string, from: Date, to: Date): Promise<(DiscountRow & { readonly usedMicros: number })[]> {
  const used = sql<number>`coalesce((select -sum(l.amount_micros) from invoice_line l join invoice i on i.id = l.invoice_id where l.reference = discount.id and l.kind = 'coupon' and i.status <> 'void' and i.period_start <> ${from.toISOString()}), 0)`.mapWith(Number);
  const rows = await tx.select({ discount, used }).from(discount).where(and(eq(discount.organizationId, organizationId), lt(discount.startsAt, to), gt(discount.endsAt, from))).orderBy(asc(discount.startsAt), asc(discount.id));
  return rows.map((row) => ({ ...row.discount, usedMicros: row.used }));
}

/** What invoices of this very period took of credit grants: a draft of it counts as if they had not. */
export async function selectCreditsOfPeriod(tx: Transaction, organizationId: string, from: Date): Promise<ReadonlyMap<string, number>> {
  const result = await tx.execute<{ grant_id: string; used: string }>(sql`
    select u.grant_id, sum(case when u.kind = 'use' then u.amount_micros else -u.amount_micros end) as used from credit_use u join invoice i on i.id = u.invoice_id
    where u.organization_id = ${organizationId} and i.period_start = ${from.toISOString()} group by u.grant_id`);
  return new Map(result.rows.map((row) => [row.grant_id, Number(row.used)]));
}
