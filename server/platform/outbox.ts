import { and, asc, eq, isNull, lte, sql } from "drizzle-orm";
import { outbox } from "@/db/schema/loops";
import type { Context } from "./context";
import { mintId } from "./id";
import type { Transaction } from "./transaction";
import { wake } from "./wake";

/** Notes a fact for the outside world in the transaction that makes it true; the loop `send-outbox` delivers it. */
export async function writeOutbox(
  tx: Transaction,
  context: Context,
  message: { readonly topic: string; readonly payload: Record<string, unknown> },
): Promise<void> {
  const now = context.clock.now();
  await tx.insert(outbox).values({ id: mintId("outbox", context), topic: message.topic, organizationId: context.organizationId, payload: message.payload, createdAt: now, notBefore: now });
  await wake(tx, "send-outbox");
}

export interface OutboxMessage {
  readonly id: string;
  readonly topic: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly attempts: number;
}

/** Longest pause between two tries, milliseconds; a mail server that is down for a night still gets what it missed. */
const LONGEST_RETRY_MS = 3_600_000;
const FIRST_RETRY_MS = 2_000;

/** Messages that are due, oldest first. */
export async function dueMessages(tx: Transaction, context: Context, limit = 50): Promise<OutboxMessage[]> {
  return tx
    .select({ id: outbox.id, topic: outbox.topic, payload: outbox.payload, attempts: outbox.attempts })
    .from(outbox)
    .where(and(isNull(outbox.sentAt), lte(outbox.notBefore, context.clock.now())))
    .orderBy(asc(outbox.id))
    .limit(limit);
}

/** Notes how a delivery went. A failed one is tried again later, with growing pauses; the text of a delivered one goes, since it may hold the secret of a link. */
export async function noteDelivery(tx: Transaction, context: Context, message: OutboxMessage, error: string | null): Promise<void> {
  const now = context.clock.now();
  const pauseMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(message.attempts, 20));
  const outcome = error === null ? { sentAt: now, lastError: null, payload: sql`${outbox.payload} - 'text'` } : { notBefore: new Date(now.getTime() + pauseMs), lastError: error.slice(0, 2_000) };
  await tx.update(outbox).set({ ...outcome, attempts: sql`${outbox.attempts} + 1` }).where(eq(outbox.id, message.id));
}
