import { requestIdOf } from "@/app/_runtime/request";
import { providerContext, runtime } from "@/app/_runtime";
import { countWebhook } from "@/app/_runtime/metrics";
import { receiveEvents } from "@/server/billing";
import { verifyWebhook } from "@/server/drivers/payment/stripe/verify-webhook";

export const dynamic = "force-dynamic";

/** Stripe's events are a few kilobytes; the largest documented ones stay far below this. */
const LARGEST_BODY = 1_000_000;

const answer = (status: number, text: string): Response => new Response(`${text}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" } });

/**
 * What Stripe tells: the signature is checked over the body exactly as it came, the event goes into the inbox (once for
 * its id), and Stripe is answered. Everything else happens later, in a loop. Any answer but 2xx makes Stripe try again.
 */
export async function POST(request: Request): Promise<Response> {
  const { env, logger, clock } = runtime();
  const secrets = env.STRIPE_WEBHOOK_SECRETS;
  if (secrets.length === 0) return answer(503, "Webhooks are not set up here: STRIPE_WEBHOOK_SECRETS is missing.");
  if (Number(request.headers.get("content-length") ?? 0) > LARGEST_BODY) return answer(413, "The body is too large.");
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.length > LARGEST_BODY) return answer(413, "The body is too large.");
  const event = verifyWebhook(body, request.headers.get("stripe-signature"), secrets, clock.nowMs());
  if (!event) {
    countWebhook("refused");
    return answer(400, "The signature does not fit: it is forged, too old, or made with another secret.");
  }
  try {
    const fresh = await receiveEvents(providerContext(requestIdOf(request.headers), "stripe-webhook"), [event], "webhook");
    countWebhook(fresh > 0 ? "taken" : "repeated");
    return answer(200, fresh > 0 ? "taken" : "known already");
  } catch (error) {
    countWebhook("failed");
    logger.error({ err: error, event: event.id, type: event.type }, "a webhook could not be taken in; Stripe sends it again");
    return answer(500, "The event could not be taken in; please send it again.");
  }
}
