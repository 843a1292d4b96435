/**
 * What can go wrong with one request:
 * - `lost-request`: the connection breaks before anything was done.
 * - `lost-reply`: everything was done, and the connection breaks instead of an answer.
 * - `timeout`: everything was done, and the answer comes too late.
 * - `error-before`: 500, nothing was done. `error-after`: 500, everything was done. Both are saved under the key.
 * - `rate-limited`: 429. `conflict`: 409, a lock could not be had in time. Neither is saved.
 */
export type Fault = "lost-request" | "lost-reply" | "timeout" | "error-before" | "error-after" | "rate-limited" | "conflict";

export interface FaultedRequest {
  readonly method: string;
  readonly path: string;
}

/** Decides the fate of each request; tests give a seeded one. */
export type FaultSource = (request: FaultedRequest) => Fault | null;

/** Requests a second that an account may make; 100 is what Stripe allows in live mode. */
export class RateLimit {
  private windowStartMs = 0;
  private used = 0;

  constructor(private readonly perSecond: number | null) {}

  /** False when this request is one too many. */
  admit(nowMs: number): boolean {
    if (this.perSecond === null) return true;
    if (nowMs - this.windowStartMs >= 1000) {
      this.windowStartMs = nowMs;
      this.used = 0;
    }
    this.used += 1;
    return this.used <= this.perSecond;
  }
}
