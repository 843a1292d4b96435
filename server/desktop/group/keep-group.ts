import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, violatedConstraint } from "@/server/platform/transaction";
import { announce, wakeAndAnnounce } from "@/server/platform/wake";
import { requireOrganization } from "../rules";
import { createGroupInput, groupRef, type CreateGroupInput, type GroupRef } from "../schema";
import type { GroupRow } from "../types";
import { deleteGroup as removeRows, insertGroup, lockGroup, selectGroupMembers, selectGroups } from "./store";

export type GroupView = Awaited<ReturnType<typeof selectGroups>>[number];
export type GroupMemberView = Awaited<ReturnType<typeof selectGroupMembers>>[number];

/** Makes a group with nobody in it. */
export async function createGroup(context: Context, input: CreateGroupInput): Promise<GroupRow> {
  const { name } = createGroupInput.parse(input);
  const organizationId = requireOrganization(context);
  try {
    return await inTransaction(context, async (tx) => {
      const group = await insertGroup(tx, { id: mintId("desktopGroup", context), organizationId, name, createdAt: context.clock.now(), createdBy: context.actor.id });
      await recordAudit(tx, context, { action: "desktop-group.created", targetKind: "desktop-group", targetId: group.id, after: { name } });
      await announce(tx, { organizationId, topic: "desktop", id: group.id });
      return group;
    });
  } catch (error) {
    if (violatedConstraint(error) === "desktop_group_name") throw new Problem("conflict", sentence("refused-group-taken", { name }), { field: "name" }, { cause: error });
    throw error;
  }
}

/** Removes a group. What its people had through it alone they have no more: their open sessions end by the loop, within seconds. */
export async function deleteGroup(context: Context, input: GroupRef): Promise<void> {
  const { groupId } = groupRef.parse(input);
  const organizationId = requireOrganization(context);
  await inTransaction(context, async (tx) => {
    const group = await lockGroup(tx, organizationId, groupId);
    if (!group) throw notFound("group", groupId);
    const gone = await removeRows(tx, groupId);
    await recordAudit(tx, context, { action: "desktop-group.deleted", targetKind: "desktop-group", targetId: groupId, before: { name: group.name, people: gone.people, poolIds: gone.poolIds } });
    await wakeAndAnnounce(tx, ["keep-desktops"], { organizationId, topic: "desktop", id: groupId });
  });
}

/** The organization's groups, by name. */
export async function listGroups(context: Context): Promise<GroupView[]> {
  const organizationId = requireOrganization(context);
  return inTransaction(context, (tx) => selectGroups(tx, organizationId), { readOnly: true });
}

/** Who is in a group; an address without a member behind it is waiting for its owner. */
export async function listGroupMembers(context: Context, input: GroupRef): Promise<GroupMemberView[]> {
  const { groupId } = groupRef.parse(input);
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    if (!(await selectGroups(tx, organizationId)).some(({ id }) => id === groupId)) throw notFound("group", groupId);
    return selectGroupMembers(tx, organizationId, groupId);
  }, { readOnly: true });
}
