import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "../audit";
import type { MemberRole } from "../types";
import { insertMember } from "./store";

/** Makes a person a member, in the caller's transaction. Somebody who is one already keeps the role they have. */
export async function addMember(tx: Transaction, context: Context, input: { readonly organizationId: string; readonly userId: string; readonly role: MemberRole }): Promise<void> {
  const added = await insertMember(tx, { ...input, createdAt: context.clock.now() });
  if (!added) return;
  await announce(tx, { organizationId: input.organizationId, topic: "member", id: input.userId });
  await recordAudit(tx, context, { action: "member.added", targetKind: "member", targetId: input.userId, after: { role: input.role }, organizationId: input.organizationId });
}
