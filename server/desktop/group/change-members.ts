import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { requireOrganization } from "../rules";
import { groupMembersInput, type GroupMembersInput } from "../schema";
import { deleteGroupMembers, insertGroupMembers, lockGroup } from "./store";

/** Puts people into a group: they have what it has from now on. Answers how many were new. */
export async function addToGroup(context: Context, input: GroupMembersInput): Promise<{ readonly added: number }> {
  const { groupId, emails } = groupMembersInput.parse(input);
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => ({ added: (await addToGroupIn(tx, context, organizationId, groupId, emails)).length }));
}

/** Answers the addresses that were new; no group of the organization is no answer. */
export async function addToGroupIn(tx: Transaction, context: Context, organizationId: string, groupId: string, emails: readonly string[]): Promise<string[]> {
  const group = await lockGroup(tx, organizationId, groupId);
  if (!group) throw notFound("group", groupId);
  const now = context.clock.now();
  const added = await insertGroupMembers(tx, [...new Set(emails)].map((email) => ({ organizationId, groupId, email, createdAt: now, createdBy: context.actor.id })));
  if (added.length > 0) {
    await recordAudit(tx, context, { action: "desktop-group.joined", targetKind: "desktop-group", targetId: groupId, after: { people: added } });
    await wakeAndAnnounce(tx, ["keep-desktops"], { organizationId, topic: "desktop", id: groupId });
  }
  return added;
}

/** Takes people out of a group. What they had through it alone ends by the loop, within seconds. Answers how many were in it. */
export async function removeFromGroup(context: Context, input: GroupMembersInput): Promise<{ readonly removed: number }> {
  const { groupId, emails } = groupMembersInput.parse(input);
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    const group = await lockGroup(tx, organizationId, groupId);
    if (!group) throw notFound("group", groupId);
    const removed = await deleteGroupMembers(tx, groupId, emails);
    if (removed.length > 0) {
      await recordAudit(tx, context, { action: "desktop-group.left", targetKind: "desktop-group", targetId: groupId, before: { people: removed } });
      await wakeAndAnnounce(tx, ["keep-desktops"], { organizationId, topic: "desktop", id: groupId });
    }
    return { removed: removed.length };
  });
}
