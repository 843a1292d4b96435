import { z } from "zod";
import { GUEST_KEYBOARDS, GUEST_LOCALES, MEMBER_ROLES, OPERATOR_ROLES, STANDINGS } from "./types";

/** Text that people read on one line: trimmed, not empty, no control characters. */
export const lineOfText = (most: number) =>
  z.string().trim().min(1, { error: "is empty" }).max(most, { error: `has more than ${most} characters` }).regex(/^[^\p{Cc}\p{Cs}]*$/u, { error: "holds characters that cannot be shown" });

/** Lower-cased here, because the database holds e-mail addresses in lower case only. 254: RFC 5321's longest path. */
export const emailAddress = z.string().trim().toLowerCase().max(254, { error: "has more than 254 characters" }).pipe(z.email({ error: "is not an e-mail address" }));

/** Length is what makes a password hard to guess; 12 follows NIST SP 800-63B for a password without a second factor, rounded down for people. */
export const newPassword = z.string().min(12, { error: "needs at least 12 characters" }).max(200, { error: "has more than 200 characters" });

/** A password to compare: no rule but a bound on work. */
export const givenPassword = z.string().min(1, { error: "is empty" }).max(200, { error: "has more than 200 characters" });

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}

/** A name of the IANA time zone database, such as Asia/Tokyo. */
export const timeZone = z.string().max(64).regex(/^[A-Za-z0-9_+\-/]+$/, { error: "is not a time zone" }).refine(isTimeZone, { error: "is not a time zone of the IANA list, e.g. Asia/Tokyo" });

/** The organization's short name in addresses. */
export const newSlug = z.string().min(2, { error: "needs at least 2 characters" }).max(40, { error: "has more than 40 characters" })
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])$/, { error: "may hold a-z, 0-9 and inner hyphens" });

/** ISO 4217 in capitals, as the runtime knows them. */
export const currency = z.string().regex(/^[A-Z]{3}$/, { error: "is not a currency code such as JPY" }).refine((code) => Intl.supportedValuesOf("currency").includes(code), { error: "is not a currency of ISO 4217" });

export const memberRole = z.enum(MEMBER_ROLES);
export const operatorRole = z.enum(OPERATOR_ROLES);
export const standing = z.enum(STANDINGS);
export const locale = z.enum(["en", "ja"]);
export const guestLocale = z.enum(GUEST_LOCALES);
export const guestKeyboard = z.enum(GUEST_KEYBOARDS);

/** An id in an input: bounded text; whether it names something is for the area to say. */
export const idText = z.string().min(1).max(64).regex(/^[A-Za-z0-9_-]+$/, { error: "is not an id" });
