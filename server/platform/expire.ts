import { and, isNotNull, lt } from "drizzle-orm";
import { consoleTicket } from "@/db/schema/console";
import { outbox } from "@/db/schema/loops";
import { idempotencyKey, rateLimit } from "@/db/schema/tenancy";
import type { Context } from "./context";
import type { Transaction } from "./transaction";

const HOUR_MS = 3_600_000;
/** A client that repeats an order repeats it within minutes; a day leaves room for a night's outage. */
const IDEMPOTENCY_HOURS = 24;
/** Kept a while after their end, so that a refused one can still be looked up. */
const TICKET_HOURS = 1;
const OUTBOX_HOURS = 7 * 24;

/** Removes rows that have done their work. Answers how many of each kind. */
export async function expireRecords(tx: Transaction, context: Context): Promise<Readonly<Record<"tickets" | "idempotencyKeys" | "rateLimits" | "messages", number>>> {
  const nowMs = context.clock.nowMs();
  const before = (hours: number): Date => new Date(nowMs - hours * HOUR_MS);
  const tickets = await tx.delete(consoleTicket).where(lt(consoleTicket.expiresAt, before(TICKET_HOURS)));
  const keys = await tx.delete(idempotencyKey).where(lt(idempotencyKey.createdAt, before(IDEMPOTENCY_HOURS)));
  const limits = await tx.delete(rateLimit).where(and(isNotNull(rateLimit.expire), lt(rateLimit.expire, nowMs)));
  const messages = await tx.delete(outbox).where(and(isNotNull(outbox.sentAt), lt(outbox.sentAt, before(OUTBOX_HOURS))));
  return { tickets: tickets.rowCount ?? 0, idempotencyKeys: keys.rowCount ?? 0, rateLimits: limits.rowCount ?? 0, messages: messages.rowCount ?? 0 };
}
