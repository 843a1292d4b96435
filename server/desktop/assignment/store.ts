import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import { desktopAssignment, desktopGroup, desktopGroupMember, desktopPool } from "@/db/schema/desktop";
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

/** With the member behind each address, where there is one, and the name of each group; everybody first, then groups. */
export async function selectAssignments(tx: Transaction, organizationId: string, poolId: string) {
  return tx
    .select({
      id: desktopAssignment.id, email: desktopAssignment.email, createdAt: desktopAssignment.createdAt, userId: member.userId, name: user.name, groupId: desktopAssignment.groupId, groupName: desktopGroup.name,
      groupPeople: sql<number>`(select count(*)::int from ${desktopGroupMember} g where g.group_id = ${desktopAssignment.groupId})`,
    })
    .from(desktopAssignment)
    .leftJoin(desktopGroup, eq(desktopGroup.id, desktopAssignment.groupId))
    .leftJoin(user, eq(user.email, desktopAssignment.email))
    .leftJoin(member, and(eq(member.userId, user.id), eq(member.organizationId, desktopAssignment.organizationId)))
    .where(and(eq(desktopAssignment.organizationId, organizationId), eq(desktopAssignment.poolId, poolId)))
    .orderBy(sql`${desktopAssignment.email} nulls first`, sql`lower(${desktopGroup.name}) nulls first`, asc(desktopAssignment.id));
}

/** An assignment counts for a person: by address, through a group, or because it is everybody's. */
const countsFor = sql`(${desktopAssignment.email} = ${user.email} or (${desktopAssignment.email} is null and ${desktopAssignment.groupId} is null)
  or exists (select 1 from ${desktopGroupMember} g where g.group_id = ${desktopAssignment.groupId} and g.email = ${user.email}))`;

/** Pools that a person has a right to. Who is no member of the organization has none. */
export async function selectRights(tx: Transaction, organizationId: string, userId: string): Promise<Set<string>> {
  const rows = await tx
    .selectDistinct({ poolId: desktopAssignment.poolId })
    .from(desktopAssignment)
    .innerJoin(desktopPool, and(eq(desktopPool.id, desktopAssignment.poolId), isNull(desktopPool.deletedAt)))
    .innerJoin(member, and(eq(member.organizationId, desktopAssignment.organizationId), eq(member.userId, userId)))
    .innerJoin(user, eq(user.id, member.userId))
    .where(and(eq(desktopAssignment.organizationId, organizationId), countsFor));
  return new Set(rows.map((row) => row.poolId));
}

/** People with a right to a pool. */
export async function selectEntitled(tx: Transaction, poolId: string): Promise<Set<string>> {
  const rows = await tx
    .selectDistinct({ userId: member.userId })
    .from(desktopAssignment)
    .innerJoin(member, eq(member.organizationId, desktopAssignment.organizationId))
    .innerJoin(user, eq(user.id, member.userId))
    .where(and(eq(desktopAssignment.poolId, poolId), countsFor));
  return new Set(rows.map((row) => row.userId));
}

/** The member with an address (lower case). */
export async function selectMember(tx: Transaction, organizationId: string, email: string): Promise<{ readonly userId: string } | null> {
  const [row] = await tx.select({ userId: member.userId }).from(member).innerJoin(user, eq(user.id, member.userId)).where(and(eq(member.organizationId, organizationId), eq(user.email, email)));
  return row ?? null;
}

/** Those of some addresses that are a member's of the organization. */
export async function selectMemberEmails(tx: Transaction, organizationId: string, emails: readonly string[]): Promise<Set<string>> {
  if (emails.length === 0) return new Set();
  const rows = await tx.select({ email: user.email }).from(member).innerJoin(user, eq(user.id, member.userId)).where(and(eq(member.organizationId, organizationId), inArray(user.email, [...emails])));
  return new Set(rows.map((row) => row.email));
}
