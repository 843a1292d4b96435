import { sql } from "drizzle-orm";
import type { Transaction } from "@/db/client";

/** One notification, as it leaves when its transaction commits. */
export interface Outgoing {
  readonly channel: string;
  readonly payload: string;
}

/** By channel and payload: Postgres delivers equal ones of a transaction once, so they need not be sent twice. */
const held = new WeakMap<Transaction, Map<string, Outgoing>>();

/** From now on notifications of this transaction are kept and leave together, in one statement, by `sendHeld`. */
export function holdNotifications(tx: Transaction): void {
  held.set(tx, new Map());
}

/** Keeps them where they are held; sends them at once in transactions that nobody holds them for. */
export async function notify(tx: Transaction, notifications: readonly Outgoing[]): Promise<void> {
  const kept = held.get(tx);
  if (!kept) return send(tx, notifications);
  for (const one of notifications) kept.set(`${one.channel} ${one.payload}`, one);
}

/** The last statement before the commit: verbs of a loop tell many, and each would be a round trip. */
export async function sendHeld(tx: Transaction): Promise<void> {
  const kept = held.get(tx);
  held.delete(tx);
  if (kept) await send(tx, [...kept.values()]);
}

async function send(tx: Transaction, notifications: readonly Outgoing[]): Promise<void> {
  if (notifications.length === 0) return;
  const channels = notifications.map(({ channel }) => channel);
  const payloads = notifications.map(({ payload }) => payload);
  await tx.execute(sql`select pg_notify(n.channel, n.payload) from unnest(${sql.param(channels)}::text[], ${sql.param(payloads)}::text[]) as n(channel, payload)`);
}
