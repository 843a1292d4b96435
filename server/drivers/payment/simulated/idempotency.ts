import type { Clock } from "@/server/platform/clock";
import { StripeProblem } from "./problem";

/** Documented: keys may be removed once they are 24 hours old; a key used again after that is a new request. */
export const KEY_LIFETIME_MS = 24 * 3_600_000;
const LONGEST_KEY = 255;

export interface SavedReply {
  readonly status: number;
  readonly body: string;
}

interface Kept {
  readonly fingerprint: string;
  readonly atMs: number;
  /** Null while the first request is under way. */
  reply: SavedReply | null;
}

/** First answers by key: a repeated request gets the first one's answer, 500s too; other parameters or two at once are refused. */
export class IdempotencyStore {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly clock: Clock) {}

  /** The saved answer, or null when this request is the first. @throws StripeProblem 400 for other parameters, 409 while the first is under way. */
  begin(key: string, fingerprint: string): SavedReply | null {
    if (key.length > LONGEST_KEY) throw new StripeProblem(400, "invalid_request_error", null, `Idempotency keys are up to ${LONGEST_KEY} characters long.`);
    const known = this.kept.get(key);
    if (known && this.clock.nowMs() - known.atMs < KEY_LIFETIME_MS) {
      if (known.fingerprint !== fingerprint) {
        throw new StripeProblem(400, "idempotency_error", null, `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`);
      }
      if (known.reply === null) throw new StripeProblem(409, "idempotency_error", "idempotency_key_in_use", "There is currently another in-progress request using this Idempotency-Key.");
      return known.reply;
    }
    this.kept.set(key, { fingerprint, atMs: this.clock.nowMs(), reply: null });
    return null;
  }

  /** Keeps the answer; null forgets the key, because nothing was executed (validation, rate limit). */
  end(key: string, reply: SavedReply | null): void {
    const known = this.kept.get(key);
    if (!known) return;
    if (reply === null) this.kept.delete(key);
    else known.reply = reply;
  }
}
