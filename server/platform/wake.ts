import pg from "pg";
import type { Transaction } from "@/db/client";
import type { Logger } from "./logger";
import { notify } from "./outgoing";

/** Loops listen here: the payload is a loop's name and nothing else. */
export const WAKE_CHANNEL = "berth_wake";
/** Screens listen here: what changed, for whom; the payload is a `Change`. */
export const CHANGE_CHANNEL = "berth_change";

/** Says that something changed; carries names only, the reader fetches what it may see. */
export interface Change {
  /** Null: the provider's side only. */
  readonly organizationId: string | null;
  readonly topic: "instance" | "image" | "ssh-key" | "member" | "quota" | "usage" | "billing" | "payment" | "host" | "cluster" | "decision" | "loop" | "organization" | "catalog" | "audit" | "console" | "session" | "desktop" | "network";
  readonly id: string;
}

/** Wakes loops when the transaction commits; nothing happens when it does not. */
export async function wake(tx: Transaction, ...loops: readonly string[]): Promise<void> {
  await notify(tx, loops.map((loop) => ({ channel: WAKE_CHANNEL, payload: loop })));
}

/** Tells open screens when the transaction commits. */
export async function announce(tx: Transaction, change: Change): Promise<void> {
  await notify(tx, [{ channel: CHANGE_CHANNEL, payload: JSON.stringify(change) }]);
}

/** Both at once. */
export async function wakeAndAnnounce(tx: Transaction, loops: readonly string[], ...changes: readonly Change[]): Promise<void> {
  await notify(tx, [...loops.map((payload) => ({ channel: WAKE_CHANNEL, payload })), ...changes.map((change) => ({ channel: CHANGE_CHANNEL, payload: JSON.stringify(change) }))]);
}

/**
 * Listens on one channel over an own connection that heals itself. Notifications may be lost while it is down:
 * `onReconnect` says so. Returns the way to stop.
 */
export async function listen(options: {
  readonly url: string;
  readonly channel: string;
  readonly onPayload: (payload: string) => void;
  readonly onReconnect?: () => void;
  readonly logger: Logger;
}): Promise<() => Promise<void>> {
  let stopped = false;
  let client: pg.Client | null = null;
  let retry: NodeJS.Timeout | null = null;

  const open = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: options.url, application_name: `berth-listen-${options.channel}`, keepAlive: true });
    next.on("notification", (message) => options.onPayload(message.payload ?? ""));
    let lost = false;
    const onLost = (error?: Error): void => {
      if (lost || stopped) return;
      lost = true;
      options.logger.warn({ channel: options.channel, error: error?.message }, "listener lost its connection; connecting again");
      again(250);
    };
    next.on("error", onLost);
    next.on("end", () => onLost());
    await next.connect();
    await next.query(`listen ${options.channel}`);
    client = next;
  };
  const again = (delayMs: number): void => {
    if (stopped) return;
    retry = setTimeout(() => {
      open().then(
        () => options.onReconnect?.(),
        () => again(Math.min(delayMs * 2, 5_000)),
      );
    }, delayMs);
  };
  await open();
  return async () => {
    stopped = true;
    if (retry) clearTimeout(retry);
    await client?.end().catch((error: unknown) => options.logger.debug({ error: String(error) }, "listener was gone already"));
  };
}
