import { and, asc, eq, gt, ilike, or, sql, type SQL } from "drizzle-orm";
import { member, user } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { MemberRole } from "../types";
import type { Member } from "./types";

const COLUMNS = { userId: member.userId, name: user.name, email: user.email, role: member.role, joinedAt: member.createdAt };

function where(organizationId: string, search: string | undefined): SQL | undefined {
  const pattern = search ? `%${search.replaceAll(/[\\%_]/g, "\\$&")}%` : null;
  return and(eq(member.organizationId, organizationId), pattern === null ? undefined : or(ilike(user.name, pattern), ilike(user.email, pattern)));
}

/** By user id, which is the order of their joining us. */
export async function selectMembers(tx: Transaction, organizationId: string, search: string | undefined, after: string | null, limit: number): Promise<Member[]> {
  return tx
    .select(COLUMNS)
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .where(and(where(organizationId, search), after === null ? undefined : gt(member.userId, after)))
    .orderBy(asc(member.userId))
    .limit(limit);
}

export async function countMembers(tx: Transaction, organizationId: string, search: string | undefined): Promise<number> {
  const rows = await tx.select({ total: sql<number>`count(*)::int` }).from(member).innerJoin(user, eq(user.id, member.userId)).where(where(organizationId, search));
  return rows[0]?.total ?? 0;
}

/** Locks every owner's row and the named ones in one order, so that two owners cannot both leave at once. */
export async function lockMembers(tx: Transaction, organizationId: string, userIds: readonly string[]): Promise<{ userId: string; role: MemberRole }[]> {
  return tx
    .select({ userId: member.userId, role: member.role })
    .from(member)
    .where(and(eq(member.organizationId, organizationId), or(eq(member.role, "owner"), ...userIds.map((id) => eq(member.userId, id)))))
    .orderBy(asc(member.userId))
    .for("update");
}

export async function updateRole(tx: Transaction, organizationId: string, userId: string, role: MemberRole): Promise<void> {
  await tx.update(member).set({ role }).where(and(eq(member.organizationId, organizationId), eq(member.userId, userId)));
}

export async function deleteMember(tx: Transaction, organizationId: string, userId: string): Promise<void> {
  await tx.delete(member).where(and(eq(member.organizationId, organizationId), eq(member.userId, userId)));
}

/** False when the person is a member already; their role stays. */
export async function insertMember(tx: Transaction, row: { organizationId: string; userId: string; role: MemberRole; createdAt: Date }): Promise<boolean> {
  const rows = await tx.insert(member).values(row).onConflictDoNothing().returning({ userId: member.userId });
  return rows.length > 0;
}

/** The member with this e-mail address (lower case), if there is one. */
export async function selectMemberByEmail(tx: Transaction, organizationId: string, email: string): Promise<Member | null> {
  const rows = await tx.select(COLUMNS).from(member).innerJoin(user, eq(user.id, member.userId)).where(and(eq(member.organizationId, organizationId), eq(user.email, email)));
  return rows[0] ?? null;
}
