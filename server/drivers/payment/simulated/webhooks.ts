import { createHmac } from "node:crypto";
import type { StoredEvent } from "./objects";

/** Stripe's signature of a body: `t=<seconds>,v1=<HMAC-SHA256 of "t.body">`, one v1 for each secret in use. */
export function signPayload(body: string, secrets: readonly string[], atSeconds: number): string {
  return [`t=${atSeconds}`, ...secrets.map((secret) => `v1=${createHmac("sha256", secret).update(`${atSeconds}.${body}`).digest("hex")}`)].join(",");
}

export interface WebhookTarget {
  readonly url: string;
  readonly secrets: readonly string[];
}

/** Stripe tries again for three days with growing pauses; here the pauses are short and the tries few. */
const RETRY_MS = [250, 1_000, 3_000, 10_000, 30_000, 60_000, 300_000];

/** Sends events to one endpoint as they happen, again when it does not answer 2xx. */
export class WebhookSender {
  private readonly waiting = new Set<NodeJS.Timeout>();
  private stopped = false;

  constructor(
    private readonly target: WebhookTarget,
    private readonly nowSeconds: () => number,
  ) {}

  send(event: StoredEvent, attempt = 0): void {
    const delay = attempt === 0 ? 0 : (RETRY_MS[attempt - 1] ?? null);
    if (this.stopped || delay === null) return;
    const timer = setTimeout(() => {
      this.waiting.delete(timer);
      void this.deliver(event).then((ok) => {
        if (!ok) this.send(event, attempt + 1);
      });
    }, delay);
    this.waiting.add(timer);
  }

  private async deliver(event: StoredEvent): Promise<boolean> {
    const body = JSON.stringify(event);
    try {
      const response = await fetch(this.target.url, { method: "POST", body, headers: { "content-type": "application/json; charset=utf-8", "stripe-signature": signPayload(body, this.target.secrets, this.nowSeconds()) }, signal: AbortSignal.timeout(10_000) });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      // The endpoint is away; Stripe does not care why either.
      return false;
    }
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.waiting) clearTimeout(timer);
    this.waiting.clear();
  }
}
