import Stripe from "stripe";
import { PaymentError } from "../errors";

/** Reads what the SDK threw as the house's own error; `what` is the attempt in words: "create the invoice of org_x". */
export function toPaymentError(error: unknown, what: string): PaymentError {
  if (error instanceof PaymentError) return error;
  const options = { cause: error };
  if (!(error instanceof Stripe.errors.StripeError)) return new PaymentError("other", "failed", `Stripe could not be asked to ${what}: ${error instanceof Error ? error.message : String(error)}`, {}, options);
  const detail = { type: error.type, code: error.code ?? null, status: error.statusCode ?? null, param: error.param ?? null, requestId: error.requestId ?? null, declineCode: error.decline_code ?? null };
  const text = `Stripe did not ${what}: ${error.message}`;
  if (error instanceof Stripe.errors.StripeConnectionError) {
    const late = /timeout|timed out|aborted/i.test(error.message);
    return new PaymentError("lost", late ? "timeout" : "unreachable", `Stripe's answer was lost when asked to ${what}; nothing is known about the outcome.`, detail, options);
  }
  if (error instanceof Stripe.errors.StripeCardError) return new PaymentError("declined", "failed", text, detail, options);
  if (error instanceof Stripe.errors.StripeAuthenticationError || error instanceof Stripe.errors.StripePermissionError) return new PaymentError("other", "refused", `${text} Check STRIPE_SECRET_KEY.`, detail, options);
  if (error.statusCode === 429) return new PaymentError("rate-limited", "insufficient", text, detail, options);
  if (error.statusCode === 409 || error.code === "idempotency_key_in_use" || error.code === "lock_timeout") return new PaymentError("busy", "locked", text, detail, options);
  if (error instanceof Stripe.errors.StripeIdempotencyError) return new PaymentError("key-reused", "invalid", text, detail, options);
  if (error.statusCode === 404) return new PaymentError("other", "not-found", text, detail, options);
  if (error.statusCode !== undefined && error.statusCode >= 500) return new PaymentError("server", "failed", text, detail, options);
  return new PaymentError("other", error.code === "resource_already_exists" ? "already-exists" : "invalid", text, detail, options);
}

/** Runs one call of the SDK under the house's errors. */
export async function call<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toPaymentError(error, what);
  }
}

/** The same, with null for what is not there. */
export async function callOrNull<T>(what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await call(what, work);
  } catch (error) {
    if (error instanceof PaymentError && error.code === "not-found") return null;
    throw error;
  }
}
