import { and, eq, inArray, isNull, ne, sql } from "drizzle-orm";
import { instance } from "@/db/schema/compute";
import { organization } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { InstanceRow } from "../types";

/** Machines that should run and whose organization is suspended. */
export async function lockRunningOfSuspended(tx: Transaction, limit: number): Promise<InstanceRow[]> {
  const suspended = tx.select({ id: organization.id }).from(organization).where(eq(organization.standing, "suspended"));
  return tx
    .select()
    .from(instance)
    .where(and(eq(instance.desiredPower, "running"), isNull(instance.deletedAt), isNull(instance.purgedAt), inArray(instance.organizationId, suspended)))
    .orderBy(instance.id)
    .limit(limit)
    .for("update");
}

/** Machines that only the standing had stopped, and whose organization is no longer suspended. */
export async function lockStoppedByStanding(tx: Transaction, limit: number): Promise<InstanceRow[]> {
  const free = tx.select({ id: organization.id }).from(organization).where(ne(organization.standing, "suspended"));
  return tx
    .select()
    .from(instance)
    .where(and(eq(instance.desiredPower, "stopped"), eq(instance.powerDecidedBy, "standing"), isNull(instance.deletedAt), isNull(instance.purgedAt), inArray(instance.organizationId, free)))
    .orderBy(instance.id)
    .limit(limit)
    .for("update");
}

export async function writePower(tx: Transaction, instanceIds: readonly string[], power: { readonly desiredPower: "running" | "stopped"; readonly powerDecidedBy: "tenant" | "standing" | "cap"; readonly stopRequestedAt: Date | null; readonly updatedAt: Date }): Promise<void> {
  await tx.update(instance).set({ ...power, generation: sql`${instance.generation} + 1` }).where(inArray(instance.id, [...instanceIds]));
}
