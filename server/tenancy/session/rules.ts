const DAY_MS = 86_400_000;

/** A session ends this long after sign-in, whatever happens (OWASP asks for an absolute end; a month is the convention of hosting panels). */
export const SESSION_LIFETIME_MS = 30 * DAY_MS;
/** A session that nobody used for this long is over: a forgotten browser should not stay a key. */
export const SESSION_IDLE_MS = 7 * DAY_MS;
/** `last_seen_at` is written at most this often, so that reading a page does not write. */
export const LAST_SEEN_EVERY_MS = 60_000;

/** True while the row is worth something at `nowMs`. */
export function isLive(row: { readonly expiresAt: Date; readonly lastSeenAt: Date; readonly revokedAt: Date | null }, nowMs: number): boolean {
  return row.revokedAt === null && row.expiresAt.getTime() > nowMs && row.lastSeenAt.getTime() + SESSION_IDLE_MS > nowMs;
}
