import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "../audit";
import { tenantOf } from "../rules";
import { lockForChange } from "./manage-members";
import type { RemoveMemberInput } from "./schema";
import { deleteMember } from "./store";

/** Takes a person out of the organization; their account and their other organizations stay. */
export async function removeMember(context: Context, input: RemoveMemberInput): Promise<{ userId: string }> {
  const organizationId = tenantOf(context);
  return inTransaction(context, async (tx) => {
    const role = await lockForChange(tx, context, organizationId, input.userId, null);
    await deleteMember(tx, organizationId, input.userId);
    await announce(tx, { organizationId, topic: "member", id: input.userId });
    await recordAudit(tx, context, { action: "member.removed", targetKind: "member", targetId: input.userId, before: { role }, after: null });
    return { userId: input.userId };
  });
}
