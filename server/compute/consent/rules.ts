import type { MoveConsent } from "./types";

/** A notice is good for so long; a move that comes later needs another one. */
const NOTICE_HOLDS_MS = 24 * 3_600_000;

/** Where an owner stands to a move now. Pure; whether a forbidden window is open is the caller's to say. */
export function standOf(consent: Pick<MoveConsent, "noticeMinutes" | "noticeGivenAt" | "movableForDiscount">, inForbiddenWindow: boolean, nowMs: number): "agrees" | "refuses" | "wants-notice" | "notified" {
  if (consent.movableForDiscount) return "agrees";
  if (inForbiddenWindow) return "refuses";
  if (consent.noticeMinutes === 0) return "agrees";
  const sinceMs = consent.noticeGivenAt ? nowMs - consent.noticeGivenAt.getTime() : Infinity;
  if (sinceMs >= NOTICE_HOLDS_MS) return "wants-notice";
  return sinceMs >= consent.noticeMinutes * 60_000 ? "agrees" : "notified";
}
