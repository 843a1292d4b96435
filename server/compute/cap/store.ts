import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import { instance } from "@/db/schema/compute";
import type { Transaction } from "@/server/platform/transaction";
import type { InstanceRow } from "../types";

/** Machines of an organization that should run. */
export async function selectRunning(tx: Transaction, organizationId: string): Promise<Pick<InstanceRow, "id" | "flavorId" | "createdAt">[]> {
  return tx.select({ id: instance.id, flavorId: instance.flavorId, createdAt: instance.createdAt }).from(instance).where(and(eq(instance.organizationId, organizationId), eq(instance.desiredPower, "running"), isNull(instance.deletedAt), isNull(instance.purgedAt))).orderBy(instance.id);
}

/** Machines that only the cap on spending had stopped, oldest first. */
export async function selectStoppedByCap(tx: Transaction, organizationId: string): Promise<Pick<InstanceRow, "id" | "flavorId">[]> {
  return tx.select({ id: instance.id, flavorId: instance.flavorId }).from(instance).where(and(eq(instance.organizationId, organizationId), eq(instance.desiredPower, "stopped"), eq(instance.powerDecidedBy, "cap"), isNull(instance.deletedAt), isNull(instance.purgedAt))).orderBy(instance.id);
}

export async function updatePower(tx: Transaction, instanceIds: readonly string[], power: { readonly desiredPower: "running" | "stopped"; readonly powerDecidedBy: "tenant" | "cap"; readonly stopRequestedAt: Date | null; readonly updatedAt: Date }): Promise<InstanceRow[]> {
  return tx.update(instance).set({ ...power, generation: sql`${instance.generation} + 1` }).where(inArray(instance.id, [...instanceIds])).returning();
}
