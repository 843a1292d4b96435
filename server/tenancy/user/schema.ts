import { z } from "zod";
import { givenPassword, guestKeyboard, guestLocale, lineOfText, locale, newPassword, timeZone } from "../schema";

export const updateProfileInput = z.object({
  name: lineOfText(100).optional(),
  locale: locale.optional(),
  timeZone: timeZone.optional(),
  /** Of their desktops; null: as each pool says. */
  desktopLocale: guestLocale.nullish(),
  keyboard: guestKeyboard.nullish(),
});
export type UpdateProfileInput = z.output<typeof updateProfileInput>;

export const changePasswordInput = z.object({ currentPassword: givenPassword, newPassword });
export type ChangePasswordInput = z.output<typeof changePasswordInput>;
