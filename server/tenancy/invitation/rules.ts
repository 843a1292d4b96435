import { createHash } from "node:crypto";

/** A link in a mailbox is a key: a week is enough for a holiday. */
export const INVITATION_LIFETIME_MS = 7 * 86_400_000;
/** Open invitations of one organization at a time, against using us to send mail to strangers. */
export const MAX_OPEN_INVITATIONS = 200;
/** Bytes of the secret in the link: as hard to guess as a key. */
export const TOKEN_BYTES = 32;

/** What the database keeps of the secret; without a salt, because the secret is random itself. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** True while the invitation can be accepted. */
export function isOpen(row: { readonly expiresAt: Date; readonly acceptedAt: Date | null; readonly revokedAt: Date | null }, nowMs: number): boolean {
  return row.acceptedAt === null && row.revokedAt === null && row.expiresAt.getTime() > nowMs;
}
