import { and, asc, eq, isNull } from "drizzle-orm";
import { sshKey } from "@/db/schema/compute";
import type { Transaction } from "@/server/platform/transaction";

export type SshKeyRow = typeof sshKey.$inferSelect;

export async function selectKeys(tx: Transaction, organizationId: string): Promise<SshKeyRow[]> {
  return tx.select().from(sshKey).where(and(eq(sshKey.organizationId, organizationId), isNull(sshKey.deletedAt))).orderBy(asc(sshKey.name), asc(sshKey.id));
}

/** Null when the organization has this key already. */
export async function insertKey(tx: Transaction, row: typeof sshKey.$inferInsert): Promise<SshKeyRow | null> {
  const [made] = await tx.insert(sshKey).values(row).onConflictDoNothing().returning();
  return made ?? null;
}

/** Null when there is no such key, or it was removed before. */
export async function deleteKey(tx: Transaction, organizationId: string, sshKeyId: string, at: Date): Promise<SshKeyRow | null> {
  const [row] = await tx.update(sshKey).set({ deletedAt: at }).where(and(eq(sshKey.id, sshKeyId), eq(sshKey.organizationId, organizationId), isNull(sshKey.deletedAt))).returning();
  return row ?? null;
}
