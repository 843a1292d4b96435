import { DriverError, type DriverErrorCode } from "../errors";

/**
 * - `declined`: the card said no; trying again at once says no again.
 * - `rate-limited`, `busy`: not executed; the same call may be repeated after a pause.
 * - `server`: the provider failed and keeps that answer under the key: look for the effect, then use another key.
 * - `key-reused`: the key was used for other parameters; a fault of ours.
 */
export type PaymentReason = "declined" | "rate-limited" | "busy" | "server" | "key-reused" | "lost" | "other";

export class PaymentError extends DriverError {
  constructor(
    readonly reason: PaymentReason,
    code: DriverErrorCode,
    message: string,
    detail: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(code, message, detail, options);
  }

  override get outcomeUnknown(): boolean {
    return this.reason === "lost" || this.reason === "server";
  }
}
