import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { recordAudit } from "../audit";
import { requireIdentity } from "../rules";
import type { UpdateProfileInput } from "./schema";
import { lockUser, updateUser } from "./store";
import type { UserRow } from "./types";

type Profile = Pick<UserRow, "name" | "locale" | "timeZone" | "desktopLocale" | "keyboard">;

/** Changes the acting person's own name, language or time zone, or the language and the keyboard of their desktops: those that run take it over within seconds. */
export async function updateProfile(context: Context, input: UpdateProfileInput): Promise<{ id: string } & Profile> {
  requireIdentity(context);
  return inTransaction(context, async (tx) => {
    const found = await lockUser(tx, context.actor.id);
    if (!found) throw notFound("user", context.actor.id);
    const { name, locale, timeZone, desktopLocale, keyboard } = found;
    const before: Profile = { name, locale, timeZone, desktopLocale, keyboard };
    const fields: Profile = {
      name: input.name ?? name,
      locale: input.locale ?? locale,
      timeZone: input.timeZone ?? timeZone,
      desktopLocale: input.desktopLocale === undefined ? desktopLocale : input.desktopLocale,
      keyboard: input.keyboard === undefined ? keyboard : input.keyboard,
    };
    await updateUser(tx, found.id, fields);
    await recordAudit(tx, context, { action: "user.profile-updated", targetKind: "user", targetId: found.id, before, after: fields });
    return { id: found.id, ...fields };
  });
}
