import { eq, sql } from "drizzle-orm";
import { billingProfile, issuer } from "@/db/schema/billing";
import type { Transaction } from "@/server/platform/transaction";
import type { BillingProfileRow, IssuerRow } from "./types";

/** The one issuer of an installation; its row is made with the schema. */
export const ISSUER_ID = "iss_default";

export async function selectProfile(tx: Transaction, organizationId: string): Promise<BillingProfileRow | null> {
  const [row] = await tx.select().from(billingProfile).where(eq(billingProfile.organizationId, organizationId));
  return row ?? null;
}

export async function upsertProfile(tx: Transaction, row: BillingProfileRow): Promise<void> {
  await tx.insert(billingProfile).values(row).onConflictDoUpdate({ target: billingProfile.organizationId, set: row });
}

export async function selectIssuer(tx: Transaction): Promise<IssuerRow> {
  const [row] = await tx.select().from(issuer).where(eq(issuer.id, ISSUER_ID));
  if (!row) throw new Error(`The issuer ${ISSUER_ID} is missing: run the migrations again.`);
  return row;
}

export async function updateIssuer(tx: Transaction, fields: Partial<IssuerRow>): Promise<IssuerRow> {
  const [row] = await tx.update(issuer).set(fields).where(eq(issuer.id, ISSUER_ID)).returning();
  if (!row) throw new Error(`The issuer ${ISSUER_ID} is missing: run the migrations again.`);
  return row;
}

/** The next number of a series. The row stays locked until commit: a transaction that fails gives its number back. */
export async function takeNumber(tx: Transaction, series: "invoice" | "credit-note"): Promise<string> {
  const column = series === "invoice" ? "next_invoice" : "next_credit_note";
  const result = await tx.execute<{ prefix: string; taken: string }>(sql`
    update issuer set ${sql.identifier(column)} = ${sql.identifier(column)} + 1 where id = ${ISSUER_ID}
    returning ${sql.identifier(series === "invoice" ? "number_prefix" : "credit_note_prefix")} as prefix, ${sql.identifier(column)} - 1 as taken`);
  const row = result.rows[0];
  if (!row) throw new Error(`The issuer ${ISSUER_ID} is missing or hidden from this transaction: no number was taken.`);
  return `${row.prefix}${String(row.taken).padStart(6, "0")}`;
}

/** Where bills go: the billing address, or else everybody who may see money. */
export async function selectBillingEmails(tx: Transaction, organizationId: string): Promise<string[]> {
  const result = await tx.execute<{ email: string }>(sql`
    select billing_email as email from billing_profile where organization_id = ${organizationId} and billing_email is not null
    union all
    select u.email from member m join user_account u on u.id = m.user_id
    where m.organization_id = ${organizationId} and m.role in ('owner', 'billing') and u.disabled_at is null
      and not exists (select 1 from billing_profile p where p.organization_id = ${organizationId} and p.billing_email is not null)`);
  return result.rows.map((row) => row.email);
}

/** Our own staff who decide on prices and money. */
export async function selectStaffEmails(tx: Transaction): Promise<string[]> {
  const result = await tx.execute<{ email: string }>(sql`select email from user_account where operator_role = 'admin' and disabled_at is null order by email`);
  return result.rows.map((row) => row.email);
}
