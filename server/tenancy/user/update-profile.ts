import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { recordAudit } from "../audit";
import { requireIdentity } from "../rules";
import type { UpdateProfileInput } from "./schema";
import { lockUser, updateUser } from "./store";

/** Changes the acting person's own name, language or time zone. */
export async function updateProfile(context: Context, input: UpdateProfileInput): Promise<{ id: string; name: string; locale: string; timeZone: string }> {
  requireIdentity(context);
  return inTransaction(context, async (tx) => {
    const before = await lockUser(tx, context.actor.id);
    if (!before) throw notFound("user", context.actor.id);
    const fields = { name: input.name ?? before.name, locale: input.locale ?? before.locale, timeZone: input.timeZone ?? before.timeZone };
    await updateUser(tx, before.id, fields);
    await recordAudit(tx, context, { action: "user.profile-updated", targetKind: "user", targetId: before.id, before: { name: before.name, locale: before.locale, timeZone: before.timeZone }, after: fields });
    return { id: before.id, ...fields };
  });
}
