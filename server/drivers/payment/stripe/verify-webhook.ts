import Stripe from "stripe";
import type { ProviderEvent } from "../types";
import { eventFacts } from "./facts";

/** Stripe's own recommendation: a signature older than five minutes may be a recording. */
export const TOLERANCE_SECONDS = 300;

/**
 * The event of a delivery whose signature one of our secrets made within the tolerance (several while they are
 * rotated); null for a forged, stale or damaged one. `body` is exactly what came over the wire.
 */
export function verifyWebhook(body: Uint8Array, signature: string | null, secrets: readonly string[], nowMs: number): ProviderEvent | null {
  if (signature === null) return null;
  for (const secret of secrets) {
    try {
      return eventFacts(Stripe.webhooks.constructEvent(Buffer.from(body), signature, secret, TOLERANCE_SECONDS, undefined, nowMs));
    } catch (error) {
      // Another secret may fit; a body that is no event fits none.
      if (error instanceof Stripe.errors.StripeSignatureVerificationError || error instanceof SyntaxError || error instanceof TypeError) continue;
      throw error;
    }
  }
  return null;
}
