import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "../audit";
import { tenantOf } from "../rules";
import type { MemberRole } from "../types";
import { lockForChange } from "./manage-members";
import type { ChangeRoleInput } from "./schema";
import { updateRole } from "./store";

/** Gives a member another role; it counts from their next request on. */
export async function changeRole(context: Context, input: ChangeRoleInput): Promise<{ userId: string; role: MemberRole }> {
  const organizationId = tenantOf(context);
  return inTransaction(context, async (tx) => {
    const before = await lockForChange(tx, context, organizationId, input.userId, input.role);
    if (before !== input.role) {
      await updateRole(tx, organizationId, input.userId, input.role);
      await announce(tx, { organizationId, topic: "member", id: input.userId });
      await recordAudit(tx, context, { action: "member.role-changed", targetKind: "member", targetId: input.userId, before: { role: before }, after: { role: input.role } });
    }
    return { userId: input.userId, role: input.role };
  });
}
