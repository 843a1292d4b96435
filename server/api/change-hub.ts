import { Problem } from "@/server/platform/errors";
import type { Logger } from "@/server/platform/logger";
import { CHANGE_CHANNEL, listen, type Change } from "@/server/platform/wake";

/** A subscriber that falls this far behind is told to fetch anew instead of being fed old news. */
const MAX_BACKLOG = 500;

/** What a subscriber receives: a change, or `missed` when some may have been lost and everything should be fetched anew. */
export type HubEvent = { readonly kind: "change"; readonly change: Change } | { readonly kind: "missed" };

/** One listener of a process on the database's changes, shared by all open screens. */
export interface ChangeHub {
  /**
   * Changes that pass `wanted`, from now until the signal aborts. Throws `unavailable` when the hub closes: the browser
   * opens its stream again then, where an ordinary end would be the end.
   */
  subscribe(wanted: (change: Change) => boolean, signal: AbortSignal): AsyncGenerator<HubEvent, void, undefined>;
  /** Ends every subscription and the listener. */
  close(): Promise<void>;
}

interface Subscriber {
  readonly wanted: (change: Change) => boolean;
  readonly queue: HubEvent[];
  wake: () => void;
}

/** Opens the listener; it connects again by itself, and subscribers are told that they may have missed something. */
export async function openChangeHub(options: { readonly url: string; readonly logger: Logger }): Promise<ChangeHub> {
  const subscribers = new Set<Subscriber>();
  let closed = false;
  const push = (subscriber: Subscriber, event: HubEvent): void => {
    if (subscriber.queue.length >= MAX_BACKLOG) subscriber.queue.splice(0, subscriber.queue.length, { kind: "missed" });
    else subscriber.queue.push(event);
    subscriber.wake();
  };
  const stop = await listen({
    url: options.url,
    channel: CHANGE_CHANNEL,
    logger: options.logger,
    onPayload: (payload) => {
      const change = parseChange(payload);
      if (!change) return options.logger.warn({ payload: payload.slice(0, 200) }, "a change that nobody can read was ignored");
      for (const subscriber of subscribers) if (subscriber.wanted(change)) push(subscriber, { kind: "change", change });
    },
    onReconnect: () => {
      for (const subscriber of subscribers) push(subscriber, { kind: "missed" });
    },
  });

  async function* subscribe(wanted: (change: Change) => boolean, signal: AbortSignal): AsyncGenerator<HubEvent, void, undefined> {
    const subscriber: Subscriber = { wanted, queue: [], wake: () => undefined };
    const onAbort = (): void => subscriber.wake();
    subscribers.add(subscriber);
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        if (closed) throw new Problem("unavailable", "Live changes pause, because this process stops. The page connects again by itself.");
        const event = subscriber.queue.shift();
        if (event) yield event;
        else await new Promise<void>((resolve) => (subscriber.wake = resolve));
      }
    } finally {
      subscribers.delete(subscriber);
      signal.removeEventListener("abort", onAbort);
    }
  }

  return {
    subscribe,
    close: async () => {
      closed = true;
      for (const subscriber of subscribers) subscriber.wake();
      await stop();
    },
  };
}

function parseChange(payload: string): Change | null {
  try {
    const value: unknown = JSON.parse(payload);
    if (typeof value !== "object" || value === null || !("topic" in value) || !("id" in value) || !("organizationId" in value)) return null;
    const { topic, id, organizationId } = value;
    if (typeof topic !== "string" || typeof id !== "string" || !(organizationId === null || typeof organizationId === "string")) return null;
    return { topic: topic as Change["topic"], id, organizationId };
  } catch {
    return null;
  }
}
