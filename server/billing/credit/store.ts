import { and, asc, eq, sql } from "drizzle-orm";
import { creditGrant, creditUse } from "@/db/schema/billing";
import type { Transaction } from "@/server/platform/transaction";
import type { CreditGrantRow, CreditGrantView } from "./types";

/** Null when the key is taken. */
export async function insertGrant(tx: Transaction, row: CreditGrantRow): Promise<CreditGrantRow | null> {
  const [made] = await tx.insert(creditGrant).values(row).onConflictDoNothing({ target: creditGrant.idempotencyKey }).returning();
  return made ?? null;
}

export async function selectGrantByKey(tx: Transaction, idempotencyKey: string): Promise<CreditGrantRow | null> {
  const [row] = await tx.select().from(creditGrant).where(eq(creditGrant.idempotencyKey, idempotencyKey));
  return row ?? null;
}

const used = sql<number>`coalesce((select sum(case when u.kind = 'use' then u.amount_micros else -u.amount_micros end) from credit_use u where u.grant_id = credit_grant.id), 0)`.mapWith(Number);

/** Grants of an organization with what is left, in the order in which they are used: soonest to expire, priority, oldest. */
export async function selectGrants(tx: Transaction, organizationId: string): Promise<CreditGrantView[]> {
  const rows = await tx.select({ grant: creditGrant, used }).from(creditGrant).where(eq(creditGrant.organizationId, organizationId)).orderBy(sql`${creditGrant.expiresAt} asc nulls last`, asc(creditGrant.priority), asc(creditGrant.createdAt), asc(creditGrant.id));
  return rows.map((row) => ({ ...row.grant, usedMicros: row.used, leftMicros: row.grant.amountMicros - row.used }));
}

export interface OutageOfGrant extends Record<string, unknown> {
  readonly grant_id: string;
  readonly name: string;
  readonly down_ms: string;
  readonly period_start: Date | string;
  readonly basis_points: number;
}

/** For which outage, of which machine, each grant of service level was given. */
export async function selectOutages(tx: Transaction, organizationId: string): Promise<OutageOfGrant[]> {
  const { rows } = await tx.execute<OutageOfGrant>(sql`
    select s.grant_id, coalesce(i.name, s.instance_id) as name, s.downtime_ms as down_ms, s.period_start, s.credit_basis_points as basis_points
    from sla_credit s left join instance i on i.id = s.instance_id where s.organization_id = ${organizationId} and s.grant_id is not null`);
  return rows;
}

export async function lockGrants(tx: Transaction, organizationId: string): Promise<void> {
  await tx.select({ id: creditGrant.id }).from(creditGrant).where(eq(creditGrant.organizationId, organizationId)).orderBy(creditGrant.id).for("update");
}

export async function insertUses(tx: Transaction, rows: readonly (typeof creditUse.$inferInsert)[]): Promise<void> {
  if (rows.length > 0) await tx.insert(creditUse).values([...rows]);
}

export async function selectUsesOf(tx: Transaction, invoiceId: string): Promise<{ readonly grantId: string; readonly amountMicros: number }[]> {
  return tx.select({ grantId: creditUse.grantId, amountMicros: creditUse.amountMicros }).from(creditUse).where(and(eq(creditUse.invoiceId, invoiceId), eq(creditUse.kind, "use")));
}

export async function markVoided(tx: Transaction, grantId: string, at: Date): Promise<CreditGrantRow | null> {
  const [row] = await tx.update(creditGrant).set({ voidedAt: at }).where(and(eq(creditGrant.id, grantId), sql`voided_at is null`)).returning();
  return row ?? null;
}
