import { and, asc, eq, inArray, sql } from "drizzle-orm";
import { desktopAssignment, desktopGroup, desktopGroupMember } from "@/db/schema/desktop";
import { member, user } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { GroupRow } from "../types";

export async function insertGroup(tx: Transaction, row: typeof desktopGroup.$inferInsert): Promise<GroupRow> {
  const [made] = await tx.insert(desktopGroup).values(row).returning();
  if (!made) throw new Error("a group was not made");
  return made;
}

/** Every change of who is in a group, and of what it has, queues at its row. */
export async function lockGroup(tx: Transaction, organizationId: string, groupId: string): Promise<GroupRow | null> {
  const [row] = await tx.select().from(desktopGroup).where(and(eq(desktopGroup.id, groupId), eq(desktopGroup.organizationId, organizationId))).for("update");
  return row ?? null;
}

/** Those of the named groups that are the organization's, held until the transaction ends so that none goes meanwhile. */
export async function holdGroups(tx: Transaction, organizationId: string, groupIds: readonly string[]): Promise<GroupRow[]> {
  if (groupIds.length === 0) return [];
  return tx.select().from(desktopGroup).where(and(eq(desktopGroup.organizationId, organizationId), inArray(desktopGroup.id, [...groupIds]))).orderBy(asc(desktopGroup.id)).for("share");
}

/** By name, with how many people are in each, and how many pools it has a right to. */
export async function selectGroups(tx: Transaction, organizationId: string) {
  return tx
    .select({
      id: desktopGroup.id,
      name: desktopGroup.name,
      createdAt: desktopGroup.createdAt,
      people: sql<number>`(select count(*)::int from ${desktopGroupMember} g where g.group_id = desktop_group.id)`,
      pools: sql<number>`(select count(*)::int from ${desktopAssignment} a join desktop_pool p on p.id = a.pool_id and p.deleted_at is null where a.group_id = desktop_group.id)`,
    })
    .from(desktopGroup)
    .where(eq(desktopGroup.organizationId, organizationId))
    .orderBy(asc(sql`lower(${desktopGroup.name})`));
}

/** With the member behind each address, where there is one. */
export async function selectGroupMembers(tx: Transaction, organizationId: string, groupId: string) {
  return tx
    .select({ email: desktopGroupMember.email, createdAt: desktopGroupMember.createdAt, userId: member.userId, name: user.name })
    .from(desktopGroupMember)
    .leftJoin(user, eq(user.email, desktopGroupMember.email))
    .leftJoin(member, and(eq(member.userId, user.id), eq(member.organizationId, desktopGroupMember.organizationId)))
    .where(and(eq(desktopGroupMember.organizationId, organizationId), eq(desktopGroupMember.groupId, groupId)))
    .orderBy(asc(desktopGroupMember.email));
}

/** Addresses that were not in the group before. */
export async function insertGroupMembers(tx: Transaction, rows: (typeof desktopGroupMember.$inferInsert)[]): Promise<string[]> {
  if (rows.length === 0) return [];
  return (await tx.insert(desktopGroupMember).values(rows).onConflictDoNothing().returning({ email: desktopGroupMember.email })).map(({ email }) => email);
}

/** Addresses that were in the group. */
export async function deleteGroupMembers(tx: Transaction, groupId: string, emails: readonly string[]): Promise<string[]> {
  if (emails.length === 0) return [];
  return (await tx.delete(desktopGroupMember).where(and(eq(desktopGroupMember.groupId, groupId), inArray(desktopGroupMember.email, [...emails]))).returning({ email: desktopGroupMember.email })).map(({ email }) => email);
}

/** The group, who is in it and what it has. */
export async function deleteGroup(tx: Transaction, groupId: string): Promise<{ readonly people: number; readonly poolIds: string[] }> {
  const pools = await tx.delete(desktopAssignment).where(eq(desktopAssignment.groupId, groupId)).returning({ poolId: desktopAssignment.poolId });
  const people = await tx.delete(desktopGroupMember).where(eq(desktopGroupMember.groupId, groupId));
  await tx.delete(desktopGroup).where(eq(desktopGroup.id, groupId));
  return { people: people.rowCount ?? 0, poolIds: pools.map(({ poolId }) => poolId) };
}
