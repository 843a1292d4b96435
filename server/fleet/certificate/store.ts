import { and, desc, eq } from "drizzle-orm";
import type { Words } from "@/db/columns";
import { sleepCertificate } from "@/db/schema/automation";
import type { Transaction } from "@/server/platform/transaction";
import type { CertificateRow } from "../types";

export async function insertCertificate(tx: Transaction, row: typeof sleepCertificate.$inferInsert): Promise<void> {
  await tx.insert(sleepCertificate).values(row);
}

export async function validCertificate(tx: Transaction, clusterId: string): Promise<CertificateRow | null> {
  const [row] = await tx.select().from(sleepCertificate).where(and(eq(sleepCertificate.clusterId, clusterId), eq(sleepCertificate.state, "valid")));
  return row ?? null;
}

export async function endCertificate(tx: Transaction, clusterId: string, end: { state: "replaced" | "void"; endedAt: Date; endReason: string; endWords: Words[] | null }): Promise<CertificateRow | null> {
  const [row] = await tx.update(sleepCertificate).set(end).where(and(eq(sleepCertificate.clusterId, clusterId), eq(sleepCertificate.state, "valid"))).returning();
  return row ?? null;
}

export async function writeChecked(tx: Transaction, certificateId: string, checked: { checkedAt: Date; checkedForGeneration: number }): Promise<void> {
  await tx.update(sleepCertificate).set(checked).where(eq(sleepCertificate.id, certificateId));
}

export function certificatesOf(tx: Transaction, clusterId: string, limit: number): Promise<CertificateRow[]> {
  return tx.select().from(sleepCertificate).where(eq(sleepCertificate.clusterId, clusterId)).orderBy(desc(sleepCertificate.madeAt), desc(sleepCertificate.id)).limit(limit);
}
