import { and, desc, eq, isNull, sql } from "drizzle-orm";
import { invoiceEvidence, signingKey } from "@/db/schema/billing";
import type { Transaction } from "@/server/platform/transaction";

export async function selectSigningKey(tx: Transaction): Promise<typeof signingKey.$inferSelect | null> {
  const [row] = await tx.select().from(signingKey).where(isNull(signingKey.retiredAt)).orderBy(desc(signingKey.createdAt)).limit(1);
  return row ?? null;
}

export async function lockSigningKeys(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('signing-keys', 0))`);
}

export async function insertSigningKey(tx: Transaction, row: typeof signingKey.$inferInsert): Promise<void> {
  await tx.insert(signingKey).values(row);
}

export async function selectPublicKeys(tx: Transaction): Promise<{ readonly id: string; readonly publicKey: string; readonly createdAt: Date; readonly retiredAt: Date | null }[]> {
  return tx.select({ id: signingKey.id, publicKey: signingKey.publicKey, createdAt: signingKey.createdAt, retiredAt: signingKey.retiredAt }).from(signingKey).orderBy(desc(signingKey.createdAt));
}

export async function insertEvidence(tx: Transaction, row: typeof invoiceEvidence.$inferInsert): Promise<void> {
  await tx.insert(invoiceEvidence).values(row);
}

export async function selectEvidence(tx: Transaction, organizationId: string, invoiceId: string): Promise<string | null> {
  const [row] = await tx.select({ document: invoiceEvidence.document }).from(invoiceEvidence).where(and(eq(invoiceEvidence.invoiceId, invoiceId), eq(invoiceEvidence.organizationId, organizationId)));
  return row?.document ?? null;
}
