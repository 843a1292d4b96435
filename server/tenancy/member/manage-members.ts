import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { mayManage } from "../rules";
import type { MemberRole } from "../types";
import { lockMembers } from "./store";

/**
 * Locks the acting member and the one acted upon and answers both roles as they are now, after checking that the one
 * may touch the other. `becomes` is the role after it, null when the member leaves: the last owner stays an owner,
 * because an organization without one can never get one again.
 */
export async function lockForChange(tx: Transaction, context: Context, organizationId: string, userId: string, becomes: MemberRole | null): Promise<MemberRole> {
  const locked = await lockMembers(tx, organizationId, [context.actor.id, userId]);
  const acting = locked.find((row) => row.userId === context.actor.id);
  const subject = locked.find((row) => row.userId === userId);
  if (!subject) throw new Problem("not-found", `There is no member ${userId} in this organization. Choose one from the list.`, { what: "member", id: userId });
  // Staff act through the provider's scope and are no members.
  const actingRole: MemberRole | null = context.scope === "tenant" ? (acting?.role ?? null) : "owner";
  if (actingRole === null || !mayManage(actingRole, subject.role) || (becomes !== null && !mayManage(actingRole, becomes))) {
    throw new Problem("forbidden", sentence("refused-owner-change"), { role: actingRole });
  }
  const owners = locked.filter((row) => row.role === "owner");
  if (subject.role === "owner" && becomes !== "owner" && owners.length === 1) {
    throw new Problem("conflict", sentence("refused-last-owner"));
  }
  return subject.role;
}
