import { and, asc, desc, eq, inArray, notInArray, sql } from "drizzle-orm";
import { payment, paymentCustomer, paymentCustomerHistory, paymentDispute, paymentInvoice, paymentLink, paymentMethod, paymentRefund, paymentSubscription, paymentTaxId } from "@/db/schema/payment";
import type { Transaction } from "@/server/platform/transaction";
import type { DisputeRow, PaymentLinkRow, PaymentMethodRow, PaymentRow, ProviderInvoiceRow, RefundRow, SubscriptionRow } from "./types";

export async function upsertCustomer(tx: Transaction, row: { readonly organizationId: string; readonly remoteId: string; readonly defaultMethodId: string | null; readonly at: Date }): Promise<void> {
  const { organizationId, remoteId, defaultMethodId, at } = row;
  await tx.insert(paymentCustomer).values({ organizationId, remoteId, defaultMethodId, refreshedAt: at, createdAt: at }).onConflictDoUpdate({ target: paymentCustomer.organizationId, set: { remoteId, defaultMethodId, deletedAt: null, refreshedAt: at } });
  await tx.insert(paymentCustomerHistory).values({ remoteId, organizationId, createdAt: at }).onConflictDoNothing();
}

/** The customer is gone at the provider, and with it its cards. */
export async function forgetCustomer(tx: Transaction, organizationId: string, remoteId: string, at: Date): Promise<boolean> {
  const rows = await tx.update(paymentCustomer).set({ remoteId: null, defaultMethodId: null, deletedAt: at, refreshedAt: at }).where(and(eq(paymentCustomer.organizationId, organizationId), eq(paymentCustomer.remoteId, remoteId))).returning({ id: paymentCustomer.organizationId });
  if (rows.length > 0) await tx.delete(paymentMethod).where(eq(paymentMethod.organizationId, organizationId));
  return rows.length > 0;
}

export async function selectCustomerRow(tx: Transaction, organizationId: string): Promise<{ readonly remoteId: string | null; readonly defaultMethodId: string | null } | null> {
  const [row] = await tx.select({ remoteId: paymentCustomer.remoteId, defaultMethodId: paymentCustomer.defaultMethodId }).from(paymentCustomer).where(eq(paymentCustomer.organizationId, organizationId));
  return row ?? null;
}

/** Which organization a customer is or was. */
export async function selectOrganizationOfCustomer(tx: Transaction, remoteId: string): Promise<string | null> {
  const [row] = await tx.select({ organizationId: paymentCustomerHistory.organizationId }).from(paymentCustomerHistory).where(eq(paymentCustomerHistory.remoteId, remoteId));
  return row?.organizationId ?? null;
}

export async function replaceMethods(tx: Transaction, organizationId: string, rows: readonly Omit<PaymentMethodRow, "remindedFor">[]): Promise<void> {
  const ids = rows.map((row) => row.id);
  await tx.delete(paymentMethod).where(and(eq(paymentMethod.organizationId, organizationId), ids.length > 0 ? notInArray(paymentMethod.id, ids) : undefined));
  for (const { id, organizationId: owner, ...fields } of rows) await tx.insert(paymentMethod).values({ id, organizationId: owner, ...fields }).onConflictDoUpdate({ target: paymentMethod.id, set: fields });
}

export async function replaceTaxIds(tx: Transaction, organizationId: string, rows: readonly { readonly id: string; readonly type: string; readonly value: string; readonly verification: string | null }[]): Promise<void> {
  await tx.delete(paymentTaxId).where(eq(paymentTaxId.organizationId, organizationId));
  if (rows.length > 0) await tx.insert(paymentTaxId).values(rows.map((row) => ({ ...row, organizationId })));
}

export async function selectMethods(tx: Transaction, organizationId: string): Promise<PaymentMethodRow[]> {
  return tx.select().from(paymentMethod).where(eq(paymentMethod.organizationId, organizationId)).orderBy(desc(paymentMethod.isDefault), asc(paymentMethod.id));
}

export async function selectTaxIds(tx: Transaction, organizationId: string): Promise<{ readonly id: string; readonly type: string; readonly value: string; readonly verification: string | null }[]> {
  return tx.select({ id: paymentTaxId.id, type: paymentTaxId.type, value: paymentTaxId.value, verification: paymentTaxId.verification }).from(paymentTaxId).where(eq(paymentTaxId.organizationId, organizationId)).orderBy(asc(paymentTaxId.id));
}

/** Default cards that end in or before a month (year * 12 + month) and of which nobody was told. */
export async function lockExpiring(tx: Transaction, through: number, limit: number): Promise<PaymentMethodRow[]> {
  const month = sql`${paymentMethod.expiresYear} * 12 + ${paymentMethod.expiresMonth}`;
  return tx.select().from(paymentMethod).where(and(eq(paymentMethod.isDefault, true), sql`${month} <= ${through}`, sql`${paymentMethod.remindedFor} is distinct from ${month}`)).orderBy(asc(paymentMethod.id)).limit(limit).for("update");
}

export async function updateMethod(tx: Transaction, id: string, fields: Partial<PaymentMethodRow>): Promise<void> {
  await tx.update(paymentMethod).set(fields).where(eq(paymentMethod.id, id));
}

export async function insertLink(tx: Transaction, row: PaymentLinkRow): Promise<void> {
  await tx.insert(paymentLink).values(row);
}

export async function lockLink(tx: Transaction, id: string): Promise<PaymentLinkRow | null> {
  const [row] = await tx.select().from(paymentLink).where(eq(paymentLink.id, id)).for("update");
  return row ?? null;
}

export async function selectLink(tx: Transaction, organizationId: string, id: string): Promise<PaymentLinkRow | null> {
  const [row] = await tx.select().from(paymentLink).where(and(eq(paymentLink.id, id), eq(paymentLink.organizationId, organizationId)));
  return row ?? null;
}

export async function updateLink(tx: Transaction, id: string, fields: Partial<PaymentLinkRow>): Promise<void> {
  await tx.update(paymentLink).set(fields).where(eq(paymentLink.id, id));
}

export async function selectLinkByRemote(tx: Transaction, remoteId: string): Promise<PaymentLinkRow | null> {
  const [row] = await tx.select().from(paymentLink).where(eq(paymentLink.remoteId, remoteId));
  return row ?? null;
}

/** An answer that is older than what is known changes nothing. True when it was newer. */
export async function upsertProviderInvoice(tx: Transaction, row: ProviderInvoiceRow): Promise<boolean> {
  const { invoiceId, ...fields } = row;
  const rows = await tx
    .insert(paymentInvoice)
    .values({ invoiceId, ...fields })
    .onConflictDoUpdate({ target: paymentInvoice.invoiceId, set: fields, setWhere: sql`${paymentInvoice.readAt} <= ${fields.readAt.toISOString()}` })
    .returning({ id: paymentInvoice.invoiceId });
  return rows.length > 0;
}

export async function selectProviderInvoice(tx: Transaction, invoiceId: string): Promise<ProviderInvoiceRow | null> {
  const [row] = await tx.select().from(paymentInvoice).where(eq(paymentInvoice.invoiceId, invoiceId));
  return row ?? null;
}

export async function selectProviderInvoices(tx: Transaction, organizationId: string): Promise<ProviderInvoiceRow[]> {
  return tx.select().from(paymentInvoice).where(eq(paymentInvoice.organizationId, organizationId)).orderBy(desc(paymentInvoice.invoiceId));
}

/** Null when the attempt was known already. A charge's outcome never changes once it has one. */
export async function insertPayment(tx: Transaction, row: PaymentRow): Promise<PaymentRow | null> {
  const [made] = await tx.insert(payment).values(row).onConflictDoNothing({ target: payment.remoteId }).returning();
  return made ?? null;
}

export async function selectPaymentByCharge(tx: Transaction, chargeId: string): Promise<PaymentRow | null> {
  const [row] = await tx.select().from(payment).where(eq(payment.remoteId, chargeId));
  return row ?? null;
}

export async function lockPayment(tx: Transaction, id: string): Promise<PaymentRow | null> {
  const [row] = await tx.select().from(payment).where(eq(payment.id, id)).for("update");
  return row ?? null;
}

export async function selectPayments(tx: Transaction, organizationId: string, limit: number): Promise<PaymentRow[]> {
  return tx.select().from(payment).where(eq(payment.organizationId, organizationId)).orderBy(desc(payment.at), desc(payment.id)).limit(limit);
}

export async function insertRefund(tx: Transaction, row: RefundRow): Promise<void> {
  await tx.insert(paymentRefund).values(row);
}

export async function selectRefund(tx: Transaction, by: { readonly id?: string | null; readonly remoteId?: string }): Promise<RefundRow | null> {
  if (by.id) {
    const [own] = await tx.select().from(paymentRefund).where(eq(paymentRefund.id, by.id)).for("update");
    if (own) return own;
  }
  if (by.remoteId === undefined) return null;
  const [row] = await tx.select().from(paymentRefund).where(eq(paymentRefund.remoteId, by.remoteId)).for("update");
  return row ?? null;
}

export async function selectRefunds(tx: Transaction, organizationId: string): Promise<RefundRow[]> {
  return tx.select().from(paymentRefund).where(eq(paymentRefund.organizationId, organizationId)).orderBy(desc(paymentRefund.createdAt));
}

export async function updateRefund(tx: Transaction, id: string, fields: Partial<RefundRow>): Promise<void> {
  await tx.update(paymentRefund).set(fields).where(eq(paymentRefund.id, id));
}

/** Minor units that were given back, or are about to be. */
export async function sumRefunds(tx: Transaction, paymentId: string): Promise<number> {
  const [row] = await tx.select({ sum: sql<number>`coalesce(sum(${paymentRefund.amountMinor}), 0)`.mapWith(Number) }).from(paymentRefund).where(and(eq(paymentRefund.paymentId, paymentId), inArray(paymentRefund.status, ["requested", "pending", "succeeded"])));
  return row?.sum ?? 0;
}

/** Minor units whose giving back is under way and not in the ledger yet: of the same invoice, or of the organization's money in advance. */
export async function sumPendingRefunds(tx: Transaction, paid: PaymentRow): Promise<number> {
  const result = await tx.execute<{ sum: string }>(sql`
    select coalesce(sum(r.amount_minor), 0) as sum from payment_refund r join payment p on p.id = r.payment_id
    where p.organization_id = ${paid.organizationId} and p.currency = ${paid.currency} and p.invoice_id is not distinct from ${paid.invoiceId} and r.status in ('requested', 'pending')`);
  return Number(result.rows[0]?.sum ?? 0);
}

/** True when it was new or changed its status. */
export async function upsertDispute(tx: Transaction, row: DisputeRow): Promise<boolean> {
  const { status, evidenceDueAt } = row;
  const rows = await tx.insert(paymentDispute).values(row).onConflictDoUpdate({ target: paymentDispute.remoteId, set: { status, evidenceDueAt }, setWhere: sql`${paymentDispute.status} <> ${status}` }).returning({ id: paymentDispute.id });
  return rows.length > 0;
}

export async function selectDisputes(tx: Transaction, organizationId: string): Promise<DisputeRow[]> {
  return tx.select().from(paymentDispute).where(eq(paymentDispute.organizationId, organizationId)).orderBy(desc(paymentDispute.createdAt));
}

export async function insertSubscription(tx: Transaction, row: SubscriptionRow): Promise<void> {
  await tx.insert(paymentSubscription).values(row);
}

export async function lockSubscription(tx: Transaction, id: string): Promise<SubscriptionRow | null> {
  const [row] = await tx.select().from(paymentSubscription).where(eq(paymentSubscription.id, id)).for("update");
  return row ?? null;
}

export async function updateSubscription(tx: Transaction, id: string, fields: Partial<SubscriptionRow>): Promise<void> {
  await tx.update(paymentSubscription).set(fields).where(eq(paymentSubscription.id, id));
}

export async function selectSubscriptions(tx: Transaction, organizationId: string): Promise<SubscriptionRow[]> {
  return tx.select().from(paymentSubscription).where(eq(paymentSubscription.organizationId, organizationId)).orderBy(desc(paymentSubscription.createdAt), desc(paymentSubscription.id));
}

/** Which invoice of ours one at the provider is. */
export async function selectInvoiceOfRemote(tx: Transaction, remoteId: string): Promise<string | null> {
  const [row] = await tx.select({ invoiceId: paymentInvoice.invoiceId }).from(paymentInvoice).where(eq(paymentInvoice.remoteId, remoteId));
  return row?.invoiceId ?? null;
}
