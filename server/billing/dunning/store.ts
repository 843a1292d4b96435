import { and, asc, desc, eq, isNull, sql } from "drizzle-orm";
import { dunningCase } from "@/db/schema/payment";
import { organization } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { DunningRow, Overdue } from "./types";

/**
 * Open invoices that are overdue: past their date, or their charge was declined. What a credit note or a payment settles is
 * not open. An invoice that only a refund of ours or a lost dispute opened again counts from that entry on.
 */
export async function selectOverdue(tx: Transaction, now: Date, organizationId?: string): Promise<Overdue[]> {
  const result = await tx.execute<{ organization_id: string; id: string; number: string | null; currency: string; open: string; since: Date | string }>(sql`
    select i.organization_id, i.id, i.number, i.currency, l.open,
      least(greatest(i.due_at, coalesce(l.reopened, i.due_at)), greatest(f.failed, coalesce(l.reopened, f.failed))) as since
    from invoice i
    join lateral (select sum(amount_minor) as open, max(at) filter (where kind in ('refund', 'dispute')) as reopened from ledger_entry where invoice_id = i.id) l on true
    left join lateral (select min(at) as failed from payment where invoice_id = i.id and status = 'failed') f on true
    where i.status = 'issued' and l.open > 0 and (i.due_at <= ${now.toISOString()} or f.failed is not null)
      ${organizationId === undefined ? sql`` : sql`and i.organization_id = ${organizationId}`}
    order by i.organization_id, since, i.id`);
  return result.rows.map((row) => ({ organizationId: row.organization_id, invoiceId: row.id, number: row.number, currency: row.currency, openMinor: Number(row.open), since: new Date(row.since) }));
}

export async function selectOpenCases(tx: Transaction): Promise<DunningRow[]> {
  return tx.select().from(dunningCase).where(isNull(dunningCase.closedAt)).orderBy(asc(dunningCase.openedAt), asc(dunningCase.id));
}

export async function lockOpenCase(tx: Transaction, organizationId: string): Promise<DunningRow | null> {
  const [row] = await tx.select().from(dunningCase).where(and(eq(dunningCase.organizationId, organizationId), isNull(dunningCase.closedAt))).for("update");
  return row ?? null;
}

export async function selectNewestCase(tx: Transaction, organizationId: string): Promise<DunningRow | null> {
  const [row] = await tx.select().from(dunningCase).where(eq(dunningCase.organizationId, organizationId)).orderBy(desc(dunningCase.openedAt)).limit(1);
  return row ?? null;
}

/** Null when the organization has an open case already. */
export async function insertCase(tx: Transaction, row: DunningRow): Promise<DunningRow | null> {
  const [made] = await tx.insert(dunningCase).values(row).onConflictDoNothing().returning();
  return made ?? null;
}

export async function updateCase(tx: Transaction, id: string, fields: Partial<DunningRow>): Promise<void> {
  await tx.update(dunningCase).set(fields).where(eq(dunningCase.id, id));
}

export interface BoardRow {
  readonly organizationId: string;
  readonly name: string;
  readonly slug: string;
  readonly standing: "good" | "restricted" | "suspended";
}

export async function selectOrganizationNames(tx: Transaction): Promise<BoardRow[]> {
  return tx.select({ organizationId: organization.id, name: organization.name, slug: organization.slug, standing: organization.standing }).from(organization).orderBy(asc(organization.name));
}

/** Everybody by standing with what they owe, a row for each currency that has entries. */
export async function selectStandings(tx: Transaction): Promise<(BoardRow & { readonly currency: string; readonly balanceMinor: number; readonly overdueMinor: number })[]> {
  const result = await tx.execute<{ id: string; name: string; slug: string; standing: BoardRow["standing"]; currency: string; balance: string; overdue: string }>(sql`
    select o.id, o.name, o.slug, o.standing, coalesce(b.currency, o.currency) as currency, coalesce(b.balance, 0) as balance, coalesce(b.overdue, 0) as overdue
    from organization o
    left join lateral (
      select l.currency, sum(l.amount_minor) as balance, sum(l.amount_minor) filter (where i.status = 'issued' and i.due_at <= now()) as overdue
      from ledger_entry l left join invoice i on i.id = l.invoice_id where l.organization_id = o.id group by l.currency) b on true
    order by case o.standing when 'suspended' then 0 when 'restricted' then 1 else 2 end, coalesce(b.balance, 0) desc, lower(o.name)`);
  return result.rows.map((row) => ({ organizationId: row.id, name: row.name, slug: row.slug, standing: row.standing, currency: row.currency, balanceMinor: Number(row.balance), overdueMinor: Number(row.overdue) }));
}

/** Machines of an organization that are not in the trash. */
export async function selectLiveInstances(tx: Transaction, organizationId: string): Promise<string[]> {
  const result = await tx.execute<{ id: string }>(sql`select id from instance where organization_id = ${organizationId} and deleted_at is null and purged_at is null order by id`);
  return result.rows.map((row) => row.id);
}
