import { and, asc, eq, isNull, or, sql } from "drizzle-orm";
import { desktopAssignment, desktopPool } from "@/db/schema/desktop";
import { member, user } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { AssignmentRow } from "../types";

/** Those that were not there before. */
export async function insertAssignments(tx: Transaction, rows: (typeof desktopAssignment.$inferInsert)[]): Promise<AssignmentRow[]> {
  return rows.length === 0 ? [] : tx.insert(desktopAssignment).values(rows).onConflictDoNothing().returning();
}

export async function deleteAssignment(tx: Transaction, organizationId: string, assignmentId: string): Promise<AssignmentRow | null> {
  const [row] = await tx.delete(desktopAssignment).where(and(eq(desktopAssignment.id, assignmentId), eq(desktopAssignment.organizationId, organizationId))).returning();
  return row ?? null;
}

/** With the member behind each address, where there is one. */
export async function selectAssignments(tx: Transaction, organizationId: string, poolId: string) {
  return tx
    .select({ id: desktopAssignment.id, email: desktopAssignment.email, createdAt: desktopAssignment.createdAt, userId: member.userId, name: user.name })
    .from(desktopAssignment)
    .leftJoin(user, eq(user.email, desktopAssignment.email))
    .leftJoin(member, and(eq(member.userId, user.id), eq(member.organizationId, desktopAssignment.organizationId)))
    .where(and(eq(desktopAssignment.organizationId, organizationId), eq(desktopAssignment.poolId, poolId)))
    .orderBy(sql`${desktopAssignment.email} nulls first`, asc(desktopAssignment.id));
}

/** Pools that a person has a right to: by address, or with everybody. */
export async function selectRights(tx: Transaction, organizationId: string, userId: string): Promise<Set<string>> {
  const rows = await tx
    .selectDistinct({ poolId: desktopAssignment.poolId })
    .from(desktopAssignment)
    .innerJoin(desktopPool, and(eq(desktopPool.id, desktopAssignment.poolId), isNull(desktopPool.deletedAt)))
    .innerJoin(member, and(eq(member.organizationId, desktopAssignment.organizationId), eq(member.userId, userId)))
    .innerJoin(user, eq(user.id, member.userId))
    .where(and(eq(desktopAssignment.organizationId, organizationId), or(isNull(desktopAssignment.email), eq(desktopAssignment.email, user.email))));
  return new Set(rows.map((row) => row.poolId));
}
