import type { GuestKeyboard, GuestLocale, Locale, OperatorRole } from "../types";

export interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  /** argon2id, PHC text; null until the person has chosen a password. */
  readonly passwordHash: string | null;
  readonly locale: Locale;
  readonly timeZone: string;
  /** For their desktops; null: as a pool says. */
  readonly desktopLocale: GuestLocale | null;
  readonly keyboard: GuestKeyboard | null;
  readonly operatorRole: OperatorRole | null;
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
}

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly password: string;
  readonly locale?: Locale;
  readonly timeZone?: string;
  readonly operatorRole?: OperatorRole | null;
}
