import { and, eq, sql } from "drizzle-orm";
import { moveConsent } from "@/db/schema/automation";
import { instance } from "@/db/schema/compute";
import type { Transaction } from "@/server/platform/transaction";
import type { MoveConsent } from "./types";

export function consentsOfCluster(tx: Transaction, clusterId: string): Promise<MoveConsent[]> {
  return tx.select({ consent: moveConsent }).from(moveConsent).innerJoin(instance, eq(instance.id, moveConsent.instanceId)).where(eq(instance.clusterId, clusterId)).then((rows) => rows.map((row) => row.consent));
}

export async function findConsent(tx: Transaction, organizationId: string, instanceId: string): Promise<MoveConsent | null> {
  const [row] = await tx.select().from(moveConsent).where(and(eq(moveConsent.instanceId, instanceId), eq(moveConsent.organizationId, organizationId)));
  return row ?? null;
}

export async function upsertConsent(tx: Transaction, row: MoveConsent): Promise<void> {
  await tx.insert(moveConsent).values(row).onConflictDoUpdate({ target: moveConsent.instanceId, set: row, setWhere: eq(moveConsent.organizationId, row.organizationId) });
}

/** False when somebody gave notice since the caller looked. */
export async function writeNotice(tx: Transaction, instanceId: string, at: Date, before: Date | null): Promise<boolean> {
  const rows = await tx.update(moveConsent).set({ noticeGivenAt: at }).where(and(eq(moveConsent.instanceId, instanceId), sql`${moveConsent.noticeGivenAt} is not distinct from ${before?.toISOString() ?? null}`)).returning({ id: moveConsent.instanceId });
  return rows.length === 1;
}
